//! Why a use case did not happen.

use crate::Reason;
use cloister_access::Denied;
use cloister_governance::Problems;
use cloister_model::{Name, NameError};
use cloister_store::StoreError;
use std::path::PathBuf;

/// A use case that did not happen. Texts hold names, never data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The home.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The settings.
    #[error("hub.toml: {0}")]
    Config(String),
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A contract or project that is not right.
    #[error("{0}")]
    Problems(#[from] Problems),
    /// A disclosure policy that is not there or not right.
    #[error("disclosure policy `{0}`: {1}")]
    Policy(Name, String),
    /// The name is taken.
    #[error("there is a project `{0}` already")]
    ProjectExists(Name),
    /// Not there.
    #[error("there is no {0} `{1}`")]
    NotFound(&'static str, String),
    /// A project cannot move from this state to that.
    #[error("project `{name}` is {from}: it cannot become {to}")]
    ProjectState {
        /// The project.
        name: Name,
        /// Its state.
        from: &'static str,
        /// The state that was asked for.
        to: &'static str,
    },
    /// Not allowed: a stable code, a sentence and a hint.
    #[error("{}", .0.message)]
    TurnedAway(Reason),
    /// Not permitted by the access policies.
    #[error("{0}")]
    Denied(#[from] Denied),
    /// Changed by somebody else since it was read.
    #[error("{0} was changed by somebody else meanwhile; look at it again, and repeat what you did")]
    ChangedMeanwhile(&'static str),
    /// A release cannot be fetched.
    #[error("request `{0}` is {1}: there is nothing to fetch")]
    NotReleased(String, &'static str),
    /// A release is not what was released.
    #[error("the release of request `{0}` was changed after it was made")]
    ReleaseChanged(String),
    /// The system gives no randomness, or the like.
    #[error("{0}")]
    Internal(String),
}

impl HubError {
    /// A stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Store(e) => e.code(),
            Self::Name(_) => "name",
            Self::Config(_) => "config",
            Self::File { .. } => "file",
            Self::Problems(_) => "problems",
            Self::Policy(..) => "policy",
            Self::ProjectExists(_) => "project-exists",
            Self::NotFound(..) => "not-found",
            Self::ProjectState { .. } => "project-state",
            Self::TurnedAway(reason) => &reason.code,
            Self::Denied(denied) => denied.code(),
            Self::ChangedMeanwhile(_) => "changed-meanwhile",
            Self::NotReleased(..) => "not-released",
            Self::ReleaseChanged(_) => "release-changed",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
