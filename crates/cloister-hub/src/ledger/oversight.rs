//! The ledger for those who check: what it holds, what a query would say beside it, and whether it is whole.

use super::broken;
use crate::explain::of_refused;
use crate::recover::LEDGER_FILES;
use crate::{Ask, Hub, HubError, Reason};
use cloister_access::act;
use cloister_audit::EventKind;
use cloister_governance::Project;
use cloister_model::{Digest, Name};
use cloister_store::{LedgerRow, Request, RequestState};
use cloister_worker::{INDEX_ENTRIES, LedgerPast, Outcome, Past, QueryJob, ToLedger, Wanted};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::future::pending;
use utoipa::ToSchema;

/// What a project has in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectReleases {
    /// The project.
    pub project: String,
    /// Its releases.
    pub releases: u64,
    /// Their numbers.
    pub numbers: u64,
    /// Those that it had before.
    pub repeated: u64,
    /// When the last was made.
    pub last: String,
}

/// What the ledger holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerStatus {
    /// Releases in it.
    pub releases: u64,
    /// Their numbers.
    pub numbers: u64,
    /// Releases that were made before there was a ledger, or under policies that do not compare: nothing is compared with them.
    pub not_in_it: u64,
    /// Releases that are indexed: the others, and there should be fewer than a hundred, are read one by one.
    pub indexed: u64,
    /// Project by project.
    pub projects: Vec<ProjectReleases>,
}

/// A number of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LedgerNumber {
    /// What it is called.
    pub name: String,
    /// As what it was published; none for what is a part of a number only, or NULL.
    pub published: Option<f64>,
    /// How far the true one may be from it; none where that is not known.
    pub within: Option<f64>,
}

/// What the ledger says of a query: of one that was released, what it holds of it; of one that is held or would be, what it says
/// beside what was released.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct LedgerTold {
    /// The query; none where it was only tried.
    pub request: Option<String>,
    /// Its project.
    pub project: String,
    /// `released`, `held` or `simulated`.
    pub state: &'static str,
    /// Its place in the ledger, from 1.
    pub number: Option<i64>,
    /// When it was released.
    pub made_at: Option<String>,
    /// Its numbers, where it was released.
    pub numbers: Vec<LedgerNumber>,
    /// How many numbers it would hold, where it was only tried.
    pub would_hold: Option<u64>,
    /// How many of them its project has had before, where it was only tried.
    pub repeated: Option<u64>,
    /// What could be worked out from it and from what was released, in words.
    pub findings: Vec<String>,
    /// Keys of its grouping without which nothing could be, where its policy asks for them.
    pub coarser: Vec<String>,
    /// Why it would not run, where it was only tried.
    pub reasons: Vec<Reason>,
}

/// Something wrong with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerProblem {
    /// The query.
    pub request: String,
    /// What is wrong.
    pub problem: &'static str,
}

/// What became of an entry that was to be made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerRebuilt {
    /// The query.
    pub request: String,
    /// Why it could not be; none where it was.
    pub problem: Option<String>,
}

impl Hub {
    /// What the ledger holds, project by project.
    pub async fn ledger_status(&self, user: &Name) -> Result<LedgerStatus, HubError> {
        let _ = self.may::<act::ViewLedger>(user, &cloister_access::Hub).await?;
        let rows = self.store.ledger().await?;
        let mut projects: BTreeMap<&str, ProjectReleases> = BTreeMap::new();
        for row in &rows {
            let of = projects.entry(&row.project).or_default();
            of.project.clone_from(&row.project);
            of.releases += 1;
            of.numbers += row.numbers;
            of.repeated += row.repeated;
            of.last.clone_from(&row.made_at);
        }
        let releases = rows.len() as u64;
        Ok(LedgerStatus {
            releases,
            numbers: rows.iter().map(|row| row.numbers).sum(),
            not_in_it: self.store.releases_made().await?.saturating_sub(releases),
            indexed: (0..releases / INDEX_ENTRIES[0]).filter(|number| self.is_indexed(0, *number)).count()
                as u64
                * INDEX_ENTRIES[0],
            projects: projects.into_values().collect(),
        })
    }

