//! What a worker says, and what became of a job.

use crate::explained::Explained;
use cloister_airlock::Cleared;
use cloister_ledger::{Finding, Published};
use cloister_model::Digest;
use cloister_query::{Reads, ReleasedTable, StoredTable, WorkspaceColumn};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What of a worker the kernel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confinement {
    /// Files: Landlock.
    pub(crate) files: bool,
    /// System calls: seccomp.
    pub(crate) calls: bool,
}

impl Confinement {
    pub(crate) fn is_whole(self) -> bool {
        self.files && self.calls
    }
}

/// A message from a worker. Some come with bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Message {
    /// It is locked in and waits for its job.
    Ready(Confinement),
    /// The query passed the plan checks.
    Planned { digest: Digest, reads: Reads },
    /// Bytes: the next of a workspace table's file, which are encrypted.
    Part { bucket: u32 },
    /// A workspace table, whole: what is known of it, and its wrapped key.
    Stored { table: Box<StoredTable>, wrapped_key: Vec<u8> },
    /// A workspace view: its columns.
    Viewed(Vec<WorkspaceColumn>),
    /// Cleared. Bytes: the table, of `table` bytes, which `proof` is of; and what it leaves in the ledger.
    Released { proof: [u8; 32], table: usize, left: Left },
    /// Held. Bytes: the table, sealed, of `table` bytes; what a checker is shown of it, sealed, of `exhibit` bytes; and what
    /// it would leave in the ledger.
    Held { reasons: Vec<String>, table: usize, exhibit: usize, left: Left },
    /// A result that was compared with what was released.
    Compared(Vec<Finding>),
    /// Bytes: an index of a part of the ledger, sealed.
    Indexed,
    /// What an entry of the ledger says.
    Telling(Telling),
    /// What a comparison would find.
    Simulated(Simulated),
    /// Bytes: what a query left in the ledger.
    Entry(Left),
    /// Refused.
    Refused(Refused),
    /// Broken off. Bytes: why, sealed.
    Failed,
    /// Grants that were checked.
    Checked(Vec<Checked>),
    /// A query that was planned and checked.
    Explained(Explained),
    /// A query that ran on invented rows. Bytes: the table.
    Invented,
}

/// How the last bytes of a result are divided: what it leaves in the ledger. No bytes where it leaves nothing.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) entry: usize,
    pub(crate) numbers: u64,
    pub(crate) repeated: u64,
}

/// What a result leaves in the ledger, sealed under `ledger|entry|<request>` and `ledger|people|<request>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToLedger {
    /// The entry.
    pub entry: Vec<u8>,
    /// The people.
    pub people: Vec<u8>,
    /// How many numbers it holds.
    pub numbers: u64,
    /// How many of them its project has had before.
    pub repeated: u64,
}

/// What an entry of the ledger says, without its people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    /// Its numbers, each by its name and as what it was published.
    pub numbers: Vec<(String, Option<Published>)>,
}

/// What a comparison would find.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// How many numbers the result would hold.
    pub numbers: u64,
    /// How many of them its project has had before.
    pub repeated: u64,
    /// What it would say with what was released before.
    pub found: Vec<Finding>,
    /// Keys of its grouping without which it would say nothing beside that, where the policy asks for them.
    pub coarser: Vec<String>,
}

impl Left {
    /// The last bytes of a result, divided.
    pub(crate) fn divided(self, bytes: &[u8]) -> Option<Option<ToLedger>> {
        if bytes.is_empty() {
            return Some(None);
        }
        let (entry, people) = bytes.split_at_checked(self.entry)?;
        let (numbers, repeated) = (self.numbers, self.repeated);
        Some(Some(ToLedger { entry: entry.to_vec(), people: people.to_vec(), numbers, repeated }))
    }
}

/// Why a query may not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// A stable code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What the researcher can do.
    pub hint: String,
}

/// What a query gave on invented rows.
#[derive(Debug)]
pub enum Tried {
    /// A table.
    Ran(Invented),
    /// It may not run.
    Refused(Refused),
    /// It broke off.
    Failed,
}

/// A table of invented rows: what a worker answered that had neither the vault nor its key.
#[derive(Debug)]
pub struct Invented(pub(crate) ReleasedTable);

impl Invented {
    /// The table.
    pub fn table(&self) -> &ReleasedTable {
        &self.0
    }
}

/// A granted table that cannot be queried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The table as SQL names it.
    pub table: String,
    /// What is wrong with its grant.
    pub problem: String,
}

/// What is known of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its digest.
    pub digest: Digest,
    /// What it reads.
    pub reads: Reads,
}

/// What a CREATE made.
#[derive(Debug)]
pub enum Made {
    /// A table, whose files are on the disk.
    Table {
        /// What is known of it.
        stored: Box<StoredTable>,
        /// Its data key, wrapped.
        wrapped_key: Vec<u8>,
    },
    /// A view.
    View(Vec<WorkspaceColumn>),
}

/// What became of a query, and how far it got.
#[derive(Debug)]
pub struct Ended {
    /// Its plan, where it passed the plan checks.
    pub plan: Option<Plan>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a query.
#[derive(Debug)]
pub enum Outcome {
    /// Its table may leave.
    Released {
        /// The table.
        cleared: Cleared<ReleasedTable>,
        /// What it leaves in the ledger, where its policy compares releases.
        ledger: Option<ToLedger>,
    },
    /// Its table waits for checkers.
    Held {
        /// What a checker is shown of it (`cloister_query::Exhibit` as JSON), sealed under `exhibit|<request>`.
        exhibit: Vec<u8>,
        /// The table with its cells' states, sealed for `held|<request>`.
        sealed: Vec<u8>,
        /// Codes of the reasons.
        reasons: Vec<String>,
        /// What it would leave in the ledger, where its policy compares releases.
        ledger: Option<ToLedger>,
    },
    /// It made a workspace table or view.
    Made(Made),
    /// What its comparison would find, where only that was asked for.
    Simulated(Simulated),
    /// What it left in the ledger, where only that was asked for.
    Entry(ToLedger),
    /// It may not run.
    Refused(Refused),
    /// Whoever asked does not want it any more.
    Cancelled,
    /// It broke off.
    Failed(Failure),
}

/// Why a job broke off. Not for researchers.
#[derive(Debug)]
pub struct Failure {
    /// `engine`, `time-limit`, `signal-9`, `exit-1`, `protocol`, `start` or `sandbox`: no word of it depends on
    /// a value of the data, though whether it happened may.
    pub cause: String,
    /// All that is known.
    pub account: Account,
}

/// What is known of a failure.
#[derive(Debug)]
pub enum Account {
    /// The engine's own words, which may hold data: sealed for `failure|<request>`.
    Sealed(Vec<u8>),
    /// What the parent saw: how the process ended and what it last said of itself.
    Plain(String),
}

impl Failure {
    pub(crate) fn new(cause: impl Into<String>, account: impl Into<String>) -> Self {
        Self { cause: cause.into(), account: Account::Plain(account.into()) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the engine worker broke off ({})", self.cause)
    }
}

impl std::error::Error for Failure {}
