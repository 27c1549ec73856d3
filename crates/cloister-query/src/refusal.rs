//! Why a query is refused, or failed. Texts name constructs, tables and columns of the query, never data.

use datafusion::common::{DataFusionError, SchemaError};
use std::fmt;

/// A query that may not run: a stable code, a sentence, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: &'static str,
    message: String,
    hint: String,
}

impl Refusal {
    /// A refusal; the message and the hint are sentences without data.
    pub(crate) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }

    /// A construct that the engine does not govern yet, by name.
    pub(crate) fn unsupported(construct: &str) -> Self {
        Self::new(
            "unsupported",
            format!("{construct} is not supported in a governed query."),
            "Rewrite the query with joins on person_id, CTEs, and count, sum or avg with GROUP BY.",
        )
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// One sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the researcher can do.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// What the planner objected to. Planning sees names and types only, so its text has no data in it;
    /// it may list the columns that the project has been granted.
    pub(crate) fn from_planner(error: &DataFusionError) -> Self {
        let root = error.find_root();
        let text = root.strip_backtrace();
        let first = text.lines().next().unwrap_or_default();
        let message = first.strip_prefix("Error during planning: ").unwrap_or(first);
        let message = message.strip_prefix("Schema error: ").unwrap_or(message).replace("datafusion.", "");
        // No other value has the type of a pseudonym.
        if message.contains("FixedSizeBinary") {
            return Self::new(
                "pseudonym-use",
                "A person_id or another pseudonym can join, count and group, and nothing else.",
                "Do not compare it with a number or a text, cast it or compute with it.",
            );
        }
        let (code, hint) = match root {
            DataFusionError::SchemaError(inner, _) => match inner.as_ref() {
                SchemaError::FieldNotFound { .. } => {
                    ("unknown-column", "`cloister describe` lists the columns of a table.")
                }
                SchemaError::AmbiguousReference { .. } => {
                    ("ambiguous-column", "Write the table's name before the column.")
                }
                SchemaError::DuplicateQualifiedField { .. }
                | SchemaError::DuplicateUnqualifiedField { .. } => {
                    ("duplicate-column", "Give each output column a name of its own with AS.")
                }
            },
            _ if message.starts_with("table ") && message.ends_with("not found") => {
                ("unknown-table", "`cloister tables` lists the granted tables.")
            }
            _ if message.contains("function") => {
                ("unknown-function", "Only functions on the allow-list exist; see the documentation.")
            }
            _ => ("invalid-query", "Check the statement against the documentation's examples."),
        };
        Self::new(code, message, hint)
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// A query that was refused, or that failed while it ran.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It may not run.
    #[error("{0}")]
    Refused(Refusal),
    /// It failed while running. The researcher is told only [`QueryError::FAILED`]; the detail is for
    /// the checkers' side of the log.
    #[error("{}", QueryError::FAILED)]
    Failed {
        /// The engine's own words, which may hold data.
        detail: String,
    },
}

impl QueryError {
    /// All that a researcher learns of a failure.
    pub const FAILED: &str = "The query could not be completed.";

    pub(crate) fn failed(error: &DataFusionError) -> Self {
        Self::Failed { detail: error.strip_backtrace() }
    }
}

impl From<Refusal> for QueryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