    /// What the ledger says of a query.
    pub async fn ledger_of(&self, request: &str, user: &Name) -> Result<LedgerTold, HubError> {
        let _ = self.may::<act::ViewLedger>(user, &cloister_access::Hub).await?;
        let not_found = || HubError::NotFound("query", request.to_owned());
        let query = self.store.request(request).await?.ok_or_else(not_found)?;
        let facts = self.query_facts(&query).await?;
        let _ = self.may::<act::ViewQuery>(user, &facts).await.map_err(|_| not_found())?;
        let (id, project) = (Some(query.id.clone()), query.project.clone());
        if let Some(row) = self.store.ledger_entry(request).await? {
            let told = self.workers.tell(request).await.map_err(broken)?;
            let numbers = told.numbers.into_iter().map(|(name, published)| LedgerNumber {
                name,
                published: published.map(|p| p.value),
                within: published.and_then(|p| p.within),
            });
            return Ok(LedgerTold {
                request: id,
                project,
                state: "released",
                number: Some(row.number),
                made_at: Some(row.made_at),
                numbers: numbers.collect(),
                ..LedgerTold::default()
            });
        }
        let exhibit = match query.state {
            RequestState::Held => self.exhibit(request)?,
            _ => None,
        };
        let exhibit = exhibit.ok_or_else(not_found)?;
        let findings = exhibit.ledger.iter().map(cloister_worker::Finding::words).collect();
        let coarser = exhibit.coarser;
        Ok(LedgerTold { request: id, project, state: "held", findings, coarser, ..LedgerTold::default() })
    }

    /// What a query of a project would say beside what was released: it runs, and nothing of it is kept. For checkers of the
    /// project; that they tried it is logged.
    pub async fn simulate_release(
        &self,
        project: &Name,
        user: &Name,
        ask: &Ask,
    ) -> Result<LedgerTold, HubError> {
        let proof = self.may::<act::SimulateRelease>(user, &self.facts_of(project).await?).await?;
        let parsed = self.parsed(&self.stored_project(project).await?)?;
        let told = |reasons| LedgerTold {
            project: project.to_string(),
            state: "simulated",
            reasons,
            ..LedgerTold::default()
        };
        let text = match self.text_of(project, ask).await? {
            Ok(text) => text,
            Err(reason) => return Ok(told(vec![reason])),
        };
        let event = self
            .event(user.as_str(), EventKind::LedgerSimulated, project.as_str())
            .with("sql", Digest::of(text.as_bytes()).to_string());
        self.commit(self.store.begin().await?, proof, vec![event]).await?;
        let workspace = self.workspace(parsed).await?;
        let (_, past) = self.past_of(project).await?;
        let job =
            QueryJob { ledger: Some(past), wanted: Wanted::Findings, ..workspace.job("simulated", &text)? };
        Ok(match self.workers.query(job, pending::<()>()).await.outcome {
            Outcome::Simulated(found) => LedgerTold {
                would_hold: Some(found.numbers),
                repeated: Some(found.repeated),
                findings: found.found.iter().map(cloister_worker::Finding::words).collect(),
                coarser: found.coarser,
                ..told(Vec::new())
            },
            Outcome::Refused(refused) => told(vec![of_refused(refused)]),
            _ => told(vec![crate::explain::broke_off()]),
        })
    }

    /// Compares the ledger with the log of releases, and its files with their digests.
    pub async fn verify_ledger(&self, actor: &Name) -> Result<(u64, Vec<LedgerProblem>), HubError> {
        let rows = self.store.ledger().await?;
        let mut problems = Vec::new();
        let mut logged: BTreeMap<String, (Option<i64>, Option<String>)> = BTreeMap::new();
        for (_, event) in self.audit_events().await? {
            let digest = |key| event.details.get(key).and_then(|v| v.as_str()).map(str::to_owned);
            if event.kind == EventKind::ReleaseMade && event.details.contains_key("ledger") {
                let number = event.details.get("ledger").and_then(serde_json::Value::as_i64);
                logged.insert(event.subject.clone(), (number, digest("ledger-digest")));
            }
            if event.kind == EventKind::LedgerRebuilt
                && let Some(of) = logged.get_mut(&event.subject)
            {
                of.1 = digest("ledger-digest");
            }
        }
        for (place, row) in (1i64..).zip(&rows) {
            let problem = |problem| LedgerProblem { request: row.request.clone(), problem };
            match logged.remove(&row.request) {
                Some((number, digest))
                    if (number, digest.as_deref()) != (Some(row.number), Some(&row.digest.to_string())) =>
                {
                    problems.push(problem("is not as the log has it"));
                }
                None => problems.push(problem("is not in the log")),
                Some(_) => {}
            }
            if row.number != place {
                problems.push(problem("has another number than its place"));
            }
            if let Some(wrong) = self.files_of(row) {
                problems.push(problem(wrong));
            }
        }
        // The bytes are as they were written; that the key opens them is tried of one.
        if let Some(last) = rows.last()
            && self.files_of(last).is_none()
            && self.workers.tell(&last.request).await.is_err()
        {
            problems.push(LedgerProblem { request: last.request.clone(), problem: "cannot be opened" });
        }
        let lost = logged.into_keys().map(|request| LedgerProblem { request, problem: "is lost" });
        problems.extend(lost);
        let event = self
            .event(actor.as_str(), EventKind::LedgerVerified, "ledger")
            .with("entries", rows.len())
            .with("problems", problems.len());
        self.store.begin().await?.commit(vec![event]).await?;
        Ok((rows.len() as u64, problems))
    }

