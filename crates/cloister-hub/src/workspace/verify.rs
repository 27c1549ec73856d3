//! Workspace files compared with what is recorded of them.

use super::Kept;
use crate::dataset::problems_in;
use crate::{Hub, HubError, VerifiedTable};
use cloister_audit::EventKind;
use cloister_governance::FileEntry;
use cloister_model::{Name, workspace_folder};
use std::collections::BTreeSet;

impl Hub {
    /// Hashes the files of every workspace table again. Adds their folders to those that are known.
    pub(crate) async fn verify_workspaces(
        &self,
        actor: &Name,
        known: &mut BTreeSet<String>,
    ) -> Result<Vec<VerifiedTable>, HubError> {
        let mut verified = Vec::new();
        for stored in self.store.workspaces().await? {
            let object = Kept::read(stored)?;
            let Some(table) = object.table() else { continue };
            let stored = &object.stored;
            let root = workspace_folder(&stored.project, &stored.request);
            let files: Vec<&FileEntry> = table.files().iter().collect();
            let problems = problems_in(&self.store.home().vault(), &root, &files)?;
            let event = self
                .event(actor.as_str(), EventKind::DatasetVerified, root.as_str())
                .with("problems", problems.len());
            self.store.begin().await?.commit(vec![event]).await?;
            known.insert(root);
            verified.push(VerifiedTable {
                project: stored.project.clone(),
                name: stored.name.clone(),
                problems,
            });
        }
        Ok(verified)
    }
}
