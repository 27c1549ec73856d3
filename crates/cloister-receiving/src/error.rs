//! Why an extract did not land.

use cloister_governance::Problems;
use cloister_hub::HubError;
use cloister_landing::LandingError;
use cloister_model::{Name, NameError};
use cloister_pseudonym::{KeyError, PeopleError};
use cloister_store::StoreError;
use std::path::PathBuf;

/// An extract that did not land; the hub is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceivingError {
    /// The contract is not right; every problem is listed.
    #[error("the contract is not valid:\n{0}")]
    Contract(#[from] Problems),
    /// The same files landed before.
    #[error("these files landed before, as version {version} of `{dataset}`")]
    LandedBefore {
        /// The dataset.
        dataset: Name,
        /// The version.
        version: u32,
    },
    /// The files, or what is in them.
    #[error("{source}{}", .report.as_ref().map(|r| format!("\nreject report: {}", r.display())).unwrap_or_default())]
    Landing {
        /// Why.
        source: LandingError,
        /// Where the rejected rows are listed, if any were.
        report: Option<PathBuf>,
    },
    /// The home.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The home's files or database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pseudonymisation keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The people index.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The system gives no randomness, or the like.
    #[error("{0}")]
    Internal(String),
}

impl ReceivingError {
    /// A stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Contract(_) => "contract",
            Self::LandedBefore { .. } => "landed-before",
            Self::Landing { source, .. } => source.code(),
            Self::Hub(e) => e.code(),
            Self::Store(StoreError::Busy(_)) => "landing-busy",
            Self::Store(e) => e.code(),
            Self::Key(_) => "key",
            Self::People(e) => e.code(),
            Self::Name(_) => "name",
            Self::Internal(_) => "internal",
        }
    }
}
