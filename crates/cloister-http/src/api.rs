//! The API under `/v1`: the table of contents. Which scope of a token each needs stands here, and nowhere else.

mod account;
mod approvals;
mod audit;
mod body;
mod datasets;
mod health;
mod ledger;
mod page;
mod people;
mod policies;
mod projects;
pub(crate) mod queries;
mod register;
pub(crate) mod release_requests;
mod saved;
mod sign_in;
mod workspace;

use crate::guard::{Need, limit_sign_in, needs};
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use cloister_hub::Scope;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of the API, without state: what is described.
pub(crate) fn described() -> utoipa::openapi::OpenApi {
    let mut all = open().merge(door());
    for (_, routes) in guarded() {
        all = all.merge(routes);
    }
    all.into_openapi()
}

/// Every route of the API, each behind its guard.
pub(crate) fn routes(state: &AppState) -> OpenApiRouter<AppState> {
    let door = door().route_layer(from_fn_with_state(state.clone(), limit_sign_in));
    let mut all = open().merge(door);
    for (need, routes) in guarded() {
        let guard =
            move |state: State<AppState>, request: Request, next: Next| needs(need, state, request, next);
        all = all.merge(routes.route_layer(from_fn_with_state(state.clone(), guard)));
    }
    all
}

/// What everybody may ask.
fn open() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(register::show))
        .routes(routes!(sign_in::ways))
}

/// Where somebody gets to be known: how often an address may try is limited.
fn door() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sign_in::with_password)).routes(routes!(sign_in::with_provider))
}

/// What needs a known caller, by what their token must be for.
fn guarded() -> [(Need, OpenApiRouter<AppState>); 7] {
    let read = OpenApiRouter::new()
        .routes(routes!(account::me))
        .routes(routes!(projects::list))
        .routes(routes!(projects::show))
        .routes(routes!(projects::tables))
        .routes(routes!(projects::table))
        .routes(routes!(queries::list))
        .routes(routes!(queries::show))
        .routes(routes!(queries::events))
        .routes(routes!(queries::file))
        .routes(routes!(saved::list))
        .routes(routes!(saved::show))
        .routes(routes!(workspace::list))
        .routes(routes!(approvals::list))
        .routes(routes!(release_requests::list))
        .routes(routes!(release_requests::show))
        // An author and a checker act on the same route: which scope it needs depends on the act.
        .routes(routes!(release_requests::act))
        .routes(routes!(policies::list))
        .routes(routes!(policies::show));
    let query = OpenApiRouter::new()
        .routes(routes!(queries::ask))
        .routes(routes!(queries::explain))
        .routes(routes!(queries::twin))
        .routes(routes!(queries::cancel))
        .routes(routes!(saved::keep))
        .routes(routes!(saved::forget));
    let request = OpenApiRouter::new().routes(routes!(release_requests::create));
    let review = OpenApiRouter::new()
        .routes(routes!(release_requests::evidence))
        .routes(routes!(ledger::status))
        .routes(routes!(ledger::show))
        .routes(routes!(ledger::simulate))
        .routes(routes!(approvals::grant))
        .routes(routes!(approvals::revoke));
    let administer = OpenApiRouter::new()
        .routes(routes!(projects::create))
        .routes(routes!(projects::change_state))
        .routes(routes!(projects::egress))
        .routes(routes!(projects::conflict))
        .routes(routes!(datasets::list))
        .routes(routes!(datasets::owners))
        .routes(routes!(people::list))
        .routes(routes!(people::show))
        .routes(routes!(people::add))
        .routes(routes!(people::change))
        .routes(routes!(audit::events))
        .routes(routes!(audit::export))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::receipt))
        .routes(routes!(audit::consistency))
        .routes(routes!(health::metrics));
    // No token makes, lists or ends tokens.
    let account = OpenApiRouter::new()
        .routes(routes!(account::tokens))
        .routes(routes!(account::make_token))
        .routes(routes!(account::end_token));
    let known = OpenApiRouter::new().routes(routes!(sign_in::out));
    [
        (Need::Known, known),
        (Need::Scope(Scope::Read), read),
        (Need::Scope(Scope::Query), query),
        (Need::Scope(Scope::Request), request),
        (Need::Scope(Scope::Review), review),
        (Need::Scope(Scope::Administer), administer),
        (Need::Session, account),
    ]
}
