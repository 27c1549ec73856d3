//! Running a query: admit, plan, run, protect, decide, commit.

use crate::answer::{Finished, Heading};
use crate::hub::fresh_id;
use crate::{Answer, DatasetRef, Hub, HubError, PolicyRef, Reason, Status};
use cloister_airlock::{Decision, decide};
use cloister_audit::{Event, EventKind};
use cloister_disclosure::{Policy, protect};
use cloister_governance::Project;
use cloister_model::{Digest, Name};
use cloister_query::{FinishedTable, QueryError, ResolvedGrant};
use cloister_store::{Lock, Outcome, Request, RequestState};
use serde_json::json;

/// A project with all that its queries need.
pub(crate) struct Workspace {
    pub(crate) project: Project,
    pub(crate) policy: Policy,
    pub(crate) grant: ResolvedGrant,
    pub(crate) datasets: Vec<DatasetRef>,
}

/// A recorded query under way; its lock says that its process lives.
struct Run<'a> {
    hub: &'a Hub,
    id: String,
    project: String,
    user: String,
    heading: Heading,
    plan_digest: Option<Digest>,
    _lock: Lock,
}

impl Hub {
    /// Runs a query for a researcher of a project. Whatever comes of it is recorded before it is answered.
    pub async fn query(&self, project: &Name, user: &Name, sql: &str) -> Result<Answer, HubError> {
        let workspace = match self.admit(project, user).await? {
            Ok(project) => self.workspace(project).await?,
            Err(reason) => return self.turn_away(project, user, reason).await,
        };
        let mut run = self.submit(&workspace, user, sql).await?;
        let finished = match self.execute(&workspace, sql, &mut run).await {
            Ok(finished) => finished,
            Err(QueryError::Refused(refusal)) => {
                let reason = Reason::new(refusal.code(), refusal.message(), refusal.hint());
                return run.end(RequestState::Refused, reason).await;
            }
            Err(QueryError::Failed { .. }) => {
                let reason = Reason::new("query-failed", QueryError::FAILED, "");
                return run.end(RequestState::Failed, reason).await;
            }
        };
        match decide(workspace.project.review, Finished(finished)) {
            Decision::Release(cleared) => {
                let answer = Answer::released(run.heading.clone(), &cleared);
                run.release(answer, &cleared, sql).await
            }
            Decision::Hold { result, reasons } => run.hold(&result, &reasons).await,
        }
    }

    /// Whether the person may run queries now; the reason where not.
    async fn admit(&self, name: &Name, user: &Name) -> Result<Result<Project, Reason>, HubError> {
        use cloister_governance::project::NotNow;
        let turned_away = |e: NotNow| {
            let text = e.to_string();
            let message = format!(
                "{}{}.",
                text.get(..1).unwrap_or_default().to_uppercase(),
                text.get(1..).unwrap_or_default()
            );
            Reason::new(e.code(), message, "Ask the hub's administrators.")
        };
        let Some(stored) = self.store.project(name).await? else {
            return Ok(Err(turned_away(NotNow::NotAResearcher)));
        };
        let project = Project::parse(&stored.text)?;
        Ok(match project.admit(stored.state, user, self.clock.today()) {
            Ok(_) => Ok(project),
            Err(e) => Err(turned_away(e)),
        })
    }

    async fn turn_away(&self, project: &Name, user: &Name, reason: Reason) -> Result<Answer, HubError> {
        let event = self
            .event(user.as_str(), EventKind::QueryRefused, project.as_str())
            .with("reasons", vec![reason.code.clone()]);
        self.store.begin().await?.commit(vec![event]).await?;
        Ok(Answer::without_rows(Status::Refused, Heading::default(), vec![reason]))
    }

    /// Loads what a project's queries need.
    pub(crate) async fn workspace(&self, project: Project) -> Result<Workspace, HubError> {
        let policy = self.policy(&project.disclosure_policy)?;
        let (mut tables, mut datasets) = (Vec::new(), Vec::new());
        for grant in &project.grants {
            let version = self.store.dataset_version(&grant.dataset, grant.version).await?;
            let version = version.ok_or_else(|| HubError::NotFound("dataset", grant.dataset.to_string()))?;
            let key = self.store.data_key(&version)?;
            tables.extend(ResolvedGrant::tables_of(&version.manifest, grant, &key));
            datasets.push(DatasetRef {
                name: grant.dataset.to_string(),
                version: version.manifest.version,
                digest: version.digest.to_string(),
            });
        }
        Ok(Workspace { project, policy, grant: ResolvedGrant { tables }, datasets })
    }

