//! Votes on outputs, and consent to overrides. Both are bound to the content that the checker saw.

use chrono::{DateTime, Utc};
use cloister_model::{Digest, Name};
use serde::{Deserialize, Serialize};

/// What a checker thinks of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// It may leave.
    Approve,
    /// It may leave when it has been changed.
    RequestChanges,
    /// It may not leave.
    Reject,
}

impl Choice {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Approve, Self::RequestChanges, Self::Reject];

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::RequestChanges => "request-changes",
            Self::Reject => "reject",
        }
    }
}

/// One checker's vote on one output, in one turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ballot {
    /// Who.
    pub checker: Name,
    /// In which turn.
    pub turn: u32,
    /// On which of the contents that the output has had.
    pub version: u32,
    /// That content's digest.
    pub digest: Digest,
    /// What they think.
    pub choice: Choice,
    /// When.
    pub at: DateTime<Utc>,
}

/// One checker's consent to set a rule's objection aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Consent {
    /// Who.
    pub checker: Name,
    /// In which turn.
    pub turn: u32,
    /// On which of the contents that the output has had.
    pub version: u32,
    /// That content's digest.
    pub digest: Digest,
    /// Which finding.
    pub finding: Name,
    /// Why the objection does not hold here.
    pub justification: String,
    /// When.
    pub at: DateTime<Utc>,
}
