//! Whether the server lives, whether it can do its work, and what it counts.

use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// How the server is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The process lives.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers: requests can be sent here.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", security(()),
    responses((status = 200, body = Health), (status = 503, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Health>, Problem> {
    match state.hub.is_ready().await {
        Ok(()) => Ok(Json(Health { status: "ok" })),
        Err(error) => {
            tracing::error!(error = %error, "the hub is not ready");
            Err(Problem::new(503, "not-ready", "The hub cannot do its work now."))
        }
    }
}

/// What is counted, as Prometheus reads it: requests by route, durations, queries under way. For who may see whether the
/// hub is well.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        Problems
    )
)]
pub(crate) async fn metrics(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    state.hub.may_see_health(&caller.name).await?;
    let metrics =
        state.metrics.as_ref().ok_or_else(|| Problem::new(503, "no-metrics", "Nothing is counted."))?;
    metrics::gauge!("cloister_queries_running")
        .set(f64::from(u32::try_from(state.jobs.count()).unwrap_or(u32::MAX)));
    let text = metrics.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
