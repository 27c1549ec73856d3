//! Running a query: admit, wait for its turn, have a worker answer it, commit.

use crate::answer::Heading;
use crate::hub::fresh_id;
use crate::package::Story;
use crate::workspace::{Kept, Lineage, Source};
use crate::{Answer, DatasetRef, Hub, HubError, PolicyRef, Reason, Status};
use cloister_access::{Proof, act};
use cloister_airlock::Cleared;
use cloister_audit::{Event, EventKind};
use cloister_disclosure::Policy;
use cloister_governance::{Project, QueryMode, ReviewMode};
use cloister_model::{Digest, Name};
use cloister_query::{Command, QueryError, ReleasedTable};
use cloister_store::{
    DatasetVersion, LedgerRow, Lock, ObjectKind, Outcome as Settled, Place, Request, RequestState,
};
use cloister_worker::{
    Account, Failure, GrantedDataset, KeptObject, Outcome, Plan, PolicyTexts, QueryJob, Refused, ToLedger,
    Wanted,
};
use serde_json::json;
use std::future::{Future, pending};
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// How often a query that waits asks whether its turn has come.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// How often a result is compared again, because something was released meanwhile that it is near to.
const COMPARED_AGAIN_MAX: u32 = 3;

/// A project with all that its queries need.
pub(crate) struct Workspace {
    pub(crate) project: Project,
    pub(crate) policy: Policy,
    pub(crate) policy_texts: PolicyTexts,
    pub(crate) granted: Vec<GrantedDataset>,
    pub(crate) datasets: Vec<DatasetRef>,
    /// What is granted, as workspace objects record it.
    pub(crate) sources: Vec<Source>,
    /// The workspace tables and views.
    pub(crate) kept: Vec<Kept>,
}

/// A recorded query under way; its lock says that its process lives.
pub(crate) struct Run<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) id: String,
    project: String,
    pub(crate) user: String,
    submitted_at: String,
    pub(crate) heading: Heading,
    pub(crate) plan_digest: Option<Digest>,
    /// The workspace objects that it reads.
    objects: Vec<String>,
    /// The approval that it runs under.
    approval: Option<String>,
    _lock: Lock,
}

impl Hub {
    /// Runs a query for a researcher of a project. Whatever comes of it is recorded before it is answered.
    pub async fn query(&self, project: &Name, user: &Name, sql: &str) -> Result<Answer, HubError> {
        self.query_until(project, user, sql, pending()).await
    }

    /// Runs a query until `stop` is ready: then it ends, waiting or running, and is recorded as cancelled.
    pub async fn query_until(
        &self,
        project: &Name,
        user: &Name,
        sql: &str,
        stop: impl Future<Output = ()>,
    ) -> Result<Answer, HubError> {
        self.query_under(None, project, user, sql, stop).await
    }

