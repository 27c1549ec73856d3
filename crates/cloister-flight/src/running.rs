//! A statement: asked as a governed query, waited for, and ended when whoever asked goes away.

use crate::call::Caller;
use crate::fault::{internal, of_error, of_query, of_reason, status};
use cloister_hub::{Answer, Ask, Hub, HubError, Reason, Status as Outcome};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tonic::{Code, Status};
use tracing::Instrument;

/// Statements under way at once.
const STATEMENTS_MAX: usize = 256;

/// What a statement came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// There is a released table of this query.
    Released(String),
    /// It made or dropped something; there is no table.
    Done,
}

/// Statements under way.
#[derive(Clone, Debug)]
pub(crate) struct Running(Arc<Semaphore>);

impl Running {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(STATEMENTS_MAX)))
    }

    /// Runs a statement to its end, unless the same one has been released already, or waits for checkers. When the future is
    /// dropped, because the client cancelled or is gone, the query ends and is recorded as cancelled.
    pub(crate) async fn statement(&self, hub: &Hub, caller: &Caller, sql: &str) -> Result<Came, Status> {
        let project = caller.project(hub).await?;
        let before = hub.asked_before(&project, &caller.name, sql).await.map_err(|e| of_error(&e))?;
        if let Some(record) = before {
            return match record.state.as_str() {
                "released" => Ok(Came::Released(record.id)),
                _ => Err(held(&record.id, record.release_request.as_deref(), &record.reasons)),
            };
        }
        let permit = Arc::clone(&self.0).try_acquire_owned();
        let permit = permit
            .map_err(|_| status(Code::ResourceExhausted, "busy", "The hub has no room for this now."))?;
        let id = hub.query_id(&caller.name, None).map_err(|e| of_error(&e))?;
        let (answer, guard) = begin(permit, hub, id.clone(), project, caller, sql);
        let answer = answer.await;
        drop(guard);
        match answer {
            Ok(Ok(answer)) => came(&id, &answer),
            Ok(Err(error)) => Err(of_query(of_error(&error), &id)),
            Err(_) => Err(internal()),
        }
    }

    /// Waits until every statement has ended, but not longer than this.
    pub(crate) async fn drain(&self, patience: Duration) {
        let all = u32::try_from(STATEMENTS_MAX).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(patience, self.0.acquire_many(all)).await;
        self.0.close();
    }
}

/// Ends a query when it is dropped.
struct Guard(Option<oneshot::Sender<()>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(stop) = self.0.take() {
            let _ = stop.send(());
        }
    }
}

/// Begins a query that lives on its own, so that its end is recorded whoever still listens.
fn begin(
    permit: OwnedSemaphorePermit,
    hub: &Hub,
    id: String,
    project: cloister_model::Name,
    caller: &Caller,
    sql: &str,
) -> (oneshot::Receiver<Result<Answer, HubError>>, Guard) {
    let (tell, told) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let (hub, user, ask) = (hub.clone(), caller.name.clone(), Ask::sql(sql));
    let span =
        tracing::info_span!(target: "cloister::query", "query", query = id, code = tracing::field::Empty);
    let work = async move {
        let until = async move {
            let _ = stopped.await;
        };
        let began = Instant::now();
        let answer = hub.ask_as(&id, &project, &user, &ask, until).await;
        let took = began.elapsed().as_secs_f64();
        tracing::debug!(target: "cloister::query", query = id, took, "a statement ended");
        if let Err(error) = &answer {
            tracing::Span::current().record("code", error.code());
            tracing::warn!(query = id, code = error.code(), "a query ended without an answer");
        }
        let _ = tell.send(answer);
        drop(permit);
    };
    tokio::spawn(work.instrument(span));
    (told, Guard(Some(stop)))
}

fn came(id: &str, answer: &Answer) -> Result<Came, Status> {
    match answer.status() {
        Outcome::Released => Ok(Came::Released(id.to_owned())),
        Outcome::Created | Outcome::Dropped => Ok(Came::Done),
        Outcome::Held => Err(held(id, None, answer.reasons())),
        Outcome::Refused | Outcome::Failed => {
            let mut said = answer.reasons().first().map_or_else(internal, of_reason);
            if answer.status() == Outcome::Failed && said.code() == Code::InvalidArgument {
                // However it broke off, one thing is told.
                let metadata = std::mem::take(said.metadata_mut());
                said = Status::with_metadata(Code::Aborted, said.message(), metadata);
            }
            Err(if answer.request().is_some() { of_query(said, id) } else { said })
        }
    }
}

/// What is told of a result that waits for checkers: as much as on the pages.
fn held(id: &str, release_request: Option<&str>, reasons: &[Reason]) -> Status {
    let codes: Vec<&str> = reasons.iter().map(|r| r.code.as_str()).collect();
    let next = match release_request {
        Some(request) => format!("It is in the release request {request}."),
        None => "Ask for its release in the pages, or with `cloister airlock request`.".to_owned(),
    };
    let text = format!(
        "The result of {id} waits for checkers ({}). {next} Once it is released, the same statement returns it.",
        codes.join(", ")
    );
    of_query(status(Code::FailedPrecondition, "held", &text), id)
}
