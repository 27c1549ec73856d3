//! What a worker is asked.

use cloister_disclosure::{Policy, PolicyError};
use cloister_governance::{Grant, Manifest, ReviewMode};
use cloister_ledger::Rules;
use cloister_model::{Digest, Ident, LandedColumn};
use cloister_query::{Limits, StoredTable, Unusable, WorkspaceColumn};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Whether a worker may run where the kernel cannot confine it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// Nothing runs unless Landlock and seccomp hold it.
    Required,
    /// It runs all the same, and the hub says so loudly.
    #[default]
    BestEffort,
}

/// What a query may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceilings {
    /// Memory of its operators, in bytes.
    pub memory_bytes_max: u64,
    /// Threads that scan.
    pub partitions: u32,
    /// Wall-clock time from the start of its worker to its answer, in milliseconds.
    pub time_ms_max: u64,
    /// Rows of the tables that it reads.
    pub rows_max: u64,
    /// Cells of its table.
    pub cells_max: u64,
}

impl Default for Ceilings {
    /// Those of [`Limits`].
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            memory_bytes_max: limits.memory_bytes_max as u64,
            partitions: u32::try_from(limits.partitions).unwrap_or(u32::MAX),
            time_ms_max: u64::try_from(limits.time_max.as_millis()).unwrap_or(u64::MAX),
            rows_max: limits.rows_max,
            cells_max: limits.cells_max,
        }
    }
}

impl Ceilings {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory_bytes_max: usize::try_from(self.memory_bytes_max).unwrap_or(usize::MAX),
            partitions: self.partitions as usize,
            time_max: self.time_max(),
            rows_max: self.rows_max,
            cells_max: self.cells_max,
        }
    }

    pub(crate) fn time_max(&self) -> Duration {
        Duration::from_millis(self.time_ms_max)
    }
}

/// The first message: all that a worker needs to lock itself in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    /// The process that started it, with which it dies.
    pub(crate) parent: u32,
    /// The folder that it may read; none for a job that reads no data.
    pub(crate) vault: Option<PathBuf>,
    /// The vault key's file, read before the doors close; none for a job that reads no data.
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) ceilings: Ceilings,
}

/// A dataset version, what is granted of it, and its data key, which only the worker can unwrap.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantedDataset {
    /// What the vault holds. Tables that are not granted may be left out.
    pub manifest: Manifest,
    /// Tables, columns, row filters, dates.
    pub grant: Grant,
    /// What the data key is wrapped for.
    pub key_place: String,
    /// The wrapped data key.
    pub wrapped_key: Vec<u8>,
}

/// A workspace table or view of the project, and a table's data key, which only the worker can unwrap.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptObject {
    /// Its name.
    pub name: Ident,
    /// What it is.
    pub content: KeptContent,
}

/// What a workspace object is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptContent {
    /// A table.
    Table {
        /// What is known of its files and columns.
        stored: Arc<StoredTable>,
        /// What its data key is wrapped for.
        key_place: String,
        /// The wrapped data key.
        wrapped_key: Vec<u8>,
    },
    /// A view: the statement that made it.
    View(String),
    /// What is there and may not be used.
    Unusable {
        /// Its columns.
        columns: Vec<WorkspaceColumn>,
        /// Why.
        why: Unusable,
    },
}

/// A disclosure policy, as it lies in the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyTexts {
    /// Its text.
    pub policy: String,
    /// That of its perturbation table, where it has one.
    pub perturbation: Option<String>,
}

impl PolicyTexts {
    /// What they say.
    ///
    /// # Errors
    /// They make no sense, alone or together.
    pub fn read(&self) -> Result<Policy, PolicyError> {
        let policy = Policy::parse_for_queries(&self.policy)?;
        match &self.perturbation {
            Some(table) => policy.with_perturbation(table),
            None => Ok(policy),
        }
    }
}

/// A `CREATE TABLE … AS` or `CREATE VIEW … AS`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateJob {
    /// The request, for which the account of a failure is sealed.
    pub request: String,
    /// What may be queried.
    pub datasets: Vec<GrantedDataset>,
    /// The project's workspace, oldest first.
    pub workspace: Vec<KeptObject>,
    /// The disclosure policy.
    pub policy: PolicyTexts,
    /// The statement.
    pub sql: String,
    /// How its files are written; `None` for a view.
    pub table: Option<TableJob>,
}

