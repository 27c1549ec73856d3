//! The tables and views that a project has made for itself. Queries make and drop them.

use super::body::At;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cloister_model::Name;
use serde::Serialize;
use utoipa::ToSchema;

/// A workspace table or view. Nothing is said of how much is in it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceBody {
    /// Its name in the schema `workspace`.
    name: String,
    /// `view`, or a table of `people`, `groups` or `reference` rows.
    kind: String,
    /// Its columns.
    columns: Vec<WorkspaceColumnBody>,
    /// Who made it.
    made_by: String,
    /// When.
    made_at: String,
    /// From when on it may not be used.
    expires_at: String,
    /// Why it may not be used now.
    unusable: Option<String>,
}

/// A column of a workspace table or view.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceColumnBody {
    /// Its name.
    name: String,
    /// Its type.
    #[serde(rename = "type")]
    data_type: String,
}

/// What a project's workspace holds.
#[utoipa::path(
    get, path = "/v1/projects/{project}/workspace", tag = "projects",
    params(("project" = String, Path, description = "The project.")),
    responses((status = 200, body = Vec<WorkspaceBody>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
) -> Result<Json<Vec<WorkspaceBody>>, Problem> {
    let entries = state.hub.workspace_entries(&project, &caller.name).await?.into_iter();
    let bodies = entries.map(|entry| WorkspaceBody {
        name: entry.name.to_string(),
        kind: entry.kind.to_owned(),
        columns: entry
            .columns
            .into_iter()
            .map(|c| WorkspaceColumnBody { name: c.name.to_string(), data_type: c.data_type.to_string() })
            .collect(),
        made_by: entry.made_by,
        made_at: entry.made_at,
        expires_at: entry.expires_at,
        unusable: entry.unusable.map(str::to_owned),
    });
    Ok(Json(bodies.collect()))
}
