//! What may go wrong with a call.

use serde::Deserialize;

/// Why a server did not do what it was asked (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("{title}")]
pub struct Problem {
    /// A sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code.
    pub code: String,
    /// What can be done about it.
    #[serde(default)]
    pub detail: String,
    /// Whether the hub's rules refuse it.
    #[serde(default)]
    pub refused: bool,
    /// After how many seconds to try again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server says why.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The address is none that may be called.
    #[error("`{0}` is no address of a server: write https://…, or http:// for this machine alone")]
    Address(String),
    /// The certificates to trust cannot be read.
    #[error("the file of certificates cannot be read, or holds none")]
    Certificates,
    /// The token cannot be sent.
    #[error("the access token is none")]
    Token,
    /// The server cannot be reached, or the connection broke off.
    #[error("{}", reached(.0))]
    Unreachable(#[from] reqwest::Error),
    /// What answers is no hub's server, or one of another version.
    #[error("what answers at {0} is no server of a hub, or of another version")]
    NotAServer(String),
    /// The sign-in provider does not answer as one.
    #[error("the sign-in provider does not answer as one: {0}")]
    Provider(&'static str),
    /// Randomness is not to be had.
    #[error("the operating system gives no random bytes")]
    Random,
}

impl ClientError {
    /// A stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Problem(problem) => &problem.code,
            Self::Address(_) => "server-address",
            Self::Certificates => "certificates",
            Self::Token => "token",
            Self::Unreachable(_) => "unreachable",
            Self::NotAServer(_) => "not-a-server",
            Self::Provider(_) => "provider",
            Self::Random => "random",
        }
    }
}

/// The last cause says what happened; those before it repeat the address.
fn reached(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let place = error.url().and_then(|url| url.host_str()).unwrap_or("the server");
    format!("{place} cannot be reached: {cause}")
}