    async fn submit(&self, workspace: &Workspace, user: &Name, sql: &str) -> Result<Run<'_>, HubError> {
        let id = fresh_id("req")?;
        let lock = self.store.request_lock(&id)?;
        let policy = PolicyRef {
            name: workspace.policy.name().to_string(),
            digest: workspace.policy.digest().to_string(),
        };
        let datasets = json!(workspace.datasets);
        let event = self
            .event(user.as_str(), EventKind::QuerySubmitted, id.as_str())
            .with("project", workspace.project.name.as_str())
            .with("sql", Digest::of(sql.as_bytes()).to_string())
            .with("policy", policy.digest.as_str())
            .with("datasets", datasets.clone());
        let mut tx = self.store.begin().await?;
        tx.add_request(&Request {
            id: id.clone(),
            project: workspace.project.name.to_string(),
            user: user.to_string(),
            sql: sql.to_owned(),
            state: RequestState::Running,
            policy_name: policy.name.clone(),
            policy_digest: policy.digest.clone(),
            datasets: datasets.to_string(),
            plan_digest: None,
            reasons: "[]".to_owned(),
            submitted_at: event.at.clone(),
            settled_at: None,
        })
        .await?;
        tx.commit(vec![event]).await?;
        let heading = Heading {
            request: Some(id.clone()),
            policy: Some(policy),
            marker: workspace.policy.marker().to_owned(),
            datasets: workspace.datasets.clone(),
            plan_digest: None,
        };
        Ok(Run {
            hub: self,
            id,
            project: workspace.project.name.to_string(),
            user: user.to_string(),
            heading,
            plan_digest: None,
            _lock: lock,
        })
    }

    async fn execute(
        &self,
        workspace: &Workspace,
        sql: &str,
        run: &mut Run<'_>,
    ) -> Result<FinishedTable, QueryError> {
        let planned = self.engine.plan(&workspace.grant, sql, &workspace.policy).await?;
        run.plan_digest = Some(planned.digest());
        run.heading.plan_digest = Some(planned.digest().to_string());
        let governed = planned.run().await?;
        let protect = |table| protect(table, &workspace.policy);
        let protected: Vec<_> = governed.evidence().iter().map(protect).collect();
        governed.finish(&protected).await
    }
}

impl Run<'_> {
    fn event(&self, kind: EventKind) -> Event {
        let event = self.hub.event(&self.user, kind, self.id.as_str()).with("project", self.project.as_str());
        match self.plan_digest {
            Some(digest) => event.with("plan", digest.to_string()),
            None => event,
        }
    }

    async fn settle(
        &self,
        state: RequestState,
        reasons: &str,
        event: Event,
        release: Option<Digest>,
    ) -> Result<(), HubError> {
        let at = event.at.clone();
        let outcome = Outcome { request: &self.id, state, plan_digest: self.plan_digest, reasons, at: &at };
        let mut tx = self.hub.store.begin().await?;
        if !tx.settle(&outcome).await? {
            return Err(HubError::Internal("the query was settled by another process".to_owned()));
        }
        if let Some(digest) = release {
            tx.add_release(&self.id, digest, &at).await?;
        }
        tx.commit(vec![event]).await?;
        Ok(cloister_store::remove(&self.hub.store.home().staging().join(format!("{}.lock", self.id)))?)
    }

    /// Ends without a result.
    async fn end(self, state: RequestState, reason: Reason) -> Result<Answer, HubError> {
        let (kind, status) = match state {
            RequestState::Refused => (EventKind::QueryRefused, Status::Refused),
            _ => (EventKind::QueryFailed, Status::Failed),
        };
        let event = self.event(kind).with("reasons", vec![reason.code.clone()]);
        let reasons = vec![reason];
        self.settle(state, &json!(reasons).to_string(), event, None).await?;
        Ok(Answer::without_rows(status, self.heading, reasons))
    }

    /// Keeps the result, sealed, for checkers.
    async fn hold(self, result: &Finished, codes: &[String]) -> Result<Answer, HubError> {
        let home = self.hub.store.home();
        let table =
            result.0.to_arrow_stream().map_err(|_| HubError::Internal(QueryError::FAILED.to_owned()))?;
        let sealed = self.hub.store.keys().seal(&format!("held|{}", self.id), &table)?;
        let name = format!("{}.sealed", self.id);
        cloister_store::write_new(&home.staging().join(&name), &sealed)?;
        cloister_store::publish(&home.staging().join(&name), &home.held().join(&name))?;
        let reasons: Vec<Reason> = codes.iter().map(|c| Reason::hold(c)).collect();
        let event = self.event(EventKind::QueryHeld).with("reasons", codes.to_vec());
        self.settle(RequestState::Held, &json!(reasons).to_string(), event, None).await?;
        Ok(Answer::without_rows(Status::Held, self.heading, reasons))
    }

    /// Publishes the package, then records the release: only what is recorded is answered.
    async fn release(
        self,
        answer: Answer,
        cleared: &cloister_airlock::Cleared<Finished>,
        sql: &str,
    ) -> Result<Answer, HubError> {
        let home = self.hub.store.home();
        let staged = home.staging().join(&self.id);
        let digest = crate::package::write(&staged, &answer, cleared, sql, &self.hub.clock.timestamp())?;
        cloister_store::publish(&staged, &home.releases().join(&self.id))?;
        let event = self.event(EventKind::ReleaseMade).with("package", digest.to_string());
        self.settle(RequestState::Released, "[]", event, Some(digest)).await?;
        Ok(answer)
    }
}
