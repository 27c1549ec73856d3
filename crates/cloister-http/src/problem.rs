//! Errors as RFC 9457 problem details. One map from what the hub says to how it is said.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloister_hub::{HubError, Reason};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response as Described, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// Why a request was not carried out (RFC 9457). It never holds data of anybody, nor a value that is not released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A stable name of the kind of problem.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "urn:cloister:problem:not-found")]
    kind: String,
    /// A sentence.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A stable code, as the command line prints it.
    #[schema(example = "not-found")]
    code: String,
    /// What can be done about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// Whether the hub's rules refuse it, for the reason that is given. Otherwise something else is not as it should be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    /// After how many seconds to try again.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &str, title: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:cloister:problem:{code}"),
            title: title.into(),
            status,
            code: code.to_owned(),
            detail: String::new(),
            refused: false,
            retry_after: None,
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.detail = hint.into();
        self
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Why somebody who has not signed in was turned away.
    pub(crate) fn unauthorised() -> Self {
        Self::new(401, "not-signed-in", "Sign in, or send an access token.")
    }

    /// What is absent, or looks so.
    pub(crate) fn absent() -> Self {
        Self::new(404, "not-found", "There is no such thing, or you may not see it.")
    }

    /// What nobody outside is told more of.
    pub(crate) fn internal() -> Self {
        Self::new(500, "internal", "Something went wrong in the hub. Its administrators can see what.")
    }

    /// Of a reason that the hub gives.
    pub(crate) fn of_reason(status: u16, reason: &Reason) -> Self {
        // A project that somebody is not in does not exist for them.
        if reason.code == "not-a-researcher" {
            return Self::absent();
        }
        let problem = Self::new(status, &reason.code, reason.message.clone()).hint(reason.hint.clone());
        Self { refused: true, ..problem }
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<HubError> for Problem {
    fn from(error: HubError) -> Self {
        Self::of_error(&error)
    }
}

impl Problem {
    /// Of what the hub says went wrong.
    pub(crate) fn of_error(error: &HubError) -> Self {
        let code = error.code().to_owned();
        let text = || sentence(&error.to_string());
        match error {
            HubError::NotFound(..) => Self::absent(),
            HubError::Denied(denied) if denied.looks_absent() => Self::absent(),
            HubError::Denied(_) => Self::new(403, &code, text()),
            HubError::TurnedAway(reason) => Self::of_reason(status_of(&reason.code), reason),
            HubError::Name(_) | HubError::Problems(_) => Self::new(422, &code, text()),
            HubError::ProjectExists(_)
            | HubError::ProjectState { .. }
            | HubError::ChangedMeanwhile(_)
            | HubError::NotReleased(..) => Self::new(409, &code, text()),
            HubError::Policy(..) => Self::new(422, &code, text()),
            // What somebody sent cannot be written down.
            HubError::Store(_) if code == "nul" => Self::new(422, &code, text()),
            // What files the hub has, and what is wrong with them, is its administrators' to know.
            HubError::Store(_)
            | HubError::Config(_)
            | HubError::File { .. }
            | HubError::ReleaseChanged(_)
            | HubError::Internal(_) => {
                tracing::error!(code, error = %error, "a use case failed");
                Self::internal()
            }
            _ => {
                tracing::error!(code, error = %error, "a use case failed in a way that has no status");
                Self::internal()
            }
        }
    }
}

/// The status of what the hub turns away.
fn status_of(code: &str) -> u16 {
    match code {
        "no-such-request" | "unknown-table" | "unknown-saved-query" => 404,
        "training-expired" | "not-a-checker" | "own-request" | "own-project" | "conflict"
        | "not-an-author" | "not-a-reviewer" | "not-at-the-desk" | "not-an-overseer" => 403,
        "changed-meanwhile" | "moved-on" | "stale" | "not-now" | "seats-taken" | "finished"
        | "asked-already" | "name-taken" => 409,
        "busy" => 503,
        _ => 422,
    }
}

fn sentence(words: &str) -> String {
    let (first, rest) = words.split_at_checked(1).unwrap_or((words, ""));
    format!("{}{rest}.", first.to_uppercase())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry, code) = (self.status(), self.retry_after, self.code.clone());
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cloister\""));
        }
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(ProblemCode(code));
        response
    }
}

/// The problems that any request may come to.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        [
            ("400", "The request is not what is asked for."),
            ("401", "Nobody has signed in."),
            ("403", "It is not permitted."),
            ("404", "There is no such thing, or you may not see it."),
            ("409", "It is not possible now, or somebody else was faster."),
            ("412", "It was changed since you read it."),
            ("413", "The body is too large."),
            ("415", "The body is not JSON."),
            ("422", "It was understood, and cannot be done."),
            ("429", "You ask too often."),
            ("500", "Something went wrong in the hub."),
            ("503", "The hub has no room for it now."),
        ]
        .into_iter()
        .map(|(status, text)| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let described =
                ResponseBuilder::new().description(text).content("application/problem+json", content).build();
            (status.to_owned(), RefOr::T(described))
        })
        .collect()
    }
}

/// The code of a problem, for the log.
#[derive(Clone, Debug)]
pub(crate) struct ProblemCode(pub(crate) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_inside_is_not_told() {
        let problem = Problem::from(HubError::Internal("the key of bucket 7 is missing".to_owned()));
        assert_eq!((problem.status, problem.code.as_str()), (500, "internal"));
        assert!(!problem.title.contains("bucket"));
    }

    #[test]
    fn what_is_absent_and_what_looks_so_are_one() {
        assert_eq!(Problem::from(HubError::NotFound("project", "secret".to_owned())), Problem::absent());
    }
}
