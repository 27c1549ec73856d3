//! Letting out what an approved request names: its packages are published, and then recorded with it in one
//! transaction. Killed between the two, the next start does it again.

use super::{of_json, refused, stored};
use crate::answer::Heading;
use crate::package::Story;
use crate::{Answer, Hub, HubError, PolicyRef};
use cloister_access::{Principal, Proof, act};
use cloister_airlock::{Action, Actor, Request, State, apply, clear};
use cloister_audit::EventKind;
use cloister_model::{Digest, Name};
use cloister_store::{LedgerRow, Request as Query, RequestState, publish, remove};

impl Hub {
    /// Releases every request that was approved and not released: what a process that died left behind.
    pub(crate) async fn finish_releases(&self) -> Result<(), HubError> {
        for stored in self.store.release_requests().await? {
            if stored.state == State::Approved.as_str() {
                self.finish_release(&stored.id.parse()?).await?;
            }
        }
        Ok(())
    }

    /// Releases an approved request, unless another process does so already.
    pub(super) async fn finish_release(&self, id: &Name) -> Result<(), HubError> {
        let Ok(_lock) = self.store.request_lock(id.as_str()) else { return Ok(()) };
        let (request, _, was) = self.load(id).await?;
        if request.state() != State::Approved {
            return Ok(());
        }
        let mut packages = Vec::new();
        for (output, query) in request.leaving_queries() {
            let found = self.store.request(query.as_str()).await?;
            let query = found.ok_or_else(|| HubError::NotFound("request", query.to_string()))?;
            let digest = self.package(&request, &output, &query).await?;
            packages.push((query, digest));
        }
        let all: Vec<String> =
            packages.iter().map(|(query, digest)| format!("{} {digest}", query.id)).collect();
        let package = Digest::of(all.join("\n").as_bytes());
        let release = Action::Release { package };
        let (after, happened) =
            apply(&request, &Actor::System, release, self.clock.now()).map_err(|e| refused(id, e))?;
        let mut events = self.events("hub", &after, &happened)?;
        let at = events.last().map(|e| e.at.clone()).unwrap_or_default();
        let facts = self.request_facts(&request).await?;
        let proof: Proof<act::ReleasePackage> =
            self.access.may(&Principal::System, &facts, self.clock.now())?;
        let mut tx = self.store.begin().await?;
        if !tx.change_release_request(&stored(&after)?, was).await? {
            return Err(HubError::Internal("an approved request was changed".to_owned()));
        }
        // What was for the checkers only, or left out, stays held and may be asked for.
        let leaving: Vec<&str> = packages.iter().map(|(query, _)| query.id.as_str()).collect();
        tx.free_queries_but(id.as_str(), &leaving).await?;
        let leaving: Vec<(&str, &str)> =
            packages.iter().map(|(query, _)| (query.id.as_str(), query.project.as_str())).collect();
        let rows = self.kept_in_ledger(&leaving).await?;
        for row in &rows {
            tx.add_ledger(&LedgerRow { made_at: at.clone(), ..row.clone() }).await?;
        }
        for (query, digest) in &packages {
            if !tx.move_on(&query.id, RequestState::Held, RequestState::Released, &at).await? {
                return Err(HubError::Internal("a result that was approved is not held".to_owned()));
            }
            tx.add_release(&query.id, *digest, &at).await?;
            let mut event = self
                .event("hub", EventKind::ReleaseMade, query.id.as_str())
                .with("project", query.project.as_str())
                .with("release-request", id.as_str())
                .with("package", digest.to_string());
            if let Some(plan) = &query.plan_digest {
                event = event.with("plan", plan.as_str());
            }
            if let Some(row) = rows.iter().find(|row| row.request == query.id) {
                event = row.logged(event);
            }
            events.push(event);
        }
        self.commit(tx, proof, events).await?;
        self.clear_away(id, &after)
    }

    /// What is left of a release whose process died: before it was recorded it is made again, and after that what was
    /// held is removed.
    pub(crate) async fn recover_release(&self, id: &Name) -> Result<(), HubError> {
        let Ok(_lock) = self.store.request_lock(id.as_str()) else { return Ok(()) };
        let (request, ..) = self.load(id).await?;
        match request.state() {
            State::Released | State::Revoked => self.clear_away(id, &request),
            State::Pending
            | State::Submitted
            | State::PartiallyReviewed
            | State::Reviewed
            | State::Returned
            | State::Approved
            | State::Rejected
            | State::Withdrawn => Ok(()),
        }
    }

    /// Removes what was held of a release, and its lock last.
    fn clear_away(&self, id: &Name, request: &Request) -> Result<(), HubError> {
        let home = self.store.home();
        for query in request.leaving_queries().values() {
            self.forget_held(query.as_str())?;
        }
        Ok(remove(&home.staging().join(format!("{id}.lock")))?)
    }

    /// Makes and publishes one output's package, from the exact bytes that were approved.
    async fn package(&self, request: &Request, output: &Name, query: &Query) -> Result<Digest, HubError> {
        let cleared = clear(request, output, self.held(query)?)
            .map_err(|e| HubError::Internal(format!("{}: {e}", e.code())))?;
        let heading = Heading {
            request: Some(query.id.clone()),
            policy: Some(PolicyRef { name: query.policy_name.clone(), digest: query.policy_digest.clone() }),
            marker: self.policy(&query.policy_name.parse()?)?.marker().to_owned(),
            datasets: of_json(&query.datasets)?,
            plan_digest: query.plan_digest.clone(),
        };
        let answer = Answer::released(heading, &cleared);
        let home = self.store.home();
        let (staged, public) = (home.staging().join(&query.id), home.releases().join(&query.id));
        // Of a process that died before it recorded them.
        remove(&staged)?;
        remove(&public)?;
        let story = Story {
            request: &query.id,
            project: request.project(),
            author: &query.user,
            sql: &query.sql,
            policy: &query.policy_name.parse()?,
            policy_digest: &query.policy_digest,
            datasets: answer.datasets(),
            asked_at: &query.submitted_at,
            checkers: request.approved_by().iter().map(ToString::to_string).collect(),
            release_request: Some(request.id().as_str()),
            reasons: of_json(&query.reasons)?,
        };
        let digest = self.write_package(&staged, &answer, &cleared, &story).await?;
        publish(&staged, &public)?;
        Ok(digest)
    }
}
