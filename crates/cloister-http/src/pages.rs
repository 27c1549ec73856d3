//! The pages, made here and whole without a script. The table of contents.

mod account;
mod answer;
mod api_docs;
mod assets;
mod audit;
mod chart;
mod desk;
mod desk_acts;
mod evidence;
mod fields;
mod home;
mod landings;
mod layout;
mod people;
mod policies;
mod projects;
mod provider;
mod queries;
mod query;
mod register;
mod reports;
mod request;
mod sign_in;
mod visitor;

pub(crate) use provider::{problem as provider_problem, unknown as unknown_to};

use crate::guard::limit_sign_in;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

/// Every page.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let door = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::password))
        .route("/sign-in/code", get(sign_in::show_code).post(sign_in::code))
        .route("/sign-in/password", get(sign_in::show_choose).post(sign_in::choose))
        .route("/sign-in/provider", get(provider::begin))
        .route(crate::provider::CALLBACK, get(provider::finish))
        .route_layer(from_fn_with_state(state.clone(), limit_sign_in));
    Router::new()
        .merge(door)
        .route("/sign-out", post(sign_in::out))
        .route("/", get(home::show))
        .route("/register", get(register::show))
        .route("/projects", get(projects::list).post(projects::create))
        .route("/projects/{project}", get(projects::show).post(projects::act))
        .route("/projects/{project}/tables", get(projects::tables))
        .route("/projects/{project}/query", get(query::show).post(query::send))
        .route("/queries", get(queries::list))
        .route("/queries/{query}", get(queries::show).post(queries::act))
        .route("/queries/{query}/files/{file}", get(queries::file))
        .route("/desk", get(desk::list))
        .route("/desk/approvals/{query}", get(desk::approval).post(desk::approve))
        .route("/desk/{request}", get(request::show).post(desk_acts::act))
        .route("/account", get(account::show).post(account::act))
        .route("/people", get(people::list).post(people::add))
        .route("/people/{person}", get(people::show).post(people::change))
        .route("/landings", get(landings::show).post(landings::owners))
        .route("/policies", get(policies::list))
        .route("/policies/{policy}", get(policies::show))
        .route("/audit", get(audit::show))
        .route("/reports", get(reports::show))
        .route("/docs/api", get(api_docs::show))
        .route("/assets/{*path}", get(assets::show))
}

/// What is at no address.
pub(crate) async fn absent(State(state): State<AppState>, request: Request) -> Response {
    if request.uri().path().starts_with("/v1/") {
        return Problem::absent().into_response();
    }
    layout::Wrong::from(Problem::absent()).respond(&state, request.headers()).await
}
