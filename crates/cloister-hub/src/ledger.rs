//! The ledger: what leaves is compared with all that has left, and is in it with the same transaction.

use crate::recover::LEDGER_FILES;
use crate::{Hub, HubError, Reason};
use cloister_airlock::Request;
use cloister_disclosure::Policy;
use cloister_model::{Digest, Name};
use cloister_store::{LedgerRow, publish, remove, write_new};
use cloister_worker::{
    CompareJob, Failure, Finding, INDEX_ENTRIES, IndexJob, LedgerPast, Past, SealedEntry, ToLedger,
    index_name,
};
use std::path::Path;
use tokio::sync::OwnedMutexGuard;

mod oversight;

pub use oversight::{LedgerNumber, LedgerProblem, LedgerRebuilt, LedgerStatus, LedgerTold, ProjectReleases};

fn broken(failure: Failure) -> HubError {
    HubError::Internal(format!("the ledger: {failure}"))
}

impl Hub {
    /// What a new result of a project is compared with, and the number of its last entry.
    pub(crate) async fn past_of(&self, project: &Name) -> Result<(i64, LedgerPast), HubError> {
        let past = self.all_released().await?;
        let last = i64::try_from(past.requests.len()).unwrap_or(i64::MAX);
        Ok((last, LedgerPast { project: project.to_string(), past }))
    }

    /// All of the ledger. What of it has grown by enough is indexed first, so that comparing stays quick.
    async fn all_released(&self) -> Result<Past, HubError> {
        let past = Past { first: 1, requests: self.store.ledger_after(0).await? };
        for (level, size) in INDEX_ENTRIES.into_iter().enumerate() {
            for number in 0..past.requests.len() as u64 / size {
                if self.is_indexed(level, number) {
                    continue;
                }
                let from = usize::try_from(number * size).unwrap_or(usize::MAX);
                let to = from.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
                let requests = past.requests.get(from..to).unwrap_or_default().to_vec();
                let past = Past { first: number * size + 1, requests };
                let made = self.workers.index(IndexJob { level, number, past }).await.map_err(broken);
                let kept = made.and_then(|sealed| {
                    self.keep(&index_name(level, number), "index", &sealed, &self.store.home().ledger())
                });
                // It only makes comparing quicker, and another process may have made it meanwhile: `ledger status` says how
                // much is indexed.
                drop(kept);
            }
        }
        Ok(past)
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
        if since.is_empty() {
            return Ok(Some((guard, last)));
        }
        let newest = last.saturating_add(i64::try_from(since.len()).unwrap_or(i64::MAX));
        let sealed = (kept.entry.clone(), kept.people.clone());
        // With all of it: several numbers may say together with the new ones what those do not say alone.
        let past = Past { first: 1, requests: self.store.ledger_after(0).await? };
        let found = self.found_beside(request, sealed, past, Vec::new(), policy).await?;
        Ok(found.is_empty().then_some((guard, newest)))
    }

    /// What a result says beside earlier entries, and beside others that would leave with it.
    async fn found_beside(
        &self,
        request: &str,
        sealed: SealedEntry,
        past: Past,
        beside: Vec<(String, SealedEntry)>,
        policy: &Policy,
    ) -> Result<Vec<Finding>, HubError> {
        let rules = cloister_worker::rules(policy);
        let job = CompareJob { request: request.to_owned(), sealed, past, beside, rules };
        self.workers.compare(job).await.map_err(broken)
    }

    /// What a held result would leave in the ledger; none where it was held before there was one, or is not compared.
    pub(crate) fn held_for_ledger(&self, query: &str) -> Result<Option<SealedEntry>, HubError> {
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
        let past = self.all_released().await?;
        let (mut beside, mut unseen) = (Vec::new(), false);
        for query in request.leaving_queries().into_values() {
            let Some((entry, people)) = self.held_for_ledger(query.as_str())? else { continue };
            let Some(policy) = self.policy_of(query.as_str()).await? else { continue };
            let sealed = (entry.clone(), people.clone());
            let found =
                self.found_beside(query.as_str(), sealed, past.clone(), beside.clone(), &policy).await?;
            unseen |= self.show_in_exhibit(query.as_str(), found)?;
            beside.push((query.to_string(), (entry, people)));
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
        let Some(mut exhibit) = self.exhibit(query)? else {
            return Err(HubError::Internal("a result that was compared has no exhibit".to_owned()));
        };
        let new: Vec<Finding> =
            found.into_iter().filter(|f| !exhibit.ledger.iter().any(|known| known.is_like(f))).collect();
        if new.is_empty() {
            return Ok(false);
        }
        exhibit.ledger.extend(new);
        let bytes = serde_json::to_vec(&exhibit)
            .map_err(|_| HubError::Internal("what a checker is shown cannot be written".to_owned()))?;
        let sealed = self.store.keys().seal(&format!("exhibit|{query}"), &bytes)?;
        self.keep(query, "exhibit", &sealed, &self.store.home().held())?;
        Ok(true)
    }

    /// Puts what is released into the ledger's folder; its row goes into the same transaction as the release.
    pub(crate) async fn kept_in_ledger(&self, queries: &[(&str, &str)]) -> Result<Vec<LedgerRow>, HubError> {
        let mut last = self.store.ledger_last().await?;
        let mut rows = Vec::new();
        for (query, project) in queries {
            let Some((entry, people)) = self.held_for_ledger(query)? else { continue };
            let digest = self.keep_entry(query, &entry, &people)?;
            last += 1;
            let telling = self.workers.tell(query).await.map_err(broken)?;
            rows.push(LedgerRow {
                number: last,
                request: (*query).to_owned(),
                project: (*project).to_owned(),
                numbers: telling.numbers.len() as u64,
                // Checkers have looked at it; it was no query that cost nothing.
                repeated: 0,
                digest,
                made_at: String::new(),
            });
        }
        Ok(rows)
    }

    /// Puts an entry and its people, sealed, into the ledger's folder; the digest that names them.
    pub(crate) fn keep_entry(&self, query: &str, entry: &[u8], people: &[u8]) -> Result<Digest, HubError> {
        for (what, bytes) in LEDGER_FILES.iter().zip([entry, people]) {
            self.keep(query, what, bytes, &self.store.home().ledger())?;
        }
        Ok(Digest::of(&[entry, people].concat()))
    }

    /// Whether a part of the ledger has its index.
    fn is_indexed(&self, level: usize, number: u64) -> bool {
        self.store.home().ledger().join(format!("{}.index", index_name(level, number))).exists()
    }

    /// Puts what is kept of a query, sealed, in a folder of the home: whole, in the place of what may be there.
    pub(crate) fn keep(&self, query: &str, what: &str, sealed: &[u8], folder: &Path) -> Result<(), HubError> {
        let name = format!("{query}.{what}");
        let staged = self.store.home().staging().join(&name);
        // Of a process that died before it published it.
        remove(&staged)?;
        write_new(&staged, sealed)?;
        Ok(publish(&staged, &folder.join(name))?)
    }
}
