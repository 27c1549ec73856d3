//! What people say about a request.

use chrono::{DateTime, Utc};
use cloister_model::Name;
use serde::{Deserialize, Serialize};

/// Which side of the request somebody speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Its authors.
    Author,
    /// Its checkers.
    Checker,
}

/// A comment.
///
/// Comments are numbered per person: a number that everybody shared would tell one checker how much another
/// has written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Comment {
    /// Who.
    pub by: Name,
    /// The how-manieth of theirs on this request, from 1.
    pub number: u32,
    /// For which side.
    pub side: Side,
    /// In which turn.
    pub turn: u32,
    /// On which output; on the whole request where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Name>,
    /// What.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
}