/// How a workspace table is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableJob {
    /// Where its folder will be inside the vault.
    pub path: String,
    /// What its data key, which the worker makes, is to be wrapped for.
    pub key_place: String,
    /// How many people one file spans.
    pub people_per_bucket: u32,
    /// How many bytes its files may have together.
    pub bytes_max: u64,
}

/// A query to plan, run, protect and decide on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryJob {
    /// The request, for which a held result and the account of a failure are sealed.
    pub request: String,
    /// What may be queried.
    pub datasets: Vec<GrantedDataset>,
    /// The project's workspace, oldest first.
    #[serde(default)]
    pub workspace: Vec<KeptObject>,
    /// The disclosure policy.
    pub policy: PolicyTexts,
    /// How the project's results are released.
    pub review: ReviewMode,
    /// The query.
    pub sql: String,
    /// The plans that may run; where there is no list, any that passes the checks.
    pub approved: Option<Vec<Digest>>,
    /// What its result is compared with; nothing where the policy says so.
    #[serde(default)]
    pub ledger: Option<LedgerPast>,
    /// What is wanted of it.
    #[serde(default)]
    pub wanted: Wanted,
}

/// What is wanted of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// Its result, and what that leaves in the ledger.
    #[default]
    Result,
    /// What the comparison finds.
    Findings,
    /// What it left in the ledger, which was lost.
    Entry,
}

/// What was released before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerPast {
    /// The project of whoever asks.
    pub project: String,
    /// All of it.
    pub past: Past,
}

/// A stretch of the ledger: queries whose tables were released, oldest first. Their entries lie in the vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// The number of the first.
    pub first: u64,
    /// The queries.
    pub requests: Vec<String>,
}

/// An entry and its people, sealed.
pub type SealedEntry = (Vec<u8>, Vec<u8>);

/// A result that was held, or has just been cleared, to compare with what was released meanwhile.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareJob {
    /// Its query.
    pub request: String,
    /// Its entry and its people, sealed.
    pub sealed: SealedEntry,
    /// What was released.
    pub past: Past,
    /// Other results that would leave with it: their queries, and their entries and people, sealed.
    pub beside: Vec<(String, SealedEntry)>,
    /// By what is judged.
    pub rules: Rules,
}

/// Entries of the ledger that follow one another, to be put into one index.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexJob {
    /// The index's level.
    pub level: usize,
    /// Its number there, from 0.
    pub number: u64,
    /// Its entries.
    pub past: Past,
}

/// A query to plan and check. Reads no data, and has no key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainJob {
    /// What may be queried.
    pub datasets: Vec<GrantedDataset>,
    /// The project's workspace, oldest first.
    pub workspace: Vec<KeptObject>,
    /// The disclosure policy.
    pub policy: PolicyTexts,
    /// The query.
    pub sql: String,
}

/// A dataset of which a twin is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinDataset {
    /// The dataset's name in SQL.
    pub schema: String,
    /// The text of its contract.
    pub contract: String,
    /// The tables that exist for the project, with their columns.
    pub tables: Vec<(Ident, Vec<LandedColumn>)>,
}

/// A query to run on invented rows. Reads no data, and has no key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinJob {
    /// The datasets.
    pub datasets: Vec<TwinDataset>,
    /// The statements that made the project's workspace tables and views, oldest first, by their names.
    pub workspace: Vec<(Ident, String)>,
    /// The query.
    pub sql: String,
}

/// Grants whose row filters and columns are to be planned once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckJob {
    /// What may be queried.
    pub datasets: Vec<GrantedDataset>,
    /// The disclosure policy.
    pub policy: PolicyTexts,
}

/// What a worker is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Answer a query.
    Query(QueryJob),
    /// Make a workspace table or view.
    Create(CreateJob),
    /// Check a project's grants. Reads no data.
    Check(CheckJob),
    /// Explain a query. Reads no data.
    Explain(ExplainJob),
    /// Run a query on invented rows.
    Twin(TwinJob),
    /// Compare a result with what was released.
    Compare(CompareJob),
    /// Index a part of the ledger.
    Index(IndexJob),
    /// Tell what the entry of a query says, without its people.
    Tell(String),
}

impl Job {
    /// Whether the worker is given the vault and its key.
    pub(crate) fn reads_data(&self) -> bool {
        match self {
            Self::Query(_) | Self::Create(_) | Self::Check(_) => true,
            Self::Compare(_) | Self::Index(_) | Self::Tell(_) => true,
            Self::Explain(_) | Self::Twin(_) => false,
        }
    }
}
