//! Why a landing failed as a whole. Texts name files, rows and columns, never values.

use crate::reject::RejectSummary;
use cloister_pseudonym::PeopleError;

/// A landing that failed; nothing of it stays.
#[derive(Debug, thiserror::Error)]
pub enum LandingError {
    /// The files do not fit the contract; one line for each that does not.
    #[error("{}", .0.join("\n"))]
    Inputs(Vec<String>),
    /// A file cannot be read to its end.
    #[error("{file}: {text}")]
    File {
        /// The file's name.
        file: String,
        /// A stable code.
        code: &'static str,
        /// What is wrong, and where.
        text: String,
    },
    /// More rows were rejected than the contract allows.
    #[error("too many rows were rejected: {}", .0.over_limit().join(", "))]
    TooManyRejects(RejectSummary),
    /// The disk failed or is full.
    #[error("cannot write the landed files: {0}")]
    Write(#[source] std::io::Error),
    /// No person number is left, or the people index is broken.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Something that should not happen; nothing was landed.
    #[error("the landing stopped: {0}")]
    Internal(String),
}

impl LandingError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Inputs(_) => "inputs",
            Self::File { code, .. } => code,
            Self::TooManyRejects(_) => "too-many-rejects",
            Self::Write(_) => "write-failed",
            Self::People(e) => e.code(),
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn file(file: &str, code: &'static str, text: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), code, text: text.into() }
    }

    /// An error of the column writer: the disk, as nearly always, or the writer itself.
    pub(crate) fn parquet(error: parquet::errors::ParquetError) -> Self {
        match error {
            parquet::errors::ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
                Ok(io) => Self::Write(*io),
                Err(other) => Self::Write(std::io::Error::other(other.to_string())),
            },
            other => Self::Write(std::io::Error::other(other.to_string())),
        }
    }
}

impl From<arrow::error::ArrowError> for LandingError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Internal(error.to_string())
    }
}
