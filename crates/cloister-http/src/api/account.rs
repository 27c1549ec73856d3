//! Your own account: who you are, and your access tokens.

use super::body::{At, Body};
use super::queries::key;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use cloister_hub::{Me, NewToken, Scope, TokenView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Who you are, and what you may do in the hub as a whole.
#[utoipa::path(get, path = "/v1/me", tag = "account", responses((status = 200, body = Me), Problems))]
pub(crate) async fn me(State(state): State<AppState>, caller: Caller) -> Result<Json<Me>, Problem> {
    Ok(Json(state.hub.me(&caller.name).await?))
}

/// An access token to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// What it is for, in your words.
    label: String,
    /// What it may do: `read`, `query`, `request`, `review`, `administer`.
    #[schema(value_type = Vec<String>)]
    scopes: BTreeSet<Scope>,
    /// In how many days it ends: 1 to 365.
    #[schema(minimum = 1, maximum = 365)]
    days: u16,
}

/// An access token, with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    /// It.
    token: TokenView,
    /// Its text. It is shown here only.
    text: String,
}

/// Your access tokens.
#[utoipa::path(get, path = "/v1/tokens", tag = "account", responses((status = 200, body = Vec<TokenView>), Problems))]
pub(crate) async fn tokens(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<Vec<TokenView>>, Problem> {
    Ok(Json(state.hub.tokens(&caller.name).await?))
}

/// Makes an access token. Only somebody who has signed in does: no token makes another.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "account", request_body = TokenBody,
    params(("idempotency-key" = Option<String>, Header, description = "Of your choice: the same, sent again, makes one token, whose text is the last that was answered.")),
    responses((status = 201, body = Made), Problems)
)]
pub(crate) async fn make_token(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Body(new): Body<TokenBody>,
) -> Result<impl IntoResponse, Problem> {
    let key = key(&headers)?.map(str::to_owned);
    let new = NewToken { label: new.label, scopes: new.scopes, days: new.days, key };
    let (token, text) = state.hub.make_token(new, &caller.name).await?;
    Ok((StatusCode::CREATED, Json(Made { token, text })))
}

/// Ends an access token of yours.
#[utoipa::path(
    delete, path = "/v1/tokens/{token}", tag = "account", params(("token" = String, Path, description = "Its id.")),
    responses((status = 204, description = "Done."), Problems)
)]
pub(crate) async fn end_token(
    State(state): State<AppState>,
    caller: Caller,
    At(token): At<String>,
) -> Result<StatusCode, Problem> {
    state.hub.end_token(&token, &caller.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
