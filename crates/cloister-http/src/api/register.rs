//! The public register.

use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cloister_hub::RegisterEntry;

/// Every project, its purpose and data, and how much left it: for everybody.
#[utoipa::path(
    get, path = "/v1/register", tag = "register", security(()),
    responses((status = 200, body = Vec<RegisterEntry>), Problems)
)]
pub(crate) async fn show(State(state): State<AppState>) -> Result<Json<Vec<RegisterEntry>>, Problem> {
    Ok(Json(state.hub.register().await?))
}
