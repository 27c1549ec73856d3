//! Approvals: which plans may run in a project of approved queries.

use super::body::{At, Body};
use super::queries::key;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use cloister_hub::{Approval, Decided};
use cloister_model::Name;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That a plan may run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalBody {
    /// Its id.
    id: String,
    /// The plan, as its digest.
    plan_digest: String,
    /// The disclosure policy, as its digest.
    policy_digest: String,
    /// The dataset versions that it reads, with their digests.
    #[schema(value_type = Object)]
    datasets: serde_json::Value,
    /// The query.
    sql: String,
    /// Who wrote the query.
    author: String,
    /// The checker who approved it.
    granted_by: String,
    /// When.
    granted_at: String,
    /// Whether it was taken back.
    revoked: bool,
    /// By whom.
    revoked_by: Option<String>,
    /// When that was.
    revoked_at: Option<String>,
}

impl From<Approval> for ApprovalBody {
    fn from(approval: Approval) -> Self {
        let (revoked_by, revoked_at) = approval.revoked.clone().unzip();
        Self {
            datasets: serde_json::from_str(&approval.datasets).unwrap_or_default(),
            revoked_by,
            revoked_at,
            id: approval.id,
            plan_digest: approval.plan_digest.to_string(),
            policy_digest: approval.policy_digest.to_string(),
            sql: approval.sql,
            author: approval.author,
            granted_by: approval.granted_by,
            granted_at: approval.granted_at,
            revoked: approval.revoked.is_some(),
        }
    }
}

/// Which query a checker approves.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum NewApproval {
    /// A query that was asked.
    Query(String),
    /// A saved one, for all values of its parameters.
    #[schema(value_type = String)]
    Saved(Name),
}

/// A project's approvals.
#[utoipa::path(
    get, path = "/v1/projects/{project}/approvals", tag = "approvals",
    params(("project" = String, Path, description = "The project.")),
    responses((status = 200, body = Vec<ApprovalBody>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
) -> Result<Json<Vec<ApprovalBody>>, Problem> {
    let approvals = state.hub.approvals(&project, &caller.name).await?;
    Ok(Json(approvals.into_iter().map(ApprovalBody::from).collect()))
}

/// Approves a query as it is now: its plan, the dataset versions that it reads, the disclosure policy.
#[utoipa::path(
    post, path = "/v1/projects/{project}/approvals", tag = "approvals", request_body = NewApproval,
    params(
        ("project" = String, Path, description = "The project."),
        ("idempotency-key" = Option<String>, Header, description = "Of your choice: the same, sent again, approves once.")
    ),
    responses((status = 201, body = ApprovalBody), Problems)
)]
pub(crate) async fn grant(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
    headers: HeaderMap,
    Body(new): Body<NewApproval>,
) -> Result<(StatusCode, Json<ApprovalBody>), Problem> {
    let decided = match new {
        NewApproval::Query(id) => Decided::Request(id),
        NewApproval::Saved(name) => Decided::Saved(name),
    };
    let key = key(&headers)?;
    let approval = state.hub.grant_approval(&project, &caller.name, &decided, key).await?;
    Ok((StatusCode::CREATED, Json(approval.into())))
}

/// Takes an approval back, for good.
#[utoipa::path(
    delete, path = "/v1/projects/{project}/approvals/{approval}", tag = "approvals",
    params(("project" = String, Path, description = "The project."), ("approval" = String, Path, description = "Its id.")),
    responses((status = 204, description = "Done."), Problems)
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    At((project, approval)): At<(Name, String)>,
) -> Result<StatusCode, Problem> {
    state.hub.revoke_approval(&project, &caller.name, &approval).await?;
    Ok(StatusCode::NO_CONTENT)
}
