//! A release package: the table, the query, and what they rest on, with digests.

use crate::{Answer, HubError};
use cloister_airlock::Cleared;
use cloister_model::Digest;
use cloister_query::ReleasedTable;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The package's list of its own files.
const INDEX: &str = "release.json";

/// A file of a release package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageFile {
    /// The table as CSV.
    Csv,
    /// The whole answer as JSON.
    Json,
    /// The table as an Arrow IPC stream.
    Arrow,
    /// The query.
    Sql,
    /// The table, the query and what was done, to read in a browser.
    Page,
}

impl PackageFile {
    /// Every file.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Json, Self::Arrow, Self::Sql, Self::Page];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "table.csv",
            Self::Json => "answer.json",
            Self::Arrow => "table.arrow",
            Self::Sql => "query.sql",
            Self::Page => "release.html",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Index {
    request: String,
    made_at: String,
    files: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    digest: Digest,
}

/// Writes a package to a new folder, on the disk when it returns. The digest is the index's.
pub(crate) fn write<T: AsRef<ReleasedTable>>(
    folder: &Path,
    answer: &Answer,
    cleared: &Cleared<T>,
    sql: &str,
    made_at: &str,
) -> Result<Digest, HubError> {
    let internal = |text: &str| HubError::Internal(text.to_owned());
    let arrow =
        cleared.get().as_ref().to_arrow_stream().map_err(|_| internal("the table cannot be written"))?;
    let csv = answer.to_csv().ok_or_else(|| internal("a release without a table"))?;
    std::fs::create_dir(folder).map_err(HubError::file(folder))?;
    let mut files = Vec::new();
    for file in PackageFile::ALL {
        let bytes = match file {
            PackageFile::Csv => csv.as_bytes().to_vec(),
            PackageFile::Json => answer.to_json().into_bytes(),
            PackageFile::Arrow => arrow.clone(),
            PackageFile::Sql => sql.as_bytes().to_vec(),
            PackageFile::Page => crate::page::render(answer, sql, made_at).into_bytes(),
        };
        cloister_store::write_new(&folder.join(file.name()), &bytes)?;
        files.push(Entry { name: file.name().to_owned(), digest: Digest::of(&bytes) });
    }
    let request = answer.request().unwrap_or_default().to_owned();
    let index = serde_json::to_vec_pretty(&Index { request, made_at: made_at.to_owned(), files })
        .map_err(|e| HubError::Internal(e.to_string()))?;
    cloister_store::write_new(&folder.join(INDEX), &index)?;
    cloister_store::sync_folder(folder)?;
    Ok(Digest::of(&index))
}

/// Reads a file of a package and checks it against the recorded digest. None where it was changed.
pub(crate) fn read(folder: &Path, digest: Digest, file: PackageFile) -> Option<Vec<u8>> {
    let index = std::fs::read(folder.join(INDEX)).ok()?;
    if Digest::of(&index) != digest {
        return None;
    }
    let index: Index = serde_json::from_slice(&index).ok()?;
    let entry = index.files.iter().find(|e| e.name == file.name())?;
    let bytes = std::fs::read(folder.join(file.name())).ok()?;
    (Digest::of(&bytes) == entry.digest).then_some(bytes)
}
