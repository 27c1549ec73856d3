//! Where everything lies under the home.

use cloister_model::LEDGER;
use std::path::{Path, PathBuf};

/// The folder that holds one hub.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The home at a folder, which need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The hub's settings.
    pub fn config(&self) -> PathBuf {
        self.0.join("hub.toml")
    }

    /// The metadata.
    pub fn database(&self) -> PathBuf {
        self.0.join("cloister.db")
    }

    /// A key file, such as `vault`.
    pub fn key(&self, name: &str) -> PathBuf {
        self.0.join("keys").join(format!("{name}.key"))
    }

    /// The public key that checkpoints are verified with.
    pub fn audit_public_key(&self) -> PathBuf {
        self.0.join("audit").join("audit.pub")
    }

    /// Every checkpoint, one a line, oldest first: copies to keep elsewhere.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("audit").join("checkpoints.jsonl")
    }

    /// Encrypted Parquet, and nothing else.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault")
    }

    /// Of everything that was released, whose it is: sealed.
    pub fn ledger(&self) -> PathBuf {
        self.vault().join(LEDGER)
    }

    /// What is under way; whatever is left over here is removed.
    pub fn staging(&self) -> PathBuf {
        self.0.join("staging")
    }

    /// Reports of rejected rows, one a landing.
    pub fn rejects(&self) -> PathBuf {
        self.0.join("rejects")
    }

    /// Sealed results that wait for checkers.
    pub fn held(&self) -> PathBuf {
        self.0.join("held")
    }

    /// What was released, a folder a request.
    pub fn releases(&self) -> PathBuf {
        self.0.join("releases")
    }

    /// Sealed accounts of queries that broke off, for checkers.
    pub fn failures(&self) -> PathBuf {
        self.0.join("failures")
    }

    /// Who runs, and who waits to.
    pub fn queue(&self) -> PathBuf {
        self.0.join("queue")
    }

    /// The disclosure policies that projects may name.
    pub fn disclosure_policies(&self) -> PathBuf {
        self.0.join("policies").join("disclosure")
    }

    pub(crate) fn folders(&self) -> [PathBuf; 10] {
        [
            self.0.join("keys"),
            self.0.join("audit"),
            self.vault(),
            self.staging(),
            self.rejects(),
            self.held(),
            self.releases(),
            self.failures(),
            self.queue(),
            self.disclosure_policies(),
        ]
    }
}
