//! Queries: asking, explaining, trying on invented rows, hearing how it goes, fetching what was released.

use super::body::{Asked, At, Body};
use super::page::{Page, Window};
use crate::guard::Caller;
use crate::jobs::{Standing, wait};
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use cloister_hub::{
    Answer, Ask, DatasetRef, Explained, HubError, PackageFile, QueryRecord, Reason, Status, TwinAnswer,
};
use cloister_model::Name;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use utoipa::ToSchema;

/// A query as it is asked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQuery {
    /// The SQL; absent with a saved query.
    #[serde(default)]
    sql: Option<String>,
    /// A saved query's name.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    saved: Option<Name>,
    /// Declared domains of parameters, by name: `int:1900..2010:10`.
    #[serde(default)]
    domains: BTreeMap<String, String>,
    /// Values of parameters, by name.
    #[serde(default)]
    values: BTreeMap<String, String>,
}

impl NewQuery {
    pub(super) fn ask(self) -> Result<Ask, Problem> {
        if self.sql.is_some() == self.saved.is_some() {
            return Err(Problem::new(422, "query", "Send either `sql` or `saved`."));
        }
        Ok(Ask {
            sql: self.sql.unwrap_or_default(),
            saved: self.saved,
            domains: self.domains.into_iter().collect(),
            values: self.values.into_iter().collect(),
        })
    }
}

/// A query as it is recorded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueryBody {
    /// Its id.
    id: String,
    /// The project.
    project: String,
    /// Who asked.
    author: String,
    /// The SQL, with the values of its parameters at its head.
    sql: String,
    /// `running`, `refused`, `failed`, `interrupted`, `held`, `released`, `revoked`, `created` or `dropped`.
    state: String,
    /// The disclosure policy.
    policy: String,
    /// The digest of its text.
    policy_digest: String,
    /// The dataset versions.
    datasets: Vec<DatasetRef>,
    /// The digest that names its plan.
    plan_digest: Option<String>,
    /// Why it was refused or is held.
    reasons: Vec<Reason>,
    /// When it was asked.
    submitted_at: String,
    /// When it ended.
    settled_at: Option<String>,
    /// The released table, where this is the answer to asking, and you have the right of egress.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<serde_json::Value>,
}

impl From<QueryRecord> for QueryBody {
    fn from(record: QueryRecord) -> Self {
        Self {
            id: record.id,
            project: record.project,
            author: record.user,
            sql: record.sql,
            state: record.state,
            policy: record.policy,
            policy_digest: record.policy_digest,
            datasets: record.datasets,
            plan_digest: record.plan_digest,
            reasons: record.reasons,
            submitted_at: record.submitted_at,
            settled_at: record.settled_at,
            answer: None,
        }
    }
}

/// The seconds that a request wants to wait (RFC 7240: `Prefer: wait=10`).
fn patience(headers: &HeaderMap) -> Duration {
    let all = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok());
    let wait = all.flat_map(|v| v.split(',')).find_map(|one| one.trim().strip_prefix("wait=")?.parse().ok());
    Duration::from_secs(wait.unwrap_or(10))
}

/// The key that a request names, so that the same request sent again is not done again.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|k| (8..=128).contains(&k.len()));
    text.map(Some).ok_or_else(|| {
        Problem::new(400, "idempotency-key", "`Idempotency-Key` must be 8 to 128 printable characters.")
    })
}

