//! A query that was asked before: the same text on the same data under the same rules is not run again.

use crate::record::QueryRecord;
use crate::workspace::Kept;
use crate::{Hub, HubError, Reason};
use cloister_model::Name;

impl Hub {
    /// What a person's last query with this text came to, where it is held or released and asking again could come to nothing
    /// else: the same dataset versions and disclosure policy, and the plan that the text has today. A held one is not put
    /// before the checkers twice, and once it is released, asking again finds it.
    ///
    /// # Errors
    /// [`HubError::TurnedAway`] where they may not ask in this project now; and what else keeps the hub from looking.
    pub async fn asked_before(
        &self,
        project: &Name,
        user: &Name,
        text: &str,
    ) -> Result<Option<QueryRecord>, HubError> {
        let project = self.admitted(project, user).await?;
        let Some(there) = self.store.last_kept(project.name.as_str(), user.as_str(), text).await? else {
            return Ok(None);
        };
        let workspace = self.workspace(project).await?;
        let datasets = serde_json::json!(workspace.datasets).to_string();
        if there.datasets != datasets || there.policy_digest != workspace.policy.digest().to_string() {
            return Ok(None);
        }
        let explained: Result<_, Reason> = self.explained(&workspace, text).await;
        let Ok(explained) = explained else { return Ok(None) };
        let plan = explained.plan_digest.map(|plan| plan.to_string());
        if plan.is_none() || plan != there.plan_digest || tells_the_time(text) {
            return Ok(None);
        }
        // A workspace table that was made anew has the same name, and may have anybody in it.
        let made_anew = |kept: &Kept| {
            explained.reads.objects.contains(&kept.stored.name) && kept.stored.made_at >= there.submitted_at
        };
        if workspace.kept.iter().any(made_anew) {
            return Ok(None);
        }
        self.record(there).await.map(Some)
    }
}

/// Whether a text may have another answer another day.
fn tells_the_time(text: &str) -> bool {
    let text = text.to_lowercase();
    ["now", "current_", "today", "localtime"].iter().any(|word| text.contains(word))
}
