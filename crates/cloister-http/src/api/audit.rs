//! The audit log, for those who may read it. That they read it is in it.

use super::body::{Asked, At};
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use cloister_hub::{AuditQuery, EventKind, HubError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Which events.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Those after this number.
    #[serde(default)]
    after: u64,
    /// How many at most: 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// Only those of this kind.
    kind: Option<String>,
    /// Only what this person did.
    actor: Option<String>,
    /// Only what was done to things whose name holds this.
    subject: Option<String>,
}

/// An event of the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// Its number, from 1.
    number: u64,
    /// When.
    at: String,
    /// Who.
    actor: String,
    /// What.
    kind: String,
    /// To what.
    subject: String,
    /// More of it.
    details: BTreeMap<String, serde_json::Value>,
}

/// How the log is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Verified {
    /// Records under its checkpoints.
    records: u64,
    /// Signed checkpoints.
    checkpoints: u64,
}

/// Events, oldest first.
#[utoipa::path(
    get, path = "/v1/audit/events", tag = "audit", params(Wanted),
    responses((status = 200, body = Vec<EventBody>), Problems)
)]
pub(crate) async fn events(
    State(state): State<AppState>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Vec<EventBody>>, Problem> {
    let limit = match wanted.limit.unwrap_or(50) {
        limit @ 1..=200 => usize::from(limit),
        _ => return Err(Problem::new(400, "parameter", "`limit` must be from 1 to 200.")),
    };
    let kind = match wanted.kind {
        None => None,
        Some(text) => Some(
            EventKind::parse(&text)
                .ok_or_else(|| Problem::new(400, "parameter", "`kind` names no kind of event."))?,
        ),
    };
    if i64::try_from(wanted.after).is_err() {
        return Err(Problem::new(400, "parameter", "`after` is more than there can be."));
    }
    let query = AuditQuery { after: wanted.after, limit, kind, actor: wanted.actor, subject: wanted.subject };
    let events =
        state.hub.read_audit(&query, &caller.name).await?.into_iter().map(|(number, event)| EventBody {
            number,
            at: event.at,
            actor: event.actor,
            kind: event.kind.as_str().to_owned(),
            subject: event.subject,
            details: event.details,
        });
    Ok(Json(events.collect()))
}

/// The whole log, a line for each record and then for each checkpoint: what `cloister audit verify` reads without a hub.
#[utoipa::path(
    get, path = "/v1/audit/export", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain"), Problems)
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<impl IntoResponse, Problem> {
    let text = state.hub.export_audit_for(&caller.name).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text))
}

/// The proof that a record is in the log, a line that `cloister verify` checks with the hub's public key alone.
#[utoipa::path(
    get, path = "/v1/audit/records/{number}/receipt", tag = "audit",
    params(("number" = u64, Path, description = "The record's number, from 1.")),
    responses((status = 200, body = Object, content_type = "application/json"), Problems)
)]
pub(crate) async fn receipt(
    State(state): State<AppState>,
    caller: Caller,
    At(number): At<u64>,
) -> Result<impl IntoResponse, Problem> {
    let receipt = state.hub.audit_receipt_for(number, &caller.name).await?;
    let line = receipt.to_line().map_err(|e| HubError::Internal(e.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], line))
}

/// The proof that the log only grew since the checkpoint that covers that many records.
#[utoipa::path(
    get, path = "/v1/audit/checkpoints/{size}/consistency", tag = "audit",
    params(("size" = u64, Path, description = "How many records the earlier checkpoint covers.")),
    responses((status = 200, body = Object, content_type = "application/json"), Problems)
)]
pub(crate) async fn consistency(
    State(state): State<AppState>,
    caller: Caller,
    At(size): At<u64>,
) -> Result<impl IntoResponse, Problem> {
    let proof = state.hub.audit_consistency_for(size, &caller.name).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], proof.to_line()))
}

/// Verifies the whole log against its signed checkpoints.
#[utoipa::path(
    post, path = "/v1/audit/verify", tag = "audit", responses((status = 200, body = Verified), Problems)
)]
pub(crate) async fn verify(State(state): State<AppState>, caller: Caller) -> Result<Json<Verified>, Problem> {
    let report = state.hub.verify_audit_for(&caller.name).await?;
    Ok(Json(Verified { records: report.records, checkpoints: report.checkpoints }))
}
