//! People: who has an account, in which roles, and whether they may use it.

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
use chrono::NaiveDate;
use cloister_hub::{NewPerson, PersonChange, PersonView, Role};
use cloister_model::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Somebody to give an account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPersonBody {
    /// The name that they sign in with, and that the log knows them by, for good.
    #[schema(value_type = String)]
    name: Name,
    /// Their name for people.
    display_name: String,
    /// Their roles: `researcher`, `checker`, `administrator`, `information-asset-owner`, `auditor`.
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
    /// The last day on which their training is current.
    #[serde(default)]
    training_expires: Option<NaiveDate>,
    /// Whom a sign-in provider knows them as; a first password is made where absent.
    #[serde(default)]
    subject: Option<Subject>,
}

/// Whom a sign-in provider knows somebody as.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subject {
    /// The provider.
    issuer: String,
    /// Whom it knows.
    subject: String,
}

/// Somebody who has an account now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Added {
    /// Them.
    person: PersonView,
    /// A password to sign in with once, and to change then. It is shown here only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    first_password: Option<String>,
}

/// What changes of an account; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    /// Their roles.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    roles: Option<BTreeSet<Role>>,
    /// Whether the account may not be used.
    #[serde(default)]
    disabled: Option<bool>,
    /// The last day on which their training is current.
    #[serde(default)]
    training_expires: Option<NaiveDate>,
    /// Gives them a new first password and removes their second factor.
    #[serde(default)]
    reset: bool,
}

/// Everybody who has an account, by name.
#[utoipa::path(
    get, path = "/v1/people", tag = "people", params(Window),
    responses((status = 200, body = Page<PersonView>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Asked(window): Asked<Window>,
) -> Result<Json<Page<PersonView>>, Problem> {
    let all = state.hub.people(&caller.name).await?;
    Ok(Json(window.of(all, |p| p.name.clone())?))
}

/// One person's account.
#[utoipa::path(
    get, path = "/v1/people/{person}", tag = "people", params(("person" = String, Path, description = "Their name.")),
    responses((status = 200, body = PersonView, headers(("etag" = String))), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At(person): At<Name>,
) -> Result<impl IntoResponse, Problem> {
    let view = state.hub.person_seen(&person, &caller.name).await?;
    Ok(([(header::ETAG, etag::header_of(&etag::tag(&view)))], Json(view)))
}

/// Gives somebody an account. Their name is its key: sent twice, it is there once.
#[utoipa::path(
    post, path = "/v1/people", tag = "people", request_body = NewPersonBody,
    responses((status = 201, body = Added), Problems)
)]
pub(crate) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewPersonBody>,
) -> Result<impl IntoResponse, Problem> {
    let place = format!("/v1/people/{}", new.name);
    let new = NewPerson {
        name: new.name,
        display_name: new.display_name,
        roles: new.roles,
        training_expires: new.training_expires,
        subject: new.subject.map(|s| (s.issuer, s.subject)),
    };
    let name = new.name.clone();
    let first_password = state.hub.add_person(new, &caller.name).await?;
    let person = state.hub.person_seen(&name, &caller.name).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(Added { person, first_password })))
}

/// Changes an account. Nobody changes their own roles or training.
#[utoipa::path(
    patch, path = "/v1/people/{person}", tag = "people", request_body = ChangeBody,
    params(("person" = String, Path, description = "Their name."), ("if-match" = Option<String>, Header, description = "The tag of what you saw.")),
    responses((status = 200, body = Added), Problems)
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    At(person): At<Name>,
    headers: HeaderMap,
    Body(change): Body<ChangeBody>,
) -> Result<Json<Added>, Problem> {
    etag::check(&headers, &etag::tag(&state.hub.person_seen(&person, &caller.name).await?))?;
    let change = PersonChange {
        roles: change.roles,
        disabled: change.disabled,
        training_expires: change.training_expires,
        reset: change.reset,
    };
    let first_password = state.hub.change_person(&person, change, &caller.name).await?;
    Ok(Json(Added { person: state.hub.person_seen(&person, &caller.name).await?, first_password }))
}