/// Asks a query. It waits for its end for as long as `Prefer: wait=SECONDS` says (10 where absent); one that is still under
/// way then is answered with 202 and where to look. A released table comes with the answer; a held result is with the
/// checkers; a refusal is an answer too, with its reasons.
#[utoipa::path(
    post, path = "/v1/projects/{project}/queries", tag = "queries", request_body = NewQuery,
    params(
        ("project" = String, Path, description = "The project."),
        ("idempotency-key" = Option<String>, Header, description = "Of your choice: the same, sent again, runs once."),
        ("prefer" = Option<String>, Header, description = "`wait=SECONDS`")
    ),
    responses((status = 201, body = QueryBody), (status = 202, body = QueryBody), Problems)
)]
pub(crate) async fn ask(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
    headers: HeaderMap,
    Body(new): Body<NewQuery>,
) -> Result<Response, Problem> {
    let ask = new.ask()?;
    let id = state.hub.query_id(&caller.name, key(&headers)?)?;
    let standing = state.jobs.begin(&state.hub, id.clone(), project, caller.name.clone(), ask);
    let at_most = patience(&headers).min(state.settings.wait_max);
    let place = [(header::LOCATION, format!("/v1/queries/{id}"))];
    let Some(ended) = wait(standing, at_most).await else {
        // It may not have been recorded yet: then it is known to be under way, and nothing else.
        return match state.hub.query_record(&id, &caller.name).await {
            Ok(record) => Ok((StatusCode::ACCEPTED, place, Json(QueryBody::from(record))).into_response()),
            Err(HubError::NotFound(..)) => {
                Err(Problem::new(503, "busy", "The query has not begun yet.").retry_after(1))
            }
            Err(error) => Err(error.into()),
        };
    };
    match ended.as_ref() {
        Ok(answer) => {
            let body = settled(&state, &id, &caller, answer).await?;
            Ok((StatusCode::CREATED, place, Json(body)).into_response())
        }
        // An error cannot be had twice: what it is goes to whoever asks, as its code.
        Err(error) => Err(Problem::of_error(error)),
    }
}

async fn settled(state: &AppState, id: &str, caller: &Caller, answer: &Answer) -> Result<QueryBody, Problem> {
    if answer.request().is_none() {
        // Turned away at the door: nothing was recorded.
        let reason = answer.reasons().first().cloned();
        return Err(reason.map_or_else(Problem::internal, |r| Problem::of_reason(403, &r)));
    }
    let record = state.hub.query_record(id, &caller.name).await?;
    let mut body = QueryBody::from(record);
    if answer.status() == Status::Released {
        // From the package, as whoever fetches it: without the right of egress a release is there, and stays there.
        body.answer = match state.hub.fetch(id, &caller.name, PackageFile::Json).await {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|_| Problem::internal())?),
            Err(HubError::Denied(_)) => None,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(body)
}

/// Whether the project is one for whoever asked.
fn exists(reasons: &[Reason]) -> Result<(), Problem> {
    match reasons.iter().find(|r| r.code == "not-a-researcher") {
        Some(_) => Err(Problem::absent()),
        None => Ok(()),
    }
}

/// What the checks say of a query: nothing runs, and no number comes from data.
#[utoipa::path(
    post, path = "/v1/projects/{project}/explain", tag = "queries", request_body = NewQuery,
    params(("project" = String, Path, description = "The project.")),
    responses((status = 200, body = Explained), Problems)
)]
pub(crate) async fn explain(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
    Body(new): Body<NewQuery>,
) -> Result<Json<Explained>, Problem> {
    let explained = state.hub.explain(&project, &caller.name, &new.ask()?).await?;
    exists(&explained.reasons)?;
    Ok(Json(explained))
}

/// Runs a query on the synthetic twin: invented rows of the same tables.
#[utoipa::path(
    post, path = "/v1/projects/{project}/twin", tag = "queries", request_body = NewQuery,
    params(("project" = String, Path, description = "The project.")),
    responses((status = 200, body = TwinAnswer), Problems)
)]
pub(crate) async fn twin(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
    Body(new): Body<NewQuery>,
) -> Result<Json<TwinAnswer>, Problem> {
    let tried = state.hub.try_on_twin(&project, &caller.name, &new.ask()?).await?;
    exists(&tried.reasons)?;
    Ok(Json(tried))
}

