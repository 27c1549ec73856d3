//! The ledger: what leaves is compared with all that has left, and is in it with the same transaction.

use crate::recover::LEDGER_FILES;
use crate::{Hub, HubError, Reason};
use cloister_airlock::Request;
use cloister_disclosure::Policy;
use cloister_model::{Digest, Name};
use cloister_query::Exhibit;
use cloister_store::{LedgerRow, publish, write_new};
use cloister_worker::{CompareJob, Finding, LedgerPast, ToLedger};
use serde::Serialize;
use std::collections::BTreeMap;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;

/// An entry and its people, sealed.
type Sealed = (Vec<u8>, Vec<u8>);

/// The ledger as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerStatus {
    /// Tables that were released.
    pub releases: usize,
    /// Numbers in them.
    pub numbers: u64,
    /// The same of each project.
    pub projects: BTreeMap<String, u64>,
    /// Entries whose files are not as they were recorded.
    pub damaged: Vec<String>,
}

impl Hub {
    /// What a new result of a project is compared with, and the number of its last entry.
    pub(crate) async fn past_of(&self, project: &Name) -> Result<(i64, LedgerPast), HubError> {
        let rows = self.store.ledger_after(0).await?;
        let last = rows.last().map_or(0, |row| row.number);
        let requests = rows.into_iter().map(|row| row.request).collect();
        Ok((last, LedgerPast { project: project.to_string(), requests }))
    }

    /// Whether a result that was compared with the ledger up to an entry may be in it now: nothing has come since, or nothing
    /// that it is near to. Nothing else comes while the guard is held; with it is the number of the last entry.
    pub(crate) async fn still_alone(
        &self,
        request: &str,
        kept: &ToLedger,
        last: i64,
        policy: &Policy,
    ) -> Result<Option<(OwnedMutexGuard<()>, i64)>, HubError> {
        let guard = std::sync::Arc::clone(&self.ledger).lock_owned().await;
        let since = self.store.ledger_after(last).await?;
        let Some(newest) = since.last().map(|row| row.number) else { return Ok(Some((guard, last))) };
        let job = CompareJob {
            request: request.to_owned(),
            sealed: (kept.entry.clone(), kept.people.clone()),
            past: since.into_iter().map(|row| row.request).collect(),
            beside: Vec::new(),
            people_min: policy.contributors_min(),
            zeros_shown: policy.permits(0),
        };
        let found = self.workers.compare(job).await.map_err(broken)?;
        Ok(found.is_empty().then_some((guard, newest)))
    }

    /// What a held result would leave in the ledger; none where it was held before there was one, or is not compared.
    pub(crate) fn held_for_ledger(&self, query: &str) -> Result<Option<Sealed>, HubError> {
        let mut parts = Vec::new();
        for what in LEDGER_FILES {
            let path = self.store.home().held().join(format!("{query}.{what}"));
            match std::fs::read(&path) {
                Ok(bytes) => parts.push(bytes),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(HubError::file(&path)(e)),
            }
        }
        let mut parts = parts.into_iter();
        Ok(parts.next().zip(parts.next()))
    }

    /// Compares what an approval would let leave with everything that has left, and with one another. What the checkers have
    /// not been shown of it, they are shown before they may approve. The guard is to be held until it is released.
    pub(crate) async fn compared(&self, request: &Request) -> Result<OwnedMutexGuard<()>, HubError> {
        let guard = std::sync::Arc::clone(&self.ledger).lock_owned().await;
        let past: Vec<String> =
            self.store.ledger_after(0).await?.into_iter().map(|row| row.request).collect();
        let (mut beside, mut unseen) = (Vec::new(), false);
        for query in request.leaving_queries().into_values() {
            let Some((entry, people)) = self.held_for_ledger(query.as_str())? else { continue };
            let Some(policy) = self.policy_of(query.as_str()).await? else { continue };
            let job = CompareJob {
                request: query.to_string(),
                sealed: (entry.clone(), people.clone()),
                past: past.clone(),
                beside: beside.clone(),
                people_min: policy.contributors_min(),
                zeros_shown: policy.permits(0),
            };
            let found = self.workers.compare(job).await.map_err(broken)?;
            unseen |= self.show_in_exhibit(query.as_str(), found)?;
            beside.push((query.to_string(), entry, people));
        }
        match unseen {
            true => Err(HubError::TurnedAway(Reason::new(
                "ledger-changed",
                "Something that would leave can be subtracted from what was released, or would be beside it.",
                "Look at the evidence again: it says what from what. Then decide.",
            ))),
            false => Ok(guard),
        }
    }

