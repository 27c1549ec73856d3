//! What a dataset version holds: every file with its digest, every column with its class.

use cloister_model::{Digest, Ident, LandedColumn, Name};
use serde::{Deserialize, Serialize};

/// A landed, immutable extract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The dataset.
    pub dataset: Name,
    /// Its version, from 1.
    pub version: u32,
    /// The text of the contract it was landed by.
    pub contract: Digest,
    /// How many people one bucket spans: bucket = person number / this.
    pub people_per_bucket: u32,
    /// The tables, in the contract's order.
    pub tables: Vec<TableEntry>,
    /// The record key of everybody whom the hub knew, by their numbers: the noise of counts is drawn by them. Versions that
    /// landed before there were any have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_keys: Option<FileEntry>,
}

/// One landed table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// Its name in SQL.
    pub name: Ident,
    /// The person column's landed name; `None` for a reference table.
    pub person: Option<Ident>,
    /// Meaning, for the data dictionary.
    #[serde(default)]
    pub description: String,
    /// The columns, in file order.
    pub columns: Vec<LandedColumn>,
    /// Rows over all files.
    pub rows: u64,
    /// The bucket files, by ascending bucket.
    pub files: Vec<FileEntry>,
}

/// One bucket file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Where it is inside the vault (`cloister_model::bucket_path`).
    pub path: String,
    /// Its range of people: `bucket * people_per_bucket ..`.
    pub bucket: u32,
    /// Rows.
    pub rows: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file as it lies on disk (encrypted).
    pub digest: Digest,
}

impl Manifest {
    /// Every file of the version.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.tables.iter().flat_map(|t| &t.files).chain(&self.record_keys)
    }

    /// The digest of the canonical JSON, which names this version wherever it is used.
    pub fn digest(canonical_json: &str) -> Digest {
        Digest::of(canonical_json.as_bytes())
    }

    /// The schema's name in SQL.
    pub fn schema_name(&self) -> String {
        self.dataset.as_str().replace(['-', '.'], "_")
    }
}
