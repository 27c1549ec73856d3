//! Queries that a project keeps by name.

use super::body::{At, Body};
use crate::etag;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use cloister_hub::SavedQuery;
use cloister_model::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A query that is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SavedBody {
    /// Its name in the project.
    name: String,
    /// Its text, with the declarations of its parameters at its head.
    text: String,
    /// Who wrote it.
    author: String,
    /// When.
    saved_at: String,
    /// The digest that names its plan, where it was kept just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_digest: Option<String>,
}

impl From<SavedQuery> for SavedBody {
    fn from(saved: SavedQuery) -> Self {
        Self {
            name: saved.name,
            text: saved.text,
            author: saved.author,
            saved_at: saved.saved_at,
            plan_digest: None,
        }
    }
}

/// A query to keep.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSaved {
    /// The SQL.
    sql: String,
    /// Declared domains of its parameters, by name.
    #[serde(default)]
    domains: BTreeMap<String, String>,
}

/// What a project keeps, by name.
#[utoipa::path(
    get, path = "/v1/projects/{project}/saved", tag = "queries",
    params(("project" = String, Path, description = "The project.")),
    responses((status = 200, body = Vec<SavedBody>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    At(project): At<Name>,
) -> Result<Json<Vec<SavedBody>>, Problem> {
    let saved = state.hub.saved_queries(&project, &caller.name).await?;
    Ok(Json(saved.into_iter().map(SavedBody::from).collect()))
}

/// One of them.
#[utoipa::path(
    get, path = "/v1/projects/{project}/saved/{name}", tag = "queries",
    params(("project" = String, Path, description = "The project."), ("name" = String, Path, description = "The query's name.")),
    responses((status = 200, body = SavedBody, headers(("etag" = String))), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At((project, name)): At<(Name, Name)>,
) -> Result<impl IntoResponse, Problem> {
    let body = SavedBody::from(state.hub.saved_query(&project, &caller.name, &name).await?);
    Ok(([(header::ETAG, etag::header_of(&etag::tag(&body)))], Json(body)))
}

/// Keeps a query, in the place of an earlier one of the same name.
#[utoipa::path(
    put, path = "/v1/projects/{project}/saved/{name}", tag = "queries", request_body = NewSaved,
    params(
        ("project" = String, Path, description = "The project."), ("name" = String, Path, description = "The query's name."),
        ("if-match" = Option<String>, Header, description = "The tag of what you saw.")
    ),
    responses((status = 200, body = SavedBody), Problems)
)]
pub(crate) async fn keep(
    State(state): State<AppState>,
    caller: Caller,
    At((project, name)): At<(Name, Name)>,
    headers: HeaderMap,
    Body(new): Body<NewSaved>,
) -> Result<Json<SavedBody>, Problem> {
    if headers.contains_key(header::IF_MATCH) {
        let body = SavedBody::from(state.hub.saved_query(&project, &caller.name, &name).await?);
        etag::check(&headers, &etag::tag(&body))?;
    }
    let domains: Vec<(String, String)> = new.domains.into_iter().collect();
    let plan = state.hub.save_query(&project, &caller.name, &name, &new.sql, &domains).await?;
    let saved = SavedBody::from(state.hub.saved_query(&project, &caller.name, &name).await?);
    Ok(Json(SavedBody { plan_digest: Some(plan.to_string()), ..saved }))
}

/// Forgets a query.
#[utoipa::path(
    delete, path = "/v1/projects/{project}/saved/{name}", tag = "queries",
    params(("project" = String, Path, description = "The project."), ("name" = String, Path, description = "The query's name.")),
    responses((status = 204, description = "Done."), Problems)
)]
pub(crate) async fn forget(
    State(state): State<AppState>,
    caller: Caller,
    At((project, name)): At<(Name, Name)>,
) -> Result<StatusCode, Problem> {
    state.hub.remove_saved_query(&project, &caller.name, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