/// The queries that you may see, newest first.
#[utoipa::path(
    get, path = "/v1/queries", tag = "queries", params(Window),
    responses((status = 200, body = Page<QueryBody>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Asked(window): Asked<Window>,
) -> Result<Json<Page<QueryBody>>, Problem> {
    let limit = window.limit()?;
    let found = state.hub.query_records(&caller.name, window.after.as_deref(), limit).await;
    let (records, next) = found.map_err(|e| window.wrong(e))?;
    Ok(Json(Page { items: records.into_iter().map(QueryBody::from).collect(), next }))
}

/// One query.
#[utoipa::path(
    get, path = "/v1/queries/{query}", tag = "queries", params(("query" = String, Path, description = "Its id.")),
    responses((status = 200, body = QueryBody), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At(query): At<String>,
) -> Result<Json<QueryBody>, Problem> {
    Ok(Json(state.hub.query_record(&query, &caller.name).await?.into()))
}

/// An event of how a query goes.
#[derive(Serialize, ToSchema)]
struct StateEvent {
    /// `state`
    event: String,
    /// JSON: `{"state": "…"}`
    data: String,
}

/// How a query goes: an event `state` whenever its state changes, and no more after the last. The moments at which events
/// come say nothing that asking again and again would not.
#[utoipa::path(
    get, path = "/v1/queries/{query}/events", tag = "queries", params(("query" = String, Path, description = "Its id.")),
    responses((status = 200, body = StateEvent, content_type = "text/event-stream"), Problems)
)]
pub(crate) async fn events(
    State(state): State<AppState>,
    caller: Caller,
    At(query): At<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let record = state.hub.query_record(&query, &caller.name).await?;
    let watched = state.jobs.watch(&query, &caller.name).filter(|_| record.state == "running");
    let later = async move {
        let mut standing = watched?;
        let _ = standing.wait_for(|standing| matches!(standing, Standing::Ended(_))).await;
        let record = state.hub.query_record(&query, &caller.name).await.ok()?;
        Some(record.state)
    };
    let first = futures::stream::iter([record.state.clone()]);
    let then = futures::stream::once(later).filter_map(std::future::ready);
    let events = first.chain(then).map(|state| {
        let data = serde_json::json!({ "state": state }).to_string();
        Ok(Event::default().event("state").data(data))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Ends a query of yours that waits or runs. It is recorded as cancelled.
#[utoipa::path(
    post, path = "/v1/queries/{query}/cancel", tag = "queries", params(("query" = String, Path, description = "Its id.")),
    responses((status = 202, body = QueryBody), Problems)
)]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    At(query): At<String>,
) -> Result<impl IntoResponse, Problem> {
    let record = state.hub.query_record(&query, &caller.name).await?;
    if !state.jobs.cancel(&query, &caller.name) {
        return Err(Problem::new(409, "not-running", "The query is not under way."));
    }
    Ok((StatusCode::ACCEPTED, Json(QueryBody::from(record))))
}

/// A file of a release: `package.zip` is all of it; `table.csv`, `table.parquet`, `table.arrow`, `answer.json`, `query.sql`,
/// `policy.toml`, `decision.json`, `release.html`, `ro-crate-metadata.json`. Fetching is recorded.
#[utoipa::path(
    get, path = "/v1/queries/{query}/files/{file}", tag = "queries",
    params(("query" = String, Path, description = "The query's id."), ("file" = String, Path, description = "The file's name.")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), Problems)
)]
pub(crate) async fn file(
    State(state): State<AppState>,
    caller: Caller,
    At((query, file)): At<(String, String)>,
) -> Result<Response, Problem> {
    let file = PackageFile::ALL.into_iter().find(|f| f.name() == file).ok_or_else(Problem::absent)?;
    let bytes = state.hub.fetch(&query, &caller.name, file).await?;
    Ok(attachment(&query, file.name(), kind(file), bytes))
}

/// A file for keeping: no browser shows it as a page of ours.
pub(crate) fn attachment(of: &str, name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{of}-{name}\"");
    let disposition = HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)],
        bytes,
    )
        .into_response()
}

/// The media type of a file of a release.
pub(crate) fn kind(file: PackageFile) -> &'static str {
    match file {
        PackageFile::Csv => "text/csv; charset=utf-8",
        PackageFile::Parquet => "application/vnd.apache.parquet",
        PackageFile::Policy => "application/toml",
        PackageFile::Decision | PackageFile::Crate => "application/json",
        PackageFile::Zip => "application/zip",
        PackageFile::Json => "application/json",
        PackageFile::Arrow => "application/vnd.apache.arrow.stream",
        PackageFile::Sql => "application/sql",
        PackageFile::Page => "text/html; charset=utf-8",
    }
}
