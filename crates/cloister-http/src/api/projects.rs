//! Projects: who is in them, what they may query, and what administrators and asset owners do to them.

use super::body::{Asked, At, Body};
use super::page::{Page, Window};
use crate::etag;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use cloister_hub::{ProjectState, ProjectView, TableView};
use cloister_model::Name;
use serde::Deserialize;
use utoipa::ToSchema;

/// The projects that you may see.
#[utoipa::path(
    get, path = "/v1/projects", tag = "projects", params(Window),
    responses((status = 200, body = Page<ProjectView>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Asked(window): Asked<Window>,
) -> Result<Json<Page<ProjectView>>, Problem> {
    let all = state.hub.projects_of(&caller.name).await?;
    Ok(Json(window.of(all, |p| p.name.clone())?))
}

/// One project. Its tag is to be sent back with a change.
#[utoipa::path(
    get, path = "/v1/projects/{project}", tag = "projects", params(("project" = String, Path, description = "Its name.")),
    responses((status = 200, body = ProjectView, headers(("etag" = String))), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
) -> Result<impl IntoResponse, Problem> {
    let view = state.hub.project_of(&project, &caller.name).await?;
    Ok(([(header::ETAG, etag::header_of(&etag::tag(&view)))], Json(view)))
}

/// A new project.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProject {
    /// Its file (TOML): people, purpose, legal basis, grants, policy, dates.
    text: String,
}

/// Provisions a project. Its name, in the file, is its key: sent twice, it is there once.
#[utoipa::path(
    post, path = "/v1/projects", tag = "projects", request_body = NewProject,
    responses((status = 201, body = ProjectView), Problems)
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewProject>,
) -> Result<impl IntoResponse, Problem> {
    let project = state.hub.create_project(&new.text, &caller.name).await?;
    let view = state.hub.project_of(&project.name, &caller.name).await?;
    let place = format!("/v1/projects/{}", project.name);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(view)))
}

/// A project's state.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewState {
    /// Which.
    state: Run,
}

/// Whether a project runs.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Run {
    Active,
    Suspended,
    Closed,
}

/// Suspends, resumes or closes a project.
#[utoipa::path(
    put, path = "/v1/projects/{project}/state", tag = "projects", request_body = NewState,
    params(("project" = String, Path, description = "Its name."), ("if-match" = Option<String>, Header, description = "The tag of what you saw.")),
    responses((status = 200, body = ProjectView), Problems)
)]
pub(crate) async fn change_state(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
    headers: HeaderMap,
    Body(new): Body<NewState>,
) -> Result<Json<ProjectView>, Problem> {
    etag::check(&headers, &etag::tag(&state.hub.project_of(&project, &caller.name).await?))?;
    let to = match new.state {
        Run::Active => ProjectState::Active,
        Run::Suspended => ProjectState::Suspended,
        Run::Closed => ProjectState::Closed,
    };
    state.hub.move_project(&project, to, &caller.name).await?;
    Ok(Json(state.hub.project_of(&project, &caller.name).await?))
}

/// Until when somebody may take releases out.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEgress {
    /// The first moment at which they may not any more; one that has passed ends it.
    ends_at: DateTime<Utc>,
}

/// Grants a researcher egress, or ends it. An information asset owner of the data does.
#[utoipa::path(
    put, path = "/v1/projects/{project}/egress/{person}", tag = "projects", request_body = NewEgress,
    params(("project" = String, Path, description = "The project."), ("person" = String, Path, description = "Who.")),
    responses((status = 200, body = ProjectView), Problems)
)]
pub(crate) async fn egress(
    State(state): State<AppState>,
    caller: Caller,
    At((project, person)): At<(Name, Name)>,
    Body(new): Body<NewEgress>,
) -> Result<Json<ProjectView>, Problem> {
    state.hub.grant_egress(&project, &person, new.ends_at, &caller.name).await?;
    Ok(Json(state.hub.project_of(&project, &caller.name).await?))
}

/// Whether somebody must not check a project.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConflict {
    /// Whether there is a conflict of interest.
    declared: bool,
}

/// Declares a conflict of interest with a project, or lifts it.
#[utoipa::path(
    put, path = "/v1/projects/{project}/conflicts/{person}", tag = "projects", request_body = NewConflict,
    params(("project" = String, Path, description = "The project."), ("person" = String, Path, description = "Whose.")),
    responses((status = 204, description = "Done."), Problems)
)]
pub(crate) async fn conflict(
    State(state): State<AppState>,
    caller: Caller,
    At((project, person)): At<(Name, Name)>,
    Body(new): Body<NewConflict>,
) -> Result<StatusCode, Problem> {
    if new.declared {
        state.hub.declare_conflict(&project, &person, &caller.name).await?;
    } else {
        state.hub.lift_conflict(&project, &person, &caller.name).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The data dictionary: what the project's queries may name.
#[utoipa::path(
    get, path = "/v1/projects/{project}/tables", tag = "projects", params(("project" = String, Path, description = "Its name.")),
    responses((status = 200, body = Vec<TableView>), Problems)
)]
pub(crate) async fn tables(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
) -> Result<Json<Vec<TableView>>, Problem> {
    Ok(Json(state.hub.tables(&project, &caller.name).await?))
}

/// One table of the data dictionary.
#[utoipa::path(
    get, path = "/v1/projects/{project}/tables/{table}", tag = "projects",
    params(("project" = String, Path, description = "The project."), ("table" = String, Path, description = "Its name, with or without its schema.")),
    responses((status = 200, body = TableView), Problems)
)]
pub(crate) async fn table(
    State(state): State<AppState>,
    caller: Caller,
    At((project, table)): At<(Name, String)>,
) -> Result<Json<TableView>, Problem> {
    Ok(Json(state.hub.describe(&project, &caller.name, &table).await?))
}
