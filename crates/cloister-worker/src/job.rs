//! What a worker is asked.

use cloister_governance::{Grant, Manifest, ReviewMode};
use cloister_query::Limits;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
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
    /// The folder that it may read.
    pub(crate) vault: PathBuf,
    /// The vault key's file, read before the doors close.
    pub(crate) key_file: PathBuf,
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

/// A query to plan, run, protect and decide on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryJob {
    /// The request, for which a held result and the account of a failure are sealed.
    pub request: String,
    /// What may be queried.
    pub datasets: Vec<GrantedDataset>,
    /// The text of the disclosure policy.
    pub policy: String,
    /// How the project's results are released.
    pub review: ReviewMode,
    /// The query.
    pub sql: String,
}

/// Grants whose row filters and columns are to be planned once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckJob {
    /// What may be queried.
    pub datasets: Vec<GrantedDataset>,
    /// The text of the disclosure policy.
    pub policy: String,
}

/// What a worker is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Answer a query.
    Query(QueryJob),
    /// Check a project's grants. Reads no data.
    Check(CheckJob),
}
