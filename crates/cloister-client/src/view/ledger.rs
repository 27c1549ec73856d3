//! The ledger of releases.

use super::Reason;
use serde::Deserialize;

/// What a project has in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProjectReleasesView {
    /// The project.
    pub project: String,
    /// Its releases.
    pub releases: u64,
    /// Their numbers.
    pub numbers: u64,
    /// Those that it had before.
    pub repeated: u64,
    /// When the last was made.
    pub last: String,
}

/// What the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LedgerStatusView {
    /// Releases in it.
    pub releases: u64,
    /// Their numbers.
    pub numbers: u64,
    /// Releases that nothing is compared with.
    pub not_in_it: u64,
    /// Releases that are indexed.
    pub indexed: u64,
    /// Project by project.
    pub projects: Vec<ProjectReleasesView>,
}

/// A number of the ledger.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct LedgerNumberView {
    /// What it is called.
    pub name: String,
    /// As what it was published.
    pub published: Option<f64>,
    /// How far the true one may be from it.
    pub within: Option<f64>,
}

/// What the ledger says of a query.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct LedgerToldView {
    /// The query; none where it was only tried.
    pub request: Option<String>,
    /// Its project.
    pub project: String,
    /// `released`, `held` or `simulated`.
    pub state: String,
    /// Its place in the ledger, from 1.
    pub number: Option<i64>,
    /// When it was released.
    pub made_at: Option<String>,
    /// Its numbers, where it was released.
    pub numbers: Vec<LedgerNumberView>,
    /// How many numbers it would hold, where it was only tried.
    pub would_hold: Option<u64>,
    /// How many of them its project has had before, where it was only tried.
    pub repeated: Option<u64>,
    /// What could be worked out from it and from what was released.
    pub findings: Vec<String>,
    /// Keys of its grouping without which nothing could be, where its policy asks for them.
    pub coarser: Vec<String>,
    /// Why it would not run, where it was only tried.
    pub reasons: Vec<Reason>,
}
