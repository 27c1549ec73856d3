//! Why a command came to nothing, wherever it was carried out.

use cloister_client::ClientError;
use cloister_hub::{HubError, Reason};

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The hub's rules refuse it.
    Refused(Reason),
    /// Something else is not as it should be.
    Failed {
        /// A stable code.
        code: String,
        /// A sentence.
        text: String,
        /// What one can do about it.
        hint: String,
    },
}

impl Fault {
    pub(crate) fn failed(code: &str, text: impl Into<String>) -> Self {
        Self::Failed { code: code.to_owned(), text: text.into(), hint: String::new() }
    }

    pub(crate) fn refused(code: &str, text: impl Into<String>, hint: &str) -> Self {
        Self::Refused(Reason::new(code, text, hint))
    }

    /// What is done on the hub's own machine only.
    pub(crate) fn only_local(what: &str) -> Self {
        Self::failed("only-local", format!("{what} is done on the hub's own machine, not with --server"))
    }

    /// What the hub says has not the form that it should have.
    pub(crate) fn form(error: &serde_json::Error) -> Self {
        Self::failed("internal", format!("what the hub says cannot be read: {error}"))
    }

    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused(reason) => &reason.code,
            Self::Failed { code, .. } => code,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Refused(reason) => &reason.message,
            Self::Failed { text, .. } => text,
        }
    }
}

impl From<HubError> for Fault {
    fn from(error: HubError) -> Self {
        match error {
            HubError::TurnedAway(reason) => Self::Refused(reason),
            other => Self::failed(other.code(), other.to_string()),
        }
    }
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(p) if p.refused => Self::Refused(Reason::new(p.code, p.title, p.detail)),
            ClientError::Problem(p) => Self::Failed { code: p.code, text: p.title, hint: p.detail },
            other => Self::failed(other.code(), other.to_string()),
        }
    }
}
