//! The ledger of releases, for checkers.

use super::body::{At, Body};
use super::queries::NewQuery;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cloister_hub::{LedgerStatus, LedgerTold};
use cloister_model::Name;

/// What the ledger holds, project by project.
#[utoipa::path(
    get, path = "/v1/ledger", tag = "ledger",
    responses((status = 200, body = LedgerStatus), Problems)
)]
pub(crate) async fn status(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<LedgerStatus>, Problem> {
    Ok(Json(state.hub.ledger_status(&caller.name).await?))
}

/// What the ledger says of a query: what it holds of a release, or what a held result says beside what was released.
#[utoipa::path(
    get, path = "/v1/ledger/{query}", tag = "ledger",
    params(("query" = String, Path, description = "The query.")),
    responses((status = 200, body = LedgerTold), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At(query): At<String>,
) -> Result<Json<LedgerTold>, Problem> {
    Ok(Json(state.hub.ledger_of(&query, &caller.name).await?))
}

/// What a query would say beside what was released: it runs, and nothing of it is kept.
#[utoipa::path(
    post, path = "/v1/projects/{project}/simulated-releases", tag = "ledger", request_body = NewQuery,
    params(("project" = String, Path, description = "The project.")),
    responses((status = 200, body = LedgerTold), Problems)
)]
pub(crate) async fn simulate(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
    Body(new): Body<NewQuery>,
) -> Result<Json<LedgerTold>, Problem> {
    Ok(Json(state.hub.simulate_release(&project, &caller.name, &new.ask()?).await?))
}