    /// What is wrong with the files of an entry.
    fn files_of(&self, row: &LedgerRow) -> Option<&'static str> {
        let mut bytes = Vec::new();
        for what in LEDGER_FILES {
            match std::fs::read(self.store.home().ledger().join(format!("{}.{what}", row.request))) {
                Ok(read) => bytes.extend(read),
                Err(_) => return Some("is missing"),
            }
        }
        (Digest::of(&bytes) != row.digest).then_some("has been changed")
    }

    /// Makes entries again whose files are lost, were changed or are of an earlier form, from the queries that were released: on the same dataset
    /// versions, under the same policy, with the same plan. What is not the same any more is said.
    pub async fn rebuild_ledger(&self, actor: &Name) -> Result<Vec<LedgerRebuilt>, HubError> {
        let rows = self.store.ledger().await?;
        let _guard = std::sync::Arc::clone(&self.ledger).lock_owned().await;
        let mut all = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            // What is whole may be of a form that is not read any more.
            if self.files_of(row).is_none() && self.workers.tell(&row.request).await.is_ok() {
                continue;
            }
            let before = rows.iter().take(place).map(|row| row.request.clone()).collect();
            let made = self.entry_again(row, Past { first: 1, requests: before }).await?;
            let problem = match made {
                Ok(kept) => {
                    let digest = self.keep_entry(&row.request, &kept.entry, &kept.people)?;
                    let event = self
                        .event(actor.as_str(), EventKind::LedgerRebuilt, row.request.as_str())
                        .with("ledger", row.number)
                        .with("ledger-digest", digest.to_string());
                    let at = event.at.clone();
                    let mut tx = self.store.begin().await?;
                    tx.rebuilt_ledger(row.number, digest, &at).await?;
                    tx.commit(vec![event]).await?;
                    None
                }
                Err(why) => Some(why),
            };
            all.push(LedgerRebuilt { request: row.request.clone(), problem });
        }
        Ok(all)
    }

    async fn entry_again(&self, row: &LedgerRow, past: Past) -> Result<Result<ToLedger, String>, HubError> {
        let no = |why: &str| Ok(Err(why.to_owned()));
        let Some(Request { project, sql, datasets, policy_digest, plan_digest, .. }) =
            self.store.request(&row.request).await?
        else {
            return no("the query is not known");
        };
        let Some(stored) = self.store.project(&project.parse()?).await? else {
            return no("the project is not known");
        };
        let workspace = self.workspace(Project::parse(&stored.text)?).await?;
        let now = json!(workspace.datasets).to_string();
        if now != datasets {
            return no("the project has other dataset versions than the query had");
        }
        if workspace.policy.digest().to_string() != policy_digest {
            return no("the policy has changed since");
        }
        let past = LedgerPast { project: row.project.clone(), past };
        let job =
            QueryJob { ledger: Some(past), wanted: Wanted::Entry, ..workspace.job(&row.request, &sql)? };
        let ended = self.workers.query(job, pending::<()>()).await;
        if ended.plan.map(|plan| plan.digest.to_string()) != plan_digest {
            return no("the query has another plan now");
        }
        Ok(match ended.outcome {
            Outcome::Entry(kept) if kept.numbers == row.numbers => Ok(kept),
            Outcome::Entry(_) => Err("the query has another result now".to_owned()),
            _ => Err("the query does not run any more".to_owned()),
        })
    }
}
