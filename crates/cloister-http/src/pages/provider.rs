//! To the sign-in provider and back.

use super::layout::{Wrong, redirect};
use super::sign_in::{Next, add_cookie, enter, form, own};
use crate::guard::{away_cookie_name, named_cookie};
use crate::problem::Problem;
use crate::provider::{Provider, ProviderError, Returned};
use crate::state::AppState;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cookie::time::Duration;
use serde::Deserialize;

/// How long a browser may be away.
const AWAY: Duration = Duration::minutes(10);

/// Sends a browser to the provider.
pub(crate) async fn begin(State(state): State<AppState>, Query(next): Query<Next>) -> Response {
    let Some(provider) = &state.provider else { return Wrong::from(Problem::absent()).plain() };
    match provider.begin(own(next.next())).await {
        Ok(begun) => {
            let mut response = redirect(&begun.address).into_response();
            let name = away_cookie_name(state.settings.is_secure());
            add_cookie(&mut response, &state, name, &begun.cookie, Some(AWAY));
            response
        }
        Err(error) => form(&state, next.next(), Some(&problem(provider, error))),
    }
}

/// What a provider sends a browser back with (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    iss: Option<String>,
}

/// Lets in whom the provider sends back.
pub(crate) async fn finish(
    State(state): State<AppState>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = &state.provider else { return Wrong::from(Problem::absent()).plain() };
    let name = away_cookie_name(state.settings.is_secure());
    let cookie = named_cookie(&headers, name).unwrap_or_default();
    let returned = Returned {
        code: back.code.as_deref(),
        state: back.state.as_deref().unwrap_or_default(),
        issuer: back.iss.as_deref(),
    };
    let mut response = match provider.finish(&returned, &cookie).await {
        Ok((claims, next)) => match state.hub.sign_in_by_provider(&provider.rules(), &claims).await {
            Ok(door) => enter(&state, door, &next, || form(&state, &next, Some(&unknown(provider)))),
            Err(error) => Wrong::from(error).plain(),
        },
        Err(error) => {
            tracing::info!(%error, "nobody was signed in by the provider");
            form(&state, "/", Some(&problem(provider, error)))
        }
    };
    // What it stood for is over, whatever came of it.
    add_cookie(&mut response, &state, name, "", Some(Duration::ZERO));
    response
}

/// One sentence for whoever has no account, may not use it, or did not show enough at the provider.
pub(crate) fn unknown(provider: &Provider) -> Problem {
    let title = format!(
        "{} knows you, but there is no account here that you may use now by it.",
        provider.settings().name
    );
    Problem::new(403, "no-account", title).hint("An administrator of the hub can see why.")
}

/// What to say of what went wrong on the way.
pub(crate) fn problem(provider: &Provider, error: ProviderError) -> Problem {
    let name = &provider.settings().name;
    match error {
        ProviderError::Unreachable | ProviderError::Settings(_) => {
            let hint = if provider.settings().passwords {
                "Try again in a while, or sign in with a password of this hub if you have one."
            } else {
                "Try again in a while."
            };
            Problem::new(503, "provider-down", format!("{name} cannot be reached now.")).hint(hint)
        }
        ProviderError::NoAttempt => {
            Problem::new(400, "no-attempt", "This sign-in is over, or was begun in another browser.")
                .hint("Begin again.")
        }
        ProviderError::Refused => {
            Problem::new(401, "provider-refused", format!("{name} did not sign you in.")).hint("Begin again.")
        }
        ProviderError::WrongIssuer | ProviderError::Token(_) => Problem::new(
            401,
            "provider-token",
            format!("What came back from {name} is not valid here, and nobody was signed in."),
        )
        .hint("Begin again. If it stays so, tell an administrator."),
    }
}
