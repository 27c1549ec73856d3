//! Datasets: what landed, and who answers for it. Landing itself is never done over a network.

use super::body::{At, Body};
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cloister_hub::DatasetView;
use cloister_model::Name;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The datasets that you may see, each with its versions and what was rejected of them.
#[utoipa::path(get, path = "/v1/datasets", tag = "datasets", responses((status = 200, body = Vec<DatasetView>), Problems))]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<Vec<DatasetView>>, Problem> {
    Ok(Json(state.hub.datasets_of(&caller.name).await?))
}

/// Who answers for a dataset.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOwners {
    /// Information asset owners, by name.
    #[schema(value_type = Vec<String>)]
    owners: BTreeSet<Name>,
}

/// Says who answers for a dataset, in place of those who did.
#[utoipa::path(
    put, path = "/v1/datasets/{dataset}/owners", tag = "datasets", request_body = NewOwners,
    params(("dataset" = String, Path, description = "The dataset.")),
    responses((status = 204, description = "Done."), Problems)
)]
pub(crate) async fn owners(
    State(state): State<AppState>,
    caller: Caller,
    At(dataset): At<Name>,
    Body(new): Body<NewOwners>,
) -> Result<StatusCode, Problem> {
    state.hub.set_dataset_owners(&dataset, &new.owners, &caller.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
