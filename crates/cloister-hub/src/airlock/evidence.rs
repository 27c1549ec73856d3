//! What a checker sees of an output.

use super::of_json;
use crate::{DatasetRef, Hub, HubError, Reason};
use cloister_access::{Action, Object, act};
use cloister_airlock::{OutputKind, Weight};
use cloister_audit::EventKind;
use cloister_disclosure::Policy;
use cloister_model::{Digest, Name};
use cloister_query::{Exhibit, ReleasedTable};
use cloister_store::Request as Query;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// How many of the last releases are compared with an output.
const COMPARED_MAX: usize = 1_000;

/// How many of them a checker is shown.
const SHOWN_MAX: usize = 20;

/// What a checker sees of one output.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What a vote on it names.
    pub digest: Digest,
    /// The query.
    pub query: String,
    /// Its SQL.
    pub sql: String,
    /// Its plan's digest.
    pub plan_digest: Option<String>,
    /// The disclosure policy's name and digest.
    pub policy: (String, String),
    /// The dataset versions that it read.
    pub datasets: Vec<DatasetRef>,
    /// Why it is held.
    pub reasons: Vec<Reason>,
    /// The names of the table's columns.
    pub columns: Vec<String>,
    /// What each column is: `key`, `count`, `sum`, …
    pub roles: Vec<&'static str>,
    /// The table as it would leave, cell by cell.
    pub rows: Vec<Vec<String>>,
    /// The same as numbers and texts.
    pub values: Vec<Vec<serde_json::Value>>,
    /// Each suppressed cell's row, column and rule.
    pub suppressed: Vec<(usize, String, String)>,
    /// What the table is made from: the people behind each value, and each value as it was and as it would leave. None for
    /// results that were held before there was such a thing.
    pub exhibit: Option<Exhibit>,
    /// Whether it is for the checkers only: it is not voted on and does not leave.
    pub supporting: bool,
    /// What the checkers saw before it was replaced. None where it was not, or where that has left since.
    pub before: Option<SeenBefore>,
    /// Releases that rest on some of the same data.
    pub earlier: EarlierReleases,
    /// The findings with which it does not leave, and whether two checkers may set each aside.
    pub objections: Vec<(String, bool)>,
}

/// An output as it was in the checkers' turn before.
#[derive(Clone, Debug)]
pub struct SeenBefore {
    /// The query.
    pub query: String,
    /// Its SQL.
    pub sql: String,
    /// The table as it would have left, cell by cell.
    pub rows: Vec<Vec<String>>,
}

/// Releases that rest on some of the same data as an output.
#[derive(Clone, Debug, Default)]
pub struct EarlierReleases {
    /// Those that the checker may see, the closest first: those of the same plan, then of the same project, then the newest.
    pub releases: Vec<EarlierRelease>,
    /// How many more there are, some of which the checker may not see.
    pub more: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EarlierRelease {
    /// The query.
    pub query: String,
    /// Its project.
    pub project: String,
    /// Its SQL.
    pub sql: String,
    /// When it was released.
    pub released_at: String,
    /// The dataset versions that both read: the same numbers of the same people.
    pub same_versions: Vec<String>,
    /// Datasets that both read, of other versions.
    pub other_versions: Vec<String>,
    /// Whether it is the same plan.
    pub same_plan: bool,
}

pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    table: ReleasedTable,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<ReleasedTable> for Held {
    fn as_ref(&self) -> &ReleasedTable {
        &self.table
    }
}

impl Hub {
    /// What a checker sees of an output. That they looked is recorded before they see it.
    pub async fn evidence(&self, id: &Name, output: &Name, user: &Name) -> Result<Evidence, HubError> {
        let view = self.seen(id, user).await?;
        let found = view.outputs.iter().find(|o| o.name == *output);
        let found = found.ok_or_else(|| HubError::NotFound("output", output.to_string()))?;
        // Only who may see the content is told its digest: nobody on the author's side before it is released.
        let digest = found.digest.filter(|_| view.whose_turn != cloister_airlock::Turn::Nobody);
        let digest = digest.ok_or_else(|| HubError::NotFound("output to check", output.to_string()))?;
        let query = self.store.request(found.query.as_str()).await?;
        let query = query.ok_or_else(|| HubError::NotFound("request", found.query.to_string()))?;
        let held = self.held(&query);
        let (request, ..) = self.load(id).await?;
        if request.state().whose_turn() == cloister_airlock::Turn::Nobody {
            // Decided between the two: what was held is away.
            return Err(HubError::NotFound("output to check", output.to_string()));
        }
        let held = held?;
        if Digest::of(&held.bytes) != digest {
            return Err(HubError::ReleaseChanged(query.id));
        }
        let proof = self.may::<act::ViewEvidence>(user, &self.request_facts(&request).await?).await?;
        let event = self
            .event(user.as_str(), EventKind::EvidenceViewed, id.as_str())
            .with("project", view.project.as_str())
            .with("output", output.as_str())
            .with("digest", digest.to_string());
        self.commit(self.store.begin().await?, proof, vec![event]).await?;
        let policy = self.policy(&query.policy_name.parse()?)?;
        let (columns, cells) = crate::answer::columns_and_cells(&held.table);
        let rows = crate::answer::text_of_rows(&held.table, &columns, &cells, policy.marker());
        let suppressed = cells.into_iter().filter(|cell| cell.rule.is_some());
        let suppressed = suppressed.map(|c| (c.row, c.column, c.rule.unwrap_or_default().to_owned()));
        let objections = found.findings.iter().filter(|(_, weight)| **weight == Weight::Objection);
        let objections = objections.map(|(code, _)| (code.to_string(), policy.may_set_aside(code.as_str())));
        let before = match &found.before {
            Some(before) => self.seen_before(before.as_str()).await?,
            None => None,
        };
        Ok(Evidence {
            supporting: found.kind == OutputKind::Supporting,
            objections: objections.collect(),
            before,
            earlier: self.earlier_releases(&query, user).await?,
            digest,
            sql: query.sql.clone(),
            plan_digest: query.plan_digest.clone(),
            policy: (query.policy_name.clone(), query.policy_digest.clone()),
            datasets: of_json(&query.datasets)?,
            reasons: of_json(&query.reasons)?,
            roles: columns.iter().map(|c| c.role).collect(),
            columns: columns.into_iter().map(|c| c.name).collect(),
            rows,
            values: held
                .table
                .rows()
                .iter()
                .map(|r| r.iter().map(crate::answer::json_of).collect())
                .collect(),
            suppressed: suppressed.collect(),
            exhibit: self.exhibit(&query.id)?,
            query: query.id,
        })
    }