    /// Runs a query under an id that nothing else has, or a fresh one.
    pub(crate) async fn query_under(
        &self,
        id: Option<String>,
        project: &Name,
        user: &Name,
        sql: &str,
        stop: impl Future<Output = ()>,
    ) -> Result<Answer, HubError> {
        let workspace = match self.admit(project, user).await? {
            Ok(project) => self.workspace(project).await?,
            Err(reason) => return self.turn_away(project, user, reason).await,
        };
        let proof = self.may::<act::RunQuery>(user, &self.facts_of(project).await?).await?;
        let mut run = self.submit(id, &workspace, proof, user, sql).await?;
        let command = match Command::parse(sql) {
            Ok(command) => command,
            Err(refusal) => {
                let reason = Reason::new(refusal.code(), refusal.message(), refusal.hint());
                return run.end(RequestState::Refused, reason, None).await;
            }
        };
        let creation = match command {
            Command::Query => None,
            Command::CreateTable(name) => Some((ObjectKind::Table, name)),
            Command::CreateView(name) => Some((ObjectKind::View, name)),
            Command::DropTable(name) => return run.drop_object(&workspace, ObjectKind::Table, name).await,
            Command::DropView(name) => return run.drop_object(&workspace, ObjectKind::View, name).await,
        };
        let approvals = match workspace.project.queries {
            QueryMode::Free => None,
            QueryMode::Approved if creation.is_some() => {
                return run.end(RequestState::Refused, nothing_kept(), None).await;
            }
            QueryMode::Approved => Some(self.approvals_now(&workspace).await?),
        };
        if let Some((kind, name)) = &creation
            && let Some(reason) = run.no_room(&workspace, name, *kind)
        {
            return run.end(RequestState::Refused, reason, None).await;
        }
        let mut stop = std::pin::pin!(stop);
        // Kept until everything is recorded.
        let place = match self.wait_for_turn(project, stop.as_mut()).await? {
            Turn::Come(place) => place,
            Turn::TooLong => return run.end(RequestState::Refused, busy(), None).await,
            Turn::Cancelled => return run.end(RequestState::Failed, cancelled(), None).await,
        };
        if let Some((kind, name)) = creation {
            return run.create(&workspace, sql, kind, name, stop, place).await;
        }
        let many = self.is_beyond_the_day(&workspace).await?;
        let mut job = workspace.job(&run.id, sql)?;
        if many {
            job.review = ReviewMode::Two;
        }
        job.approved = approvals.as_ref().map(|held| held.iter().map(|a| a.plan_digest).collect());
        let compares = workspace.policy.compares_releases();
        let mut tries = 0;
        // What is compared with the ledger is only released while that is still all of it.
        let (mut ended, seen) = loop {
            let seen = match compares {
                true => Some(self.past_of(project).await?),
                false => None,
            };
            job.ledger = seen.as_ref().map(|(_, past)| past.clone());
            let ended = self.workers.query(job.clone(), stop.as_mut()).await;
            let guard = match (&ended.outcome, seen) {
                (Outcome::Released { ledger: Some(kept), .. }, Some((last, _))) => {
                    match self.still_alone(&run.id, kept, last, &workspace.policy).await? {
                        Some(guard) => Some(guard),
                        None if tries < COMPARED_AGAIN_MAX => {
                            tries += 1;
                            continue;
                        }
                        None => return run.end(RequestState::Failed, busy(), None).await,
                    }
                }
                _ => None,
            };
            break (ended, guard);
        };
        run.planned(ended.plan.as_ref(), &workspace);
        if let (Some(held), Some(plan)) = (approvals, run.plan_digest) {
            run.approval = held.into_iter().find(|a| a.plan_digest == plan).map(|a| a.id);
            if run.approval.is_none()
                && let Err(reason) = self.approval_of(&workspace, plan).await?
            {
                let Reason { code, message, hint } = reason;
                ended.outcome = Outcome::Refused(Refused { code, message, hint });
            }
        }
        match ended.outcome {
            Outcome::Released { cleared, ledger } => {
                let answer = Answer::released(run.heading.clone(), &cleared);
                let place = seen.as_ref().map(|(_, last)| *last);
                run.release(answer, &cleared, sql, ledger.as_ref().zip(place)).await
            }
            Outcome::Held { sealed, exhibit, mut reasons, ledger } => {
                if many {
                    reasons.retain(|code| code != "review-required");
                    reasons.insert(0, "outputs-per-day".to_owned());
                }
                run.hold(&sealed, &exhibit, &reasons, ledger.as_ref()).await
            }
            other => run.end_without(other).await,
        }
    }

    /// Whether a project whose results leave by rules alone has had as many today (UTC) as its policy lets leave so, this
    /// query, which is recorded, among them.
    async fn is_beyond_the_day(&self, workspace: &Workspace) -> Result<bool, HubError> {
        let (project, most) = (&workspace.project, workspace.policy.outputs_per_day_max());
        let Some(most) = most.filter(|_| project.review == ReviewMode::Automatic) else { return Ok(false) };
        let today = format!("{}T00:00:00.000Z", self.clock.today());
        Ok(self.store.outputs_since(project.name.as_str(), &today).await? > u64::from(most))
    }

