//! Who calls: a session's cookie or an access token.

use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use cloister_hub::{Scope, Session, Stage};
use cloister_model::Name;
use std::collections::BTreeSet;

/// Who calls. Only [`needs`] puts one into a request: a handler that asks for one without standing behind it fails.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Whose account it is.
    pub(crate) name: Name,
    /// How they say so.
    pub(crate) via: Via,
}

/// How a caller says who they are.
#[derive(Clone, Debug)]
pub(crate) enum Via {
    /// A session of the pages.
    Session {
        /// It.
        session: Box<Session>,
        /// Its secret, to end it.
        secret: String,
    },
    /// A personal access token.
    Token {
        /// Its id, to end it.
        id: String,
        /// What it may be used for.
        scopes: BTreeSet<Scope>,
    },
}

/// What a route needs of whoever calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// A session, or a token for this.
    Scope(Scope),
    /// A session.
    Session,
    /// Either, for whatever it is.
    Known,
}

impl Caller {
    /// The session, where it is one.
    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.via {
            Via::Session { session, .. } => Some(session),
            Via::Token { .. } => None,
        }
    }

    /// Whether their token, if it is one, is for one of these.
    pub(crate) fn may_with_one_of(&self, wanted: &[Scope]) -> Result<(), Problem> {
        match &self.via {
            Via::Session { .. } => Ok(()),
            Via::Token { scopes, .. } if wanted.iter().any(|s| scopes.contains(s)) => Ok(()),
            Via::Token { .. } => {
                let names: Vec<&str> = wanted.iter().map(|s| s.as_str()).collect();
                let text = format!(
                    "The access token is not for this: it lacks the scope `{}`.",
                    names.join("` or `")
                );
                Err(Problem::new(403, "scope", text))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // A route that stands behind no guard is a mistake of ours: nobody gets in by it.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::internal)
    }
}

/// The name of the session's cookie. With TLS, the prefix has browsers refuse one that another host or path set.
pub(crate) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-cloister" } else { "cloister" }
}

/// The name of the cookie of a browser that is at the sign-in provider.
pub(crate) fn away_cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-cloister-away" } else { "cloister-away" }
}

/// The session's secret of a request.
pub(crate) fn cookie_of(headers: &HeaderMap, secure: bool) -> Option<String> {
    named_cookie(headers, cookie_name(secure))
}

/// The only cookie of a name.
pub(crate) fn named_cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut found = all.flat_map(cookie::Cookie::split_parse).flatten().filter(|c| c.name() == wanted);
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one.value().to_owned()),
        // Two of one name: which one the browser means, nobody knows.
        _ => None,
    }
}

/// Lets a request through if its caller is known, and their token, if it is one, is for this. Cookies are sent by a browser
/// whoever wrote the page: whatever changes something then needs the session's own word besides.
pub(crate) async fn needs(
    need: Need,
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = find(&state, &parts.headers).await?.ok_or_else(Problem::unauthorised)?;
    match need {
        Need::Scope(scope) => caller.may_with_one_of(&[scope])?,
        Need::Known => {}
        Need::Session if caller.session().is_some() => {}
        Need::Session => {
            return Err(Problem::new(403, "session-needed", "No access token is for this; sign in for it."));
        }
    }
    if let Some(session) = caller.session()
        && !parts.method.is_safe()
    {
        let word = parts.headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !session.is_word(word) {
            return Err(Problem::new(403, "csrf", "The session's own word is missing (X-CSRF-Token)."));
        }
    }
    request = Request::from_parts(parts, body);
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who calls, where somebody does.
pub(crate) async fn optional(state: &AppState, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    find(state, headers).await
}

async fn find(state: &AppState, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default();
        let Some((kind, token)) = value.split_once(' ') else { return Err(Problem::unauthorised()) };
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthorised());
        }
        let bearer = state.hub.bearer(token.trim()).await?.ok_or_else(Problem::unauthorised)?;
        return Ok(Some(Caller {
            name: bearer.account,
            via: Via::Token { id: bearer.id, scopes: bearer.scopes },
        }));
    }
    let Some(secret) = cookie_of(headers, state.settings.is_secure()) else { return Ok(None) };
    let Some(session) = state.hub.session(&secret).await? else { return Ok(None) };
    match session.stage {
        Stage::Full => {}
        // Half signed in is not signed in.
        Stage::SecondFactorNeeded | Stage::PasswordChangeNeeded => return Ok(None),
    }
    let name = session.account.clone();
    Ok(Some(Caller { name, via: Via::Session { session: Box::new(session), secret } }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_cookie_that_is_there_twice_is_none() {
        let headers = |values: &[&str]| {
            let mut map = HeaderMap::new();
            for value in values {
                map.append(header::COOKIE, HeaderValue::from_str(value).unwrap());
            }
            map
        };
        assert_eq!(cookie_of(&headers(&["a=1; cloister=x"]), false).as_deref(), Some("x"));
        assert_eq!(cookie_of(&headers(&["cloister=x; cloister=y"]), false), None);
        assert_eq!(cookie_of(&headers(&["cloister=x", "cloister=y"]), false), None);
        assert_eq!(cookie_of(&headers(&["cloister=x"]), true), None);
        assert_eq!(cookie_of(&headers(&["__Host-cloister=x"]), true).as_deref(), Some("x"));
    }
}
