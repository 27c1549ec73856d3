//! The disclosure policies in force.

use super::body::At;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cloister_hub::PolicyView;
use cloister_model::Name;

/// The disclosure policies, by name.
#[utoipa::path(get, path = "/v1/policies", tag = "policies", responses((status = 200, body = Vec<PolicyView>), Problems))]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<Vec<PolicyView>>, Problem> {
    Ok(Json(state.hub.policies(&caller.name).await?))
}

/// One of them.
#[utoipa::path(
    get, path = "/v1/policies/{policy}", tag = "policies", params(("policy" = String, Path, description = "Its name.")),
    responses((status = 200, body = PolicyView), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At(policy): At<Name>,
) -> Result<Json<PolicyView>, Problem> {
    let found = state.hub.policies(&caller.name).await?.into_iter().find(|p| p.name == policy.as_str());
    found.map(Json).ok_or_else(Problem::absent)
}