    /// Waits until the hub has room for a query and it is the project's turn.
    async fn wait_for_turn(
        &self,
        project: &Name,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Turn, HubError> {
        let (shares, memory) = (self.config.query.shares(), u64::from(self.config.query.memory_mib_max));
        let place = self.store.queue().enter(project.as_str(), memory)?;
        let until = Instant::now() + self.config.query.queue_max();
        loop {
            if place.may_run(&shares)? {
                return Ok(Turn::Come(place));
            }
            if Instant::now() >= until {
                return Ok(Turn::TooLong);
            }
            tokio::select! {
                () = tokio::time::sleep(ASK_AGAIN) => {}
                () = stop.as_mut() => return Ok(Turn::Cancelled),
            }
        }
    }

    /// Whether the person may run queries now; the reason where not.
    pub(crate) async fn admit(&self, name: &Name, user: &Name) -> Result<Result<Project, Reason>, HubError> {
        use cloister_governance::project::NotNow;
        let turned_away =
            |e: NotNow| Reason::of_words(e.code(), &e.to_string(), "Ask the hub's administrators.");
        let Some(stored) = self.store.project(name).await? else {
            return Ok(Err(turned_away(NotNow::NotAResearcher)));
        };
        let project = Project::parse(&stored.text)?;
        Ok(match project.admit(stored.state, user, self.clock.today()) {
            Ok(_) => Ok(project),
            Err(e) => Err(turned_away(e)),
        })
    }

    pub(crate) async fn turn_away(
        &self,
        project: &Name,
        user: &Name,
        reason: Reason,
    ) -> Result<Answer, HubError> {
        let event = self
            .event(user.as_str(), EventKind::QueryRefused, project.as_str())
            .with("reasons", vec![reason.code.clone()]);
        self.store.begin().await?.commit(vec![event]).await?;
        Ok(Answer::without_rows(Status::Refused, Heading::default(), vec![reason]))
    }

    /// Loads what a project's queries need. Data keys stay wrapped.
    pub(crate) async fn workspace(&self, project: Project) -> Result<Workspace, HubError> {
        let (policy, policy_texts) = self.policy_and_texts(&project.disclosure_policy)?;
        let (mut granted, mut datasets, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for grant in &project.grants {
            let version = self.store.dataset_version(&grant.dataset, grant.version).await?;
            let version = version.ok_or_else(|| HubError::NotFound("dataset", grant.dataset.to_string()))?;
            let mut manifest = version.manifest;
            sources.extend(Source::of(grant, version.digest, &manifest));
            datasets.push(DatasetRef {
                name: grant.dataset.to_string(),
                version: manifest.version,
                digest: version.digest.to_string(),
            });
            manifest.tables.retain(|table| grant.tables.iter().any(|granted| granted.name == table.name));
            granted.push(GrantedDataset {
                key_place: DatasetVersion::key_place(&manifest.dataset, manifest.version),
                manifest,
                grant: grant.clone(),
                wrapped_key: version.wrapped_key,
            });
        }
        let kept = self.kept(&project.name, &sources, policy.digest()).await?;
        Ok(Workspace { project, policy, policy_texts, granted, datasets, sources, kept })
    }

    async fn submit(
        &self,
        id: Option<String>,
        workspace: &Workspace,
        proof: Proof<act::RunQuery>,
        user: &Name,
        sql: &str,
    ) -> Result<Run<'_>, HubError> {
        let id = match id {
            Some(id) => id,
            None => fresh_id("req")?,
        };
        let lock = self.store.own_request_lock(&id)?;
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
        let submitted_at = event.at.clone();
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
        self.commit(tx, proof, vec![event]).await?;
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
            submitted_at,
            heading,
            plan_digest: None,
            objects: Vec::new(),
            approval: None,
            _lock: lock,
        })
    }
}

impl Workspace {
    /// The workspace tables and views as a worker's queries find them.
    pub(crate) fn for_worker(&self) -> Result<Vec<KeptObject>, HubError> {
        self.kept.iter().map(Kept::for_worker).collect()
    }

