//! What authors put into a request that came back.

use super::{asked_already, changed_meanwhile, stored};
use crate::{Hub, HubError, QueryRecord};
use cloister_access::{Proof, act};
use cloister_airlock::{Action, Actor, OutputKind, View, apply};
use cloister_model::Name;
use cloister_store::RequestState;

/// Of how many of somebody's last queries those that are held are offered.
const HELD_MAX: usize = 200;

/// What an author changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// Another result goes in.
    Add {
        /// The query whose result is held.
        query: String,
        /// Whether it is for the checkers only.
        supporting: bool,
    },
    /// Another result takes an output's place: the votes on the output are gone.
    Replace {
        /// The output.
        output: Name,
        /// The query whose result is held.
        query: String,
    },
}

impl Hub {
    /// The newest results of the person's own in a project that are held and in no release request.
    pub async fn held_results(&self, project: &Name, user: &Name) -> Result<Vec<QueryRecord>, HubError> {
        let (records, _) = self.query_records(user, None, HELD_MAX).await?;
        let free = |r: &QueryRecord| {
            r.user == user.as_str()
                && r.project == project.as_str()
                && r.state == RequestState::Held.as_str()
                && r.release_request.is_none()
        };
        Ok(records.into_iter().filter(free).collect())
    }

    /// Adds a held result of the person's own to a request that is theirs to change, or puts one in another's place.
    pub async fn revise(&self, id: &Name, user: &Name, revision: Revision) -> Result<View, HubError> {
        let (request, project, was) = self.load(id).await?;
        let who = self.reviewer(&project, user).await?;
        let view = self.seen(id, user).await?;
        let (id_of_query, freed) = match &revision {
            Revision::Add { query, .. } => (query, None),
            Revision::Replace { output, query } => {
                let replaced = view.outputs.iter().find(|o| o.name == *output);
                (query, replaced.map(|o| o.query.to_string()))
            }
        };
        let query = self.held_query(&project.name, user, id_of_query).await?;
        let content = self.content(&query)?;
        let action = match revision {
            Revision::Add { supporting, .. } => {
                let kind = if supporting { OutputKind::Supporting } else { OutputKind::Output };
                Action::AddOutput { output: query.id.parse()?, kind, content }
            }
            Revision::Replace { output, .. } => Action::ReplaceOutput { output, content },
        };
        let (after, happened) = apply(&request, &Actor::Person(who), action, self.clock.now())
            .map_err(|e| super::refused(id, e))?;
        if happened.is_empty() {
            return Ok(view);
        }
        let proof: Proof<act::EditRequest> = self.may(user, &self.request_facts(&request).await?).await?;
        let events = self.events(user.as_str(), &after, &happened)?;
        let mut tx = self.store.begin().await?;
        if !tx.change_release_request(&stored(&after)?, was).await? {
            return Err(changed_meanwhile());
        }
        if let Some(freed) = freed {
            tx.free_query(&freed, id.as_str()).await?;
        }
        if !tx.add_release_query(&query.id, id.as_str()).await? {
            return Err(asked_already());
        }
        self.commit(tx, proof, events).await?;
        self.seen(id, user).await
    }
}
