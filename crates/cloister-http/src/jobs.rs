//! Queries under way in this process: waiting for their end, hearing of it, and ending them.
//!
//! The hub's record is the truth: what is here is lost with the process, whose queries the next one settles.

use cloister_hub::{Answer, Ask, Hub, HubError};
use cloister_model::Name;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tracing::Instrument;

/// How a query that was begun here stands.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// It waits or runs.
    Running,
    /// It ended; where it broke off without an answer, the error's code.
    Ended(Arc<Result<Answer, HubError>>),
}

struct Job {
    owner: Name,
    standing: watch::Receiver<Standing>,
    stop: watch::Sender<bool>,
}

/// Queries under way.
#[derive(Clone, Default)]
pub(crate) struct Jobs {
    running: Arc<Mutex<HashMap<String, Job>>>,
}

impl Jobs {
    /// Begins a query under an id of the caller's choice, unless it is under way already.
    pub(crate) fn begin(
        &self,
        hub: &Hub,
        id: String,
        project: Name,
        owner: Name,
        ask: Ask,
    ) -> watch::Receiver<Standing> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = running.get(&id) {
            return job.standing.clone();
        }
        let (tell, standing) = watch::channel(Standing::Running);
        let (stop, mut stopped) = watch::channel(false);
        let job = Job { owner: owner.clone(), standing: standing.clone(), stop };
        running.insert(id.clone(), job);
        let (hub, jobs) = (hub.clone(), self.clone());
        let span =
            tracing::info_span!(target: "cloister::query", "query", query = id, code = tracing::field::Empty);
        let work = async move {
            let until = async move {
                // Whoever could stop it is gone with the job itself.
                if stopped.wait_for(|stop| *stop).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let answer = hub.ask_as(&id, &project, &owner, &ask, until).await;
            if let Err(error) = &answer {
                tracing::Span::current().record("code", error.code());
                tracing::warn!(query = id, code = error.code(), "a query ended without an answer");
            }
            // Whoever asks from here on finds it in the hub's record.
            jobs.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            let _ = tell.send(Standing::Ended(Arc::new(answer)));
        };
        tokio::spawn(work.instrument(span));
        standing
    }

    /// How a query stands that was begun here by this person.
    pub(crate) fn watch(&self, id: &str, owner: &Name) -> Option<watch::Receiver<Standing>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(id).filter(|job| job.owner == *owner).map(|job| job.standing.clone())
    }

    /// Ends a query of this person's; false where none is under way.
    pub(crate) fn cancel(&self, id: &str, owner: &Name) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get(id).filter(|job| job.owner == *owner) {
            Some(job) => job.stop.send(true).is_ok(),
            None => false,
        }
    }

    /// How many are under way.
    pub(crate) fn count(&self) -> usize {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until all have ended; what is left after a while is ended, and recorded as such.
    pub(crate) async fn drain(&self, patience: Duration) {
        let waited = tokio::time::timeout(patience, self.empty()).await;
        if waited.is_err() {
            for job in self.running.lock().unwrap_or_else(PoisonError::into_inner).values() {
                let _ = job.stop.send(true);
            }
            let _ = tokio::time::timeout(patience, self.empty()).await;
        }
    }

    async fn empty(&self) {
        while self.count() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits for a query's end, but not longer than this.
pub(crate) async fn wait(
    mut standing: watch::Receiver<Standing>,
    at_most: Duration,
) -> Option<Arc<Result<Answer, HubError>>> {
    let ended = standing.wait_for(|standing| matches!(standing, Standing::Ended(_)));
    match tokio::time::timeout(at_most, ended).await {
        Ok(Ok(standing)) => match &*standing {
            Standing::Ended(answer) => Some(Arc::clone(answer)),
            Standing::Running => None,
        },
        Ok(Err(_)) | Err(_) => None,
    }
}
