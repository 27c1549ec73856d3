//! Who looks at a page, and what they send from one.

use super::layout::{Wrong, redirect};
use crate::guard::{Caller, Via, optional};
use crate::problem::Problem;
use crate::state::AppState;
use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use cloister_hub::{Me, Session};
use cloister_model::Name;

/// Somebody who has signed in.
pub(crate) struct Visitor {
    /// Whose account it is.
    pub(crate) name: Name,
    /// Their session.
    pub(crate) session: Session,
    /// The session's secret.
    pub(crate) secret: String,
    /// What they may do in the hub as a whole.
    pub(crate) me: Me,
}

impl Visitor {
    /// Whether they may do this in the hub as a whole: what the navigation shows.
    pub(crate) fn may(&self, act: &str) -> bool {
        self.me.may.iter().any(|a| a == act)
    }

    /// Whether they hold a role.
    pub(crate) fn is(&self, role: &str) -> bool {
        self.me.person.roles.iter().any(|r| r == role)
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let caller = optional(state, &parts.headers).await.map_err(|p| Wrong::from(p).plain())?;
        let Some(Caller { name, via: Via::Session { session, secret } }) = caller else {
            // Back to where they were going, if that is a page of ours.
            let to = parts.uri.path_and_query().map_or("/", |p| p.as_str());
            let to: String = url_escape(to);
            return Err(redirect(&format!("/sign-in?next={to}")).into_response());
        };
        let me = state.hub.me(&name).await.map_err(|e| Wrong::from(Problem::from(e)).plain())?;
        Ok(Self { name, session: *session, secret, me })
    }
}

/// A text as part of a query string.
pub(crate) fn url_escape(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// What a form holds, whoever sent it.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field; empty where it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every field whose name begins so, with the rest of its name.
    pub(crate) fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(n, value)| Some((n.strip_prefix(prefix)?, value.as_str())))
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let form =
            form.map_err(|_| Wrong::from(Problem::new(400, "form", "The form cannot be read.")).plain())?;
        Ok(Self(form.0))
    }
}

/// A form that somebody sent who has signed in, from a page of their own session.
pub(crate) struct Sent {
    /// Who.
    pub(crate) visitor: Visitor,
    /// What.
    pub(crate) fields: Fields,
}

impl FromRequest<AppState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let fields = Fields::from_request(Request::from_parts(parts, body), state).await?;
        if !visitor.session.is_word(fields.get("_word")) {
            let problem = Problem::new(403, "csrf", "This form is not from a page of your session.");
            return Err(Wrong::from(problem.hint("Open the page again, and repeat what you did.")).plain());
        }
        Ok(Self { visitor, fields })
    }
}

impl axum::extract::OptionalFromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>, Response> {
        match optional(state, &parts.headers).await {
            Ok(Some(Caller { via: Via::Session { .. }, .. })) => {
                <Self as FromRequestParts<AppState>>::from_request_parts(parts, state).await.map(Some)
            }
            Ok(_) => Ok(None),
            Err(problem) => Err(Wrong::from(problem).plain()),
        }
    }
}