    /// Adds what was found to what checkers are shown of a result; whether any of it is new to them.
    fn show_in_exhibit(&self, query: &str, found: Vec<Finding>) -> Result<bool, HubError> {
        let path = self.store.home().held().join(format!("{query}.exhibit"));
        let place = format!("exhibit|{query}");
        let sealed = std::fs::read(&path).map_err(HubError::file(&path))?;
        let bytes = self.store.keys().open(&place, &sealed)?;
        let unread = |_| HubError::Internal("what a checker is shown cannot be read".to_owned());
        let mut exhibit: Exhibit = serde_json::from_slice(&bytes).map_err(unread)?;
        let new: Vec<Finding> = found.into_iter().filter(|f| !exhibit.ledger.contains(f)).collect();
        if new.is_empty() {
            return Ok(false);
        }
        exhibit.ledger.extend(new);
        let bytes = serde_json::to_vec(&exhibit).map_err(unread)?;
        let sealed = self.store.keys().seal(&place, &bytes)?;
        let staged = self.store.home().staging().join(format!("{query}.exhibit"));
        cloister_store::remove(&staged)?;
        write_new(&staged, &sealed)?;
        cloister_store::remove(&path)?;
        publish(&staged, &path)?;
        Ok(true)
    }

    /// Puts what is released into the ledger's folder; its row goes into the same transaction as the release.
    pub(crate) async fn kept_in_ledger(&self, queries: &[(&str, &str)]) -> Result<Vec<LedgerRow>, HubError> {
        let mut last = self.store.ledger_after(0).await?.last().map_or(0, |row| row.number);
        let mut rows = Vec::new();
        for (query, project) in queries {
            let Some((entry, people)) = self.held_for_ledger(query)? else { continue };
            let home = self.store.home();
            for (what, bytes) in LEDGER_FILES.iter().zip([&entry, &people]) {
                let (staged, there) = (
                    home.staging().join(format!("{query}.{what}")),
                    home.ledger().join(format!("{query}.{what}")),
                );
                // Of a process that died before it recorded them.
                cloister_store::remove(&staged)?;
                cloister_store::remove(&there)?;
                write_new(&staged, bytes)?;
                publish(&staged, &there)?;
            }
            last += 1;
            rows.push(LedgerRow {
                number: last,
                request: (*query).to_owned(),
                project: (*project).to_owned(),
                numbers: 0,
                digest: Digest::of(&[entry, people].concat()),
                made_at: String::new(),
            });
        }
        Ok(rows)
    }

    /// The ledger as it stands, its files compared with what was recorded.
    pub async fn ledger_status(&self) -> Result<LedgerStatus, HubError> {
        let mut status = LedgerStatus::default();
        for row in self.store.ledger_after(0).await? {
            status.releases += 1;
            status.numbers += row.numbers;
            *status.projects.entry(row.project.clone()).or_default() += 1;
            let mut bytes = Vec::new();
            let whole = LEDGER_FILES.iter().all(|what| {
                let path = self.store.home().ledger().join(format!("{}.{what}", row.request));
                std::fs::read(path).is_ok_and(|read| {
                    bytes.extend(read);
                    true
                })
            });
            if !whole || Digest::of(&bytes) != row.digest {
                status.damaged.push(row.request);
            }
        }
        Ok(status)
    }
}

fn broken(failure: cloister_worker::Failure) -> HubError {
    HubError::Internal(format!("the ledger: {failure}"))
}
