//! What can go wrong with the home.

use cloister_audit::{AuditError, EventError};
use std::path::PathBuf;

/// The home cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no hub.
    #[error("there is no hub at {}: run `cloister init`", .0.display())]
    NoHub(PathBuf),
    /// There is one already.
    #[error("there is a hub at {} already", .0.display())]
    HubExists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others than the owner may read a key.
    #[error("{}: others than its owner can read this secret; run `chmod 600` on it", .0.display())]
    KeyExposed(PathBuf),
    /// A key file does not hold a key.
    #[error("{}: is not a key", .0.display())]
    KeyForm(PathBuf),
    /// A sealed value cannot be opened: another key, another place, or changed.
    #[error("a sealed value cannot be opened with this hub's key")]
    Sealed,
    /// Another process holds the lock.
    #[error("{0}")]
    Busy(&'static str),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// What is stored is not what this version writes.
    #[error("the database holds something that this version does not understand: {0}")]
    Stored(&'static str),
    /// The database was written by another version.
    #[error("the database has schema {found}, this version of cloister has {expected}")]
    Schema {
        /// In the database.
        found: i64,
        /// In this program.
        expected: i64,
    },
    /// The address of a database server is refused; it is not shown, because it may hold a password.
    #[error("the address of the database is refused: {0}")]
    DatabaseAddress(&'static str),
    /// A database server is not fit to keep a hub.
    #[error("the database's server is refused: {0}")]
    DatabaseServer(&'static str),
    /// The schema for a new hub is not empty.
    #[error("the schema `{0}` of the database is not empty: name another, or remove it if no hub is in it")]
    SchemaTaken(String),
    /// The database has no hub in the schema.
    #[error("there is no hub in the schema `{0}` of the database")]
    NoHubInSchema(String),
    /// The schema is another hub's.
    #[error(
        "the log in the schema `{0}` of the database is not signed by this home's key: it is another hub's"
    )]
    OtherHub(String),
    /// A text that the database cannot keep.
    #[error("a text with the character U+0000 cannot be recorded")]
    Nul,
    /// The audit log is broken.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// An event cannot be recorded.
    #[error(transparent)]
    Event(#[from] EventError),
}

impl StoreError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoHub(_) => "no-hub",
            Self::HubExists(_) => "hub-exists",
            Self::File { .. } => "file",
            Self::KeyExposed(_) => "key-exposed",
            Self::KeyForm(_) => "key-form",
            Self::Sealed => "sealed",
            Self::Busy(_) => "busy",
            Self::Database(_) => "database",
            Self::Stored(_) => "stored",
            Self::Schema { .. } => "schema",
            Self::DatabaseAddress(_) => "database-address",
            Self::DatabaseServer(_) => "database-server",
            Self::SchemaTaken(_) => "schema-taken",
            Self::NoHubInSchema(_) => "no-hub",
            Self::OtherHub(_) => "other-hub",
            Self::Nul => "nul",
            Self::Audit(e) => e.code(),
            Self::Event(e) => e.code(),
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
