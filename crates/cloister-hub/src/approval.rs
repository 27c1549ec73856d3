//! Approvals: a checker decides that a plan may run, on these dataset versions and under this policy; running
//! it refuses everything else.

use crate::ask::of_parameter;
use crate::explain::of_refused;
use crate::query::Workspace;
use crate::{DatasetRef, Hub, HubError, Reason};
use cloister_access::{Query, act};
use cloister_audit::EventKind;
use cloister_governance::project::NotTheChecker;
use cloister_governance::{Parameters, Project};
use cloister_model::{Digest, Name};
use cloister_query::Reads;
use cloister_store::Approval;
use serde_json::{Value as Json, json};

/// Which query a checker decides on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// That of a request, which was refused for want of an approval or has run.
    Request(String),
    /// A saved query, for all values of its parameters.
    Saved(Name),
}

impl Hub {
    /// Approves a query as it is now: its plan with the domains of its parameters, the dataset versions that it
    /// reads, and the disclosure policy. Nobody approves a query of their own.
    pub async fn grant_approval(
        &self,
        project: &Name,
        checker: &Name,
        decided: &Decided,
        key: Option<&str>,
    ) -> Result<Approval, HubError> {
        let (project, state) = self.checked_by(project, checker).await?;
        let (text, author) = self.query_to_decide(&project.name, decided).await?;
        let checking =
            project.may_decide(state, checker, &author).map_err(|e| HubError::TurnedAway(turned_away(e)))?;
        let workspace = self.workspace(project).await?;
        let refused = |reason| HubError::TurnedAway(reason);
        let (mut parameters, body) = Parameters::split(&text).map_err(|e| refused(of_parameter(&e)))?;
        // The approval is for every value; the checks are made with one of them.
        parameters.clear_values();
        let sql = parameters.with_body(body);
        parameters.set_examples();
        let example = parameters.with_body(body);
        let explained = self.explained(&workspace, &example).await.map_err(refused)?;
        if let Some(why) = explained.refused {
            return Err(refused(of_refused(why)));
        }
        let plan = explained.plan_digest;
        let plan_digest = plan.ok_or_else(|| HubError::Internal("a plan without a name".into()))?;
        let datasets = read_by(&workspace, &explained.reads).map_err(refused)?;
        let policy_digest = workspace.policy.digest();
        let id = crate::ask::id_of("apr", checker, key)?;
        if key.is_some()
            && let Some(before) =
                self.store.approvals(&workspace.project.name).await?.into_iter().find(|a| a.id == id)
        {
            let same = before.project == workspace.project.name.as_str() && before.plan_digest == plan_digest;
            return if same { Ok(before) } else { Err(refused(crate::ask::key_reused())) };
        }
        let event = self
            .event(checking.checker().as_str(), EventKind::ApprovalGranted, id)
            .with("project", workspace.project.name.as_str())
            .with("plan", plan_digest.to_string())
            .with("policy", policy_digest.to_string())
            .with("datasets", datasets.clone())
            .with("author", author.as_str());
        let approval = Approval {
            id: event.subject.clone(),
            project: workspace.project.name.to_string(),
            plan_digest,
            policy_digest,
            datasets: datasets.to_string(),
            sql,
            author,
            granted_by: event.actor.clone(),
            granted_at: event.at.clone(),
            revoked: None,
        };
        let facts = Query {
            id: event.subject.parse()?,
            project: self.facts_of(&workspace.project.name).await?,
            author: approval.author.parse()?,
        };
        let proof = self.may::<act::ApproveQuery>(checker, &facts).await?;
        let mut tx = self.store.begin().await?;
        tx.add_approval(&approval).await?;
        self.commit(tx, proof, vec![event]).await?;
        Ok(approval)
    }

    /// Takes an approval back, for good. Any checker of the project may.
    pub async fn revoke_approval(&self, project: &Name, checker: &Name, id: &str) -> Result<(), HubError> {
        self.checked_by(project, checker).await?;
        let event =
            self.event(checker.as_str(), EventKind::ApprovalRevoked, id).with("project", project.as_str());
        let absent = || HubError::NotFound("approval that holds", id.to_owned());
        let approvals = self.store.approvals(project).await?;
        let approval = approvals.iter().find(|a| a.id == id).ok_or_else(absent)?;
        let facts = Query {
            id: id.parse()?,
            project: self.facts_of(project).await?,
            author: approval.author.parse()?,
        };
        let proof = self.may::<act::RevokeQueryApproval>(checker, &facts).await?;
        let mut tx = self.store.begin().await?;
        if !tx.revoke_approval(project, id, checker, &event.at).await? {
            return Err(absent());
        }
        self.commit(tx, proof, vec![event]).await
    }