    /// The policy that a query's result was protected under.
    pub(crate) async fn policy_of(&self, query: &str) -> Result<Option<Policy>, HubError> {
        match self.store.request(query).await? {
            Some(query) => Ok(Some(self.policy(&query.policy_name.parse()?)?)),
            None => Ok(None),
        }
    }

    /// An output's content of the turn before, while it is held.
    async fn seen_before(&self, query: &str) -> Result<Option<SeenBefore>, HubError> {
        let Some(query) = self.store.request(query).await? else { return Ok(None) };
        if query.state != cloister_store::RequestState::Held {
            return Ok(None);
        }
        let held = self.held(&query)?;
        let policy = self.policy(&query.policy_name.parse()?)?;
        let (columns, cells) = crate::answer::columns_and_cells(&held.table);
        let mut rows = vec![columns.iter().map(|c| c.name.clone()).collect()];
        rows.extend(crate::answer::text_of_rows(&held.table, &columns, &cells, policy.marker()));
        Ok(Some(SeenBefore { query: query.id, sql: query.sql, rows }))
    }

    /// The last releases that rest on some of the same data.
    async fn earlier_releases(&self, query: &Query, user: &Name) -> Result<EarlierReleases, HubError> {
        let principal = self.principal(user).await?;
        let mine: Vec<DatasetRef> = of_json(&query.datasets)?;
        let mut facts = HashMap::new();
        let (mut releases, mut hidden) = (Vec::new(), 0);
        for other in self.store.released_requests(COMPARED_MAX).await? {
            let theirs: Vec<DatasetRef> = of_json(&other.datasets)?;
            let (same_versions, other_versions) = shared(&mine, &theirs);
            if same_versions.is_empty() && other_versions.is_empty() {
                continue;
            }
            if !facts.contains_key(&other.project) {
                facts.insert(other.project.clone(), self.facts_of(&other.project.parse()?).await?);
            }
            let Some(project) = facts.get(&other.project) else { continue };
            let of = cloister_access::Query {
                id: other.id.parse()?,
                project: project.clone(),
                author: other.user.parse()?,
            };
            if !self.permits(&principal, Action::ViewQuery, of.resource()) {
                hidden += 1;
                continue;
            }
            releases.push(EarlierRelease {
                same_plan: other.plan_digest.is_some() && other.plan_digest == query.plan_digest,
                query: other.id,
                project: other.project,
                sql: other.sql,
                released_at: other.settled_at.unwrap_or_default(),
                same_versions,
                other_versions,
            });
        }
        // Stable: among equals the newest stays first.
        releases.sort_by_key(|r| (!r.same_plan, r.project != query.project));
        let more = hidden + releases.len().saturating_sub(SHOWN_MAX);
        releases.truncate(SHOWN_MAX);
        Ok(EarlierReleases { releases, more })
    }

    pub(super) fn held(&self, query: &Query) -> Result<Held, HubError> {
        let path = self.store.home().held().join(format!("{}.sealed", query.id));
        let sealed = std::fs::read(&path).map_err(HubError::file(&path))?;
        let bytes = self.store.keys().open(&format!("held|{}", query.id), &sealed)?.to_vec();
        let table = ReleasedTable::from_bytes(&bytes)
            .map_err(|_| HubError::Internal("a held result cannot be read".to_owned()))?;
        Ok(Held { bytes, table })
    }

    /// What a checker is shown of a held result; none where it was held before there was such a thing.
    pub(crate) fn exhibit(&self, query: &str) -> Result<Option<Exhibit>, HubError> {
        let path = self.store.home().held().join(format!("{query}.exhibit"));
        let sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(HubError::file(&path)(e)),
        };
        let bytes = self.store.keys().open(&format!("exhibit|{query}"), &sealed)?;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| HubError::Internal("what a checker is shown cannot be read".to_owned()))
    }
}

/// What two queries both read: versions that are the same, and datasets of which they are not.
fn shared(mine: &[DatasetRef], theirs: &[DatasetRef]) -> (Vec<String>, Vec<String>) {
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for dataset in mine {
        for found in theirs.iter().filter(|d| d.name == dataset.name) {
            if found.version == dataset.version {
                same.push(format!("{} version {}", dataset.name, dataset.version));
            } else {
                other.push(format!("{} version {}", found.name, found.version));
            }
        }
    }
    (same, other)
}
