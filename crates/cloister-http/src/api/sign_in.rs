//! Signing in without a browser: the command line gets an access token that ends within a day.

use super::body::Body;
use crate::guard::{Caller, Via};
use crate::pages::{provider_problem, unknown_to};
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cloister_hub::{Door, NewToken, Scope, Stage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token that was signed in for ends after so many days.
const DAYS: u16 = 1;

/// How one may sign in without a browser.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Ways {
    /// Whether with a name and a password.
    passwords: bool,
    /// With whose ID token, of the device authorisation grant (RFC 8628).
    provider: Option<WayOfProvider>,
}

/// A sign-in provider, as the command line asks it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WayOfProvider {
    /// Its address.
    issuer: String,
    /// Its name.
    name: String,
    /// Whom it knows the command line as.
    client_id: String,
    /// What to ask for besides `openid`.
    scopes: Vec<String>,
}

/// A name, a password and, where there is a second factor, its code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The name.
    name: String,
    /// The password.
    password: String,
    /// The code of the second factor: with the answer `second-factor-needed`, send all again with it.
    #[serde(default)]
    code: Option<String>,
}

/// An ID token of the sign-in provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdTokenBody {
    /// It, as the provider gave it. It signs in once.
    id_token: String,
}

/// Somebody who has signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SignedInBody {
    /// Who.
    name: String,
    /// An access token, for everything that they may do. It is shown here only.
    token: String,
    /// When it ends.
    ends_at: String,
}

/// How one may sign in without a browser.
#[utoipa::path(get, path = "/v1/sign-in", tag = "account", security(()), responses((status = 200, body = Ways), Problems))]
pub(crate) async fn ways(State(state): State<AppState>) -> Json<Ways> {
    let provider = state.provider.as_ref().and_then(|provider| {
        let settings = provider.settings();
        Some(WayOfProvider {
            issuer: settings.issuer.clone(),
            name: settings.name.clone(),
            client_id: settings.device_client_id.clone()?,
            scopes: settings.scopes.clone(),
        })
    });
    Json(Ways { passwords: state.takes_passwords(), provider })
}

/// Signs in with a name and a password.
#[utoipa::path(
    post, path = "/v1/sign-in/password", tag = "account", request_body = PasswordBody, security(()),
    responses((status = 201, body = SignedInBody), Problems)
)]
pub(crate) async fn with_password(
    State(state): State<AppState>,
    Body(sent): Body<PasswordBody>,
) -> Result<(StatusCode, Json<SignedInBody>), Problem> {
    if !state.takes_passwords() {
        return Err(Problem::new(403, "passwords-off", "Passwords are not taken here."));
    }
    // One sentence for everything: who tries learns nothing of who there is.
    let wrong = || {
        Problem::new(
            401,
            "sign-in",
            "The name, the password or the code is wrong, or the account cannot be used now.",
        )
    };
    let door = match (state.hub.sign_in(&sent.name, &sent.password).await?, sent.code) {
        (Door::Open { stage: Stage::SecondFactorNeeded, secret }, Some(code)) => {
            let next = state.hub.second_factor(&secret, &code).await?;
            if let Door::Closed = next {
                state.hub.sign_out(&secret).await?;
            }
            next
        }
        (door, _) => door,
    };
    match door {
        Door::Open { stage, secret } => signed_in(&state, stage, &secret).await,
        Door::Closed => Err(wrong()),
    }
}

/// Signs in with an ID token that the sign-in provider gave the command line.
#[utoipa::path(
    post, path = "/v1/sign-in/provider", tag = "account", request_body = IdTokenBody, security(()),
    responses((status = 201, body = SignedInBody), Problems)
)]
pub(crate) async fn with_provider(
    State(state): State<AppState>,
    Body(sent): Body<IdTokenBody>,
) -> Result<(StatusCode, Json<SignedInBody>), Problem> {
    let provider = state.provider.as_ref();
    let provider = provider.filter(|p| p.settings().device_client_id.is_some()).ok_or_else(|| {
        Problem::new(401, "no-provider", "No sign-in provider is set up for the command line here.")
    })?;
    let claims = provider.finish_device(&sent.id_token).await.map_err(|error| {
        tracing::info!(%error, "nobody was signed in by the provider");
        provider_problem(provider, error)
    })?;
    match state.hub.sign_in_by_provider(&provider.rules(), &claims).await? {
        Door::Open { stage, secret } => signed_in(&state, stage, &secret).await,
        Door::Closed => Err(unknown_to(provider)),
    }
}

/// A token in the place of a session, which ends.
async fn signed_in(
    state: &AppState,
    stage: Stage,
    secret: &str,
) -> Result<(StatusCode, Json<SignedInBody>), Problem> {
    let made = match (stage, state.hub.session(secret).await?) {
        (_, None) => Err(Problem::unauthorised()),
        (Stage::SecondFactorNeeded, Some(_)) => {
            Err(Problem::new(401, "second-factor-needed", "The code of your authenticator is needed too."))
        }
        (Stage::PasswordChangeNeeded, Some(_)) => {
            let problem = Problem::new(403, "password-change-needed", "Choose a password of your own first.");
            Err(problem.hint("Sign in with a browser to do so."))
        }
        (Stage::Full, Some(session)) => {
            let new = NewToken {
                label: "the command line".to_owned(),
                scopes: Scope::ALL.into(),
                days: DAYS,
                key: None,
            };
            let made = state.hub.make_token(new, &session.account).await.map_err(Problem::from);
            made.map(|(view, token)| SignedInBody {
                name: session.account.to_string(),
                token,
                ends_at: view.ends_at,
            })
        }
    };
    state.hub.sign_out(secret).await?;
    made.map(|body| (StatusCode::CREATED, Json(body)))
}

/// Signs out: ends the access token, or the session, that comes with the request.
#[utoipa::path(
    post, path = "/v1/sign-out", tag = "account",
    responses((status = 204, description = "Done."), Problems)
)]
pub(crate) async fn out(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    match &caller.via {
        Via::Token { id, .. } => state.hub.end_token(id, &caller.name).await?,
        Via::Session { secret, .. } => state.hub.sign_out(secret).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}