    /// A project's approvals, for its members and checkers.
    pub async fn approvals(&self, project: &Name, user: &Name) -> Result<Vec<Approval>, HubError> {
        let not_found = || HubError::NotFound("project", project.to_string());
        let stored = self.store.project(project).await?.ok_or_else(not_found)?;
        let parsed = Project::parse(&stored.text)?;
        if !parsed.checkers.contains(user) && !parsed.members.iter().any(|m| m.user == *user) {
            return Err(not_found());
        }
        Ok(self.store.approvals(project).await?)
    }

    /// The approval that holds for a plan as things are now; or why there is none.
    pub(crate) async fn approval_of(
        &self,
        workspace: &Workspace,
        plan: Digest,
    ) -> Result<Result<String, Reason>, HubError> {
        let approvals = self.store.approvals_of(&workspace.project.name, plan).await?;
        if let Some(approval) = approvals.iter().find(|a| holds_now(a, workspace)) {
            return Ok(Ok(approval.id.clone()));
        }
        let message = match approvals.first() {
            None => "The project runs approved queries only, and this one has no approval.",
            Some(old) if old.policy_digest != workspace.policy.digest() => {
                "The query was approved under another disclosure policy."
            }
            Some(_) => "The query was approved on other dataset versions.",
        };
        let hint = format!("Ask a checker of the project to approve the plan {plan}.");
        Ok(Err(Reason::new("approval-required", message, hint)))
    }

    /// The project's approvals that hold as things are now.
    pub(crate) async fn approvals_now(&self, workspace: &Workspace) -> Result<Vec<Approval>, HubError> {
        let approvals = self.store.approvals(&workspace.project.name).await?;
        Ok(approvals.into_iter().filter(|a| holds_now(a, workspace)).collect())
    }

    /// The project, where the person is one of its checkers; it does not exist for anybody else.
    async fn checked_by(
        &self,
        project: &Name,
        checker: &Name,
    ) -> Result<(Project, cloister_governance::project::ProjectState), HubError> {
        let not_a_checker = || HubError::TurnedAway(turned_away(NotTheChecker::NotAChecker));
        let stored = self.store.project(project).await?.ok_or_else(not_a_checker)?;
        let parsed = Project::parse(&stored.text)?;
        if parsed.checkers.contains(checker) { Ok((parsed, stored.state)) } else { Err(not_a_checker()) }
    }

    /// The text and the author of what is decided on.
    async fn query_to_decide(&self, project: &Name, decided: &Decided) -> Result<(String, String), HubError> {
        match decided {
            Decided::Request(id) => {
                let request = self.store.request(id).await?.filter(|r| r.project == project.as_str());
                let request = request.ok_or_else(|| HubError::NotFound("request", id.clone()))?;
                Ok((request.sql, request.user))
            }
            Decided::Saved(name) => {
                let saved = self.store.saved_query(project, name).await?;
                let saved = saved.ok_or_else(|| HubError::NotFound("saved query", name.to_string()))?;
                Ok((saved.text, saved.author))
            }
        }
    }
}

/// The dataset versions that a plan reads, by name; it may read nothing else.
fn read_by(workspace: &Workspace, reads: &Reads) -> Result<Json, Reason> {
    if !reads.objects.is_empty() {
        return Err(Reason::new(
            "not-bound-to-versions",
            "The query reads the project's workspace, which no dataset version says all of.",
            "Approve a query that makes the table anew, as a CTE.",
        ));
    }
    let is_read = |schema: String| reads.tables.iter().any(|(of, _)| *of == schema);
    let datasets = workspace.datasets.iter().zip(&workspace.granted);
    let datasets = datasets.filter(|(_, granted)| is_read(granted.manifest.schema_name()));
    let mut read: Vec<&DatasetRef> = datasets.map(|(dataset, _)| dataset).collect();
    read.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(json!(read))
}

/// Whether the policy, and every dataset that the plan reads, are those that were approved. Which datasets those
/// are is part of the plan, and so of its digest.
fn holds_now(approval: &Approval, workspace: &Workspace) -> bool {
    let now: Vec<Json> = workspace.datasets.iter().map(|d| json!(d)).collect();
    let read: Option<Vec<Json>> = serde_json::from_str(&approval.datasets).ok();
    approval.revoked.is_none()
        && approval.policy_digest == workspace.policy.digest()
        && read.is_some_and(|read| read.iter().all(|dataset| now.contains(dataset)))
}

fn turned_away(error: NotTheChecker) -> Reason {
    Reason::of_words(error.code(), &error.to_string(), "Ask a checker of the project.")
}
