//! The ledger: what leaves is compared with all that has left, and is in it with the same transaction.

use crate::recover::LEDGER_FILES;
use crate::{Hub, HubError, Reason};
use cloister_airlock::Request;
use cloister_disclosure::Policy;
use cloister_model::{Digest, Name};
use cloister_store::{LedgerRow, publish, remove, write_new};
use cloister_worker::{CompareJob, Finding, LedgerPast, ToLedger};
use std::path::Path;
use tokio::sync::OwnedMutexGuard;

/// An entry and its people, sealed.
type Sealed = (Vec<u8>, Vec<u8>);

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
        let sealed = (kept.entry.clone(), kept.people.clone());
        let past = since.into_iter().map(|row| row.request).collect();
        let found = self.found_beside(request, sealed, past, Vec::new(), policy).await?;
        Ok(found.is_empty().then_some((guard, newest)))
    }

    /// What a result says beside earlier entries, and beside others that would leave with it.
    async fn found_beside(
        &self,
        request: &str,
        sealed: Sealed,
        past: Vec<String>,
        beside: Vec<(String, Vec<u8>, Vec<u8>)>,
        policy: &Policy,
    ) -> Result<Vec<Finding>, HubError> {
        let job = CompareJob {
            request: request.to_owned(),
            sealed,
            past,
            beside,
            people_min: policy.contributors_min(),
            zeros_shown: policy.permits(0),
        };
        let broken = |failure| HubError::Internal(format!("the ledger: {failure}"));
        self.workers.compare(job).await.map_err(broken)
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
            let sealed = (entry.clone(), people.clone());
            let found =
                self.found_beside(query.as_str(), sealed, past.clone(), beside.clone(), &policy).await?;
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
        let Some(mut exhibit) = self.exhibit(query)? else {
            return Err(HubError::Internal("a result that was compared has no exhibit".to_owned()));
        };
        let new: Vec<Finding> = found.into_iter().filter(|f| !exhibit.ledger.contains(f)).collect();
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
            for (what, bytes) in LEDGER_FILES.iter().zip([&entry, &people]) {
                self.keep(query, what, bytes, &self.store.home().ledger())?;
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
