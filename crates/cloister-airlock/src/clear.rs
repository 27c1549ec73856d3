//! What checkers, or rules, let out of a request.

use crate::{Cleared, Request, State};
use cloister_model::{Digest, Name};

/// Why a content may not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCleared {
    /// The request is not approved, or released already.
    #[error("the request is {}, not approved", .0.as_str())]
    NotApproved(State),
    /// The request has no such output, or it is not to be released.
    #[error("the request releases no `{0}`")]
    NotAnOutput(Name),
    /// The content is another than the one that was approved.
    #[error("`{0}` is not what was approved")]
    NotTheContent(Name),
}

impl NotCleared {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotApproved(_) => "not-approved",
            Self::NotAnOutput(_) => "not-an-output",
            Self::NotTheContent(_) => "not-the-content",
        }
    }
}

/// Clears the exact bytes that an approved request names, and nothing else.
///
/// # Errors
/// Where the request is in another state, does not release the output, or names other bytes.
pub fn clear<T: AsRef<[u8]>>(request: &Request, output: &Name, content: T) -> Result<Cleared<T>, NotCleared> {
    if request.state() != State::Approved {
        return Err(NotCleared::NotApproved(request.state()));
    }
    match request.leaving().get(output) {
        None => Err(NotCleared::NotAnOutput(output.clone())),
        Some(digest) if *digest != Digest::of(content.as_ref()) => {
            Err(NotCleared::NotTheContent(output.clone()))
        }
        Some(_) => Ok(Cleared(content)),
    }
}
