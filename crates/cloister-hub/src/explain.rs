//! Explaining a query: what the checks make of it, without running it.

use crate::answer::{DatasetRef, PolicyRef, Reason};
use crate::query::Workspace;
use crate::{Ask, Hub, HubError};
use cloister_access::act;
use cloister_audit::EventKind;
use cloister_governance::{QueryMode, ReviewMode};
use cloister_model::{Digest, Name};
use cloister_query::QueryError;
use cloister_worker::{BoundaryReport, CheckReport, ExplainJob, Refused, StepReport};
use serde::Serialize;
use utoipa::ToSchema;

/// What a researcher is told of a query that was not run. Nothing in it comes from data.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explained {
    /// `explained`, or `refused` where the query may not run.
    pub status: &'static str,
    /// The disclosure policy that would be applied.
    pub policy: Option<PolicyRef>,
    /// The dataset versions of the project.
    pub datasets: Vec<DatasetRef>,
    /// The digest that names the query.
    pub plan_digest: Option<String>,
    /// Whether it may run as far as approvals go.
    pub approval: Option<ApprovalState>,
    /// Every check.
    #[schema(value_type = Vec<Object>)]
    pub checks: Vec<CheckReport>,
    /// The plan as an indented tree, the result first.
    #[schema(value_type = Vec<Object>)]
    pub plan: Vec<StepReport>,
    /// Where values are protected, and by which evidence.
    #[schema(value_type = Vec<Object>)]
    pub boundaries: Vec<BoundaryReport>,
    /// Why the result would be held.
    pub holds: Vec<Reason>,
    /// Why the query would be refused.
    pub reasons: Vec<Reason>,
}

/// Whether a query may run as far as approvals go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApprovalState {
    /// Whether the project runs approved queries only.
    pub required: bool,
    /// The approval that holds for this query as it is now.
    pub granted: Option<String>,
}

impl Explained {
    fn refused(reason: Reason) -> Self {
        Self {
            status: "refused",
            policy: None,
            datasets: Vec::new(),
            plan_digest: None,
            approval: None,
            checks: Vec::new(),
            plan: Vec::new(),
            boundaries: Vec::new(),
            holds: Vec::new(),
            reasons: vec![reason],
        }
    }

    /// The explanation as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Whether the query may not run.
    pub fn is_refused(&self) -> bool {
        !self.reasons.is_empty()
    }
}

impl Hub {
    /// Explains a query to a researcher of a project. It is logged, and not recorded as a request.
    pub async fn explain(&self, project: &Name, user: &Name, ask: &Ask) -> Result<Explained, HubError> {
        let (workspace, text) = match self.prepared(project, user, ask).await? {
            Ok(prepared) => prepared,
            Err(reason) => return Ok(Explained::refused(reason)),
        };
        let explained = match self.explained(&workspace, &text).await {
            Ok(explained) => explained,
            Err(reason) => return Ok(Explained::refused(reason)),
        };
        let mut event = self
            .event(user.as_str(), EventKind::QueryExplained, project.as_str())
            .with("sql", Digest::of(text.as_bytes()).to_string());
        if let Some(plan) = explained.plan_digest {
            event = event.with("plan", plan.to_string());
        }
        let proof = self.may::<act::ExplainQuery>(user, &self.facts_of(project).await?).await?;
        self.commit(self.store.begin().await?, proof, vec![event]).await?;
        let approval = match explained.plan_digest {
            Some(plan) => Some(ApprovalState {
                required: workspace.project.queries == QueryMode::Approved,
                granted: self.approval_of(&workspace, plan).await?.ok(),
            }),
            None => None,
        };
        let policy = &workspace.policy;
        let reasons: Vec<Reason> = explained.refused.clone().map(of_refused).into_iter().collect();
        Ok(Explained {
            // Without an approval it may be explained all the same.
            status: if reasons.is_empty() { "explained" } else { "refused" },
            policy: Some(PolicyRef { name: policy.name().to_string(), digest: policy.digest().to_string() }),
            plan_digest: explained.plan_digest.map(|digest| digest.to_string()),
            approval,
            holds: holds(&explained, workspace.project.review),
            datasets: workspace.datasets,
            checks: explained.checks,
            plan: explained.plan,
            boundaries: explained.boundaries,
            reasons,
        })
    }

    /// The project of somebody who may query it, and the text that they ask; what is turned away is logged.
    pub(crate) async fn prepared(
        &self,
        project: &Name,
        user: &Name,
        ask: &Ask,
    ) -> Result<Result<(Workspace, String), Reason>, HubError> {
        let admitted = self.admit(project, user).await?;
        let text = match admitted {
            Ok(project) => self.text_of(&project.name, ask).await?.map(|text| (project, text)),
            Err(reason) => Err(reason),
        };
        match text {
            Ok((project, text)) => Ok(Ok((self.workspace(project).await?, text))),
            Err(reason) => {
                self.turn_away(project, user, reason.clone()).await?;
                Ok(Err(reason))
            }
        }
    }

    /// What the checks make of a query on the real grant.
    pub(crate) async fn explained(
        &self,
        workspace: &Workspace,
        sql: &str,
    ) -> Result<cloister_worker::Explained, Reason> {
        let kept = workspace.for_worker().map_err(|_| broke_off())?;
        let job = ExplainJob {
            datasets: workspace.granted.clone(),
            workspace: kept,
            policy: workspace.policy_texts.clone(),
            sql: sql.to_owned(),
        };
        // A query that the planner cannot bear takes its worker down, and is answered like any that breaks off.
        self.workers.explain(job).await.map_err(|_| broke_off())
    }
}

/// Why a result is held, whatever its values are.
pub(crate) fn holds(explained: &cloister_worker::Explained, review: ReviewMode) -> Vec<Reason> {
    let review = (review != ReviewMode::Automatic).then(|| Reason::hold("review-required"));
    review.into_iter().chain(explained.holds.iter().map(|code| Reason::hold(code))).collect()
}

pub(crate) fn of_refused(refused: Refused) -> Reason {
    Reason::new(refused.code, refused.message, refused.hint)
}

pub(crate) fn broke_off() -> Reason {
    Reason::new("query-failed", QueryError::FAILED, "")
}