    /// A query as a worker is asked it: for its result, whatever its plan is, and compared with nothing.
    pub(crate) fn job(&self, request: &str, sql: &str) -> Result<QueryJob, HubError> {
        Ok(QueryJob {
            request: request.to_owned(),
            workspace: self.for_worker()?,
            datasets: self.granted.clone(),
            policy: self.policy_texts.clone(),
            review: self.project.review,
            sql: sql.to_owned(),
            approved: None,
            ledger: None,
            wanted: Wanted::Result,
        })
    }
}

/// Whether a query may run now.
enum Turn {
    Come(Place),
    TooLong,
    Cancelled,
}

fn busy() -> Reason {
    Reason::new(
        "busy",
        "The hub has no room for this query now.",
        "Try again later, or wait for your project's other queries to end.",
    )
}

/// What is kept has been through no approval: neither what it is made of, nor what is made of it.
fn nothing_kept() -> Reason {
    Reason::new(
        "approval-required",
        "In a project that runs approved queries only, no workspace tables and views are made.",
        "Write it into the query as a CTE.",
    )
}

fn cancelled() -> Reason {
    Reason::new("cancelled", "The query was cancelled.", "")
}

impl Run<'_> {
    /// Notes the plan, and what it reads of the workspace: other dataset versions than those that are granted now
    /// may stand behind it.
    pub(crate) fn planned(&mut self, plan: Option<&Plan>, workspace: &Workspace) {
        let Some(plan) = plan else { return };
        self.plan_digest = Some(plan.digest);
        self.heading.plan_digest = Some(plan.digest.to_string());
        let lineage = Lineage::of(&plan.reads, &workspace.sources, &workspace.kept);
        for dataset in lineage.datasets() {
            if !self.heading.datasets.contains(&dataset) {
                self.heading.datasets.push(dataset);
            }
        }
        self.objects = lineage.objects.into_iter().map(|object| object.request).collect();
    }

    pub(crate) fn event(&self, kind: EventKind) -> Event {
        let mut event =
            self.hub.event(&self.user, kind, self.id.as_str()).with("project", self.project.as_str());
        if !self.objects.is_empty() {
            event = event.with("workspace", self.objects.clone());
        }
        if let Some(approval) = &self.approval {
            event = event.with("approval", approval.as_str());
        }
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
        ledger: Option<LedgerRow>,
    ) -> Result<(), HubError> {
        let at = event.at.clone();
        let outcome = Settled { request: &self.id, state, plan_digest: self.plan_digest, reasons, at: &at };
        let mut tx = self.hub.store.begin().await?;
        if !tx.settle(&outcome).await? {
            return Err(HubError::Internal("the query was settled by another process".to_owned()));
        }
        if let Some(digest) = release {
            tx.add_release(&self.id, digest, &at).await?;
        }
        if let Some(row) = ledger {
            tx.add_ledger(&LedgerRow { made_at: at.clone(), ..row }).await?;
        }
        tx.commit(vec![event]).await?;
        Ok(cloister_store::remove(&self.hub.store.home().staging().join(format!("{}.lock", self.id)))?)
    }

    /// Ends what gave nothing.
    pub(crate) async fn end_without(self, outcome: Outcome) -> Result<Answer, HubError> {
        let failed = || Reason::new("query-failed", QueryError::FAILED, "");
        let (state, reason, failure) = match outcome {
            Outcome::Refused(refused) => {
                let reason = Reason::new(refused.code, refused.message, refused.hint);
                (RequestState::Refused, reason, None)
            }
            Outcome::Cancelled => (RequestState::Failed, cancelled(), None),
            Outcome::Failed(failure) => (RequestState::Failed, failed(), Some(failure)),
            Outcome::Released { .. }
            | Outcome::Held { .. }
            | Outcome::Made(_)
            | Outcome::Simulated(_)
            | Outcome::Entry(_) => {
                let account = Account::Plain("an answer to another job".to_owned());
                let failure = Failure { cause: "protocol".to_owned(), account };
                (RequestState::Failed, failed(), Some(failure))
            }
        };
        self.end(state, reason, failure).await
    }

    /// Ends without a result. What is known of a failure is kept, sealed, for checkers.
    pub(crate) async fn end(
        self,
        state: RequestState,
        reason: Reason,
        failure: Option<Failure>,
    ) -> Result<Answer, HubError> {
        let (kind, status) = match state {
            RequestState::Refused => (EventKind::QueryRefused, Status::Refused),
            _ => (EventKind::QueryFailed, Status::Failed),
        };
        let mut event = self.event(kind).with("reasons", vec![reason.code.clone()]);
        if let Some(failure) = failure {
            event = event.with("cause", failure.cause);
            let sealed = match failure.account {
                Account::Sealed(sealed) => sealed,
                Account::Plain(text) => {
                    self.hub.store.keys().seal(&format!("failure|{}", self.id), text.as_bytes())?
                }
            };
            self.keep(&sealed, &self.hub.store.home().failures(), "sealed")?;
        }
        let reasons = vec![reason];
        self.settle(state, &json!(reasons).to_string(), event, None, None).await?;
        Ok(Answer::without_rows(status, self.heading, reasons))
    }

    /// Keeps the result, sealed, for checkers.
    async fn hold(
        self,
        sealed: &[u8],
        exhibit: &[u8],
        codes: &[String],
        ledger: Option<&ToLedger>,
    ) -> Result<Answer, HubError> {
        let held = self.hub.store.home().held();
        if let Some(ledger) = ledger {
            self.keep(&ledger.entry, &held, "entry")?;
            self.keep(&ledger.people, &held, "people")?;
        }
        self.keep(exhibit, &held, "exhibit")?;
        self.keep(sealed, &held, "sealed")?;
        let reasons: Vec<Reason> = codes.iter().map(|c| Reason::hold(c)).collect();
        let event = self.event(EventKind::QueryHeld).with("reasons", codes.to_vec());
        self.settle(RequestState::Held, &json!(reasons).to_string(), event, None, None).await?;
        Ok(Answer::without_rows(Status::Held, self.heading, reasons))
    }

    /// Keeps something of the query, sealed, in a folder of the home.
    fn keep(&self, sealed: &[u8], folder: &Path, what: &str) -> Result<(), HubError> {
        self.hub.keep(&self.id, what, sealed, folder)
    }

    /// Publishes the package, then records the release: only what is recorded is answered.
    async fn release(
        self,
        answer: Answer,
        cleared: &Cleared<ReleasedTable>,
        sql: &str,
        ledger: Option<(&ToLedger, i64)>,
    ) -> Result<Answer, HubError> {
        let home = self.hub.store.home();
        let staged = home.staging().join(&self.id);
        let policy =
            self.heading.policy.clone().unwrap_or(PolicyRef { name: String::new(), digest: String::new() });
        let story = Story {
            request: &self.id,
            project: &self.project.parse()?,
            author: &self.user,
            sql,
            policy: &policy.name.parse()?,
            policy_digest: &policy.digest,
            datasets: answer.datasets(),
            asked_at: &self.submitted_at,
            checkers: Vec::new(),
            release_request: None,
            reasons: Vec::new(),
        };
        let digest = self.hub.write_package(&staged, &answer, cleared, &story).await?;
        cloister_store::publish(&staged, &home.releases().join(&self.id))?;
        let mut row = None;
        if let Some((kept, last)) = ledger {
            let digest = self.hub.keep_entry(&self.id, &kept.entry, &kept.people)?;
            row = Some(LedgerRow {
                number: last + 1,
                request: self.id.clone(),
                project: self.project.clone(),
                numbers: kept.numbers,
                repeated: kept.repeated,
                digest,
                made_at: String::new(),
            });
        }
        let mut event = self.event(EventKind::ReleaseMade).with("package", digest.to_string());
        if let Some(row) = &row {
            event = row.logged(event);
        }
        self.settle(RequestState::Released, "[]", event, Some(digest), row).await?;
        Ok(answer)
    }
}
