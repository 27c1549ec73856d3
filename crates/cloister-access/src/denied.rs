//! That somebody may not.

use crate::Action;
use std::fmt;

/// That somebody may not do something, and how to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    pub(crate) action: Action,
    pub(crate) hidden: bool,
    pub(crate) reasons: Vec<Reason>,
}

/// A policy that forbade it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    pub(crate) policy: String,
    pub(crate) text: String,
}

impl Reason {
    /// The policy's id: a stable code.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// A sentence for the person.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Denied {
    /// What was asked for.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Whether it should look as though the thing did not exist (404) rather than as though it were not
    /// permitted (403).
    pub fn looks_absent(&self) -> bool {
        self.hidden
    }

    /// The policies that forbade it; none where merely none permitted it. For the log: where it
    /// [looks absent](Self::looks_absent), nobody is told.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// A stable code for an answer.
    pub fn code(&self) -> &str {
        match (self.hidden, self.reasons.first()) {
            (true, _) => "not-found",
            (false, Some(reason)) => &reason.policy,
            (false, None) => "not-permitted",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hidden {
            return f.write_str("there is no such thing, or you may not see it");
        }
        if self.reasons.is_empty() {
            return write!(f, "your roles do not allow `{}`", self.action.as_str());
        }
        for (i, reason) in self.reasons.iter().enumerate() {
            f.write_str(if i > 0 { "; " } else { "" })?;
            f.write_str(&reason.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for Denied {}
