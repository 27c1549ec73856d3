//! Lists of release requests: what exists for somebody, a batch at a time, however many there are.

use crate::{Hub, HubError};
use cloister_airlock::{Person, State, Turn, View, view_for};
use cloister_model::Name;
use std::collections::HashMap;

/// How many are read at once, at most.
const BATCH: usize = 200;

/// Which release requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseList {
    /// All, oldest first.
    All,
    /// Those that wait for somebody, oldest first.
    Open,
    /// Those that wait for nobody any more, newest first.
    Over,
}

impl ReleaseList {
    fn states(self) -> Vec<&'static str> {
        let wanted = |state: &State| match self {
            Self::All => true,
            Self::Open => state.whose_turn() != Turn::Nobody,
            Self::Over => state.whose_turn() == Turn::Nobody,
        };
        State::ALL.iter().filter(|s| wanted(s)).map(|s| s.as_str()).collect()
    }

    fn newest_first(self) -> bool {
        match self {
            Self::Over => true,
            Self::All | Self::Open => false,
        }
    }
}

impl Hub {
    /// The release requests that exist for a person: at most so many after this one, and whether there are more.
    pub async fn release_requests_after(
        &self,
        user: &Name,
        list: ReleaseList,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<View>, bool), HubError> {
        let (states, mut after) = (list.states(), after.map(str::to_owned));
        if let Some(id) = &after
            && self.store.release_request(id).await?.is_none()
        {
            return Err(HubError::NotFound("release request", id.clone()));
        }
        // Who they are to each project is asked once.
        let mut persons: HashMap<String, Person> = HashMap::new();
        let mut views = Vec::new();
        let size = limit.saturating_add(1).clamp(20, BATCH);
        loop {
            let newest_first = list.newest_first();
            let batch =
                self.store.release_requests_after(&states, newest_first, after.as_deref(), size).await?;
            let last = batch.len() < size;
            after = batch.last().map(|stored| stored.id.clone());
            for stored in batch {
                if !persons.contains_key(&stored.project) {
                    let project = self.parsed(&self.stored_project(&stored.project.parse()?).await?)?;
                    persons.insert(stored.project.clone(), self.reviewer(&project, user).await?);
                }
                let request = super::of_json(&stored.body)?;
                let seen = persons.get(&stored.project).and_then(|person| view_for(&request, person));
                if let Some(view) = seen {
                    if views.len() == limit {
                        return Ok((views, true));
                    }
                    views.push(view);
                }
            }
            if last {
                return Ok((views, false));
            }
        }
    }

    /// Every release request that exists for a person, oldest first.
    pub async fn release_requests(&self, user: &Name) -> Result<Vec<View>, HubError> {
        Ok(self.release_requests_after(user, ReleaseList::All, None, usize::MAX).await?.0)
    }
}
