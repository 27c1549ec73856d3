//! A release package on the disk: the table, the query, and what they rest on, with digests and a signature.

use crate::{Answer, DatasetRef, Hub, HubError, Reason};
use cloister_airlock::Cleared;
use cloister_model::{Digest, Name};
use cloister_package::{CRATE_METADATA, Described, Files, INDEX, Index, SIGNATURE, metadata, seal, zip};
use cloister_query::ReleasedTable;
use serde_json::json;
use std::io::Seek;
use std::path::Path;

/// A file of a release package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageFile {
    /// The table as CSV.
    Csv,
    /// The table as Parquet.
    Parquet,
    /// The table as an Arrow IPC stream.
    Arrow,
    /// The whole answer as JSON: every cell that is not simply a value, with its rule.
    Json,
    /// The query.
    Sql,
    /// The disclosure policy.
    Policy,
    /// Who decided, in which way, and what they had to look at.
    Decision,
    /// The table, the query and what was done, to read in a browser.
    Page,
    /// What it is, for machines: an RO-Crate.
    Crate,
    /// The whole package as one file, with its index and signature.
    Zip,
}

impl PackageFile {
    /// Every file.
    pub const ALL: [Self; 10] = [
        Self::Csv,
        Self::Parquet,
        Self::Arrow,
        Self::Json,
        Self::Sql,
        Self::Policy,
        Self::Decision,
        Self::Page,
        Self::Crate,
        Self::Zip,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "table.csv",
            Self::Parquet => "table.parquet",
            Self::Arrow => "table.arrow",
            Self::Json => "answer.json",
            Self::Sql => "query.sql",
            Self::Policy => "policy.toml",
            Self::Decision => "decision.json",
            Self::Page => "release.html",
            Self::Crate => CRATE_METADATA,
            Self::Zip => "package.zip",
        }
    }
}

/// What a package tells beside its table.
pub(crate) struct Story<'a> {
    pub(crate) request: &'a str,
    pub(crate) project: &'a Name,
    pub(crate) author: &'a str,
    pub(crate) sql: &'a str,
    pub(crate) policy: &'a Name,
    pub(crate) policy_digest: &'a str,
    pub(crate) datasets: &'a [DatasetRef],
    pub(crate) asked_at: &'a str,
    /// Who decided; rules alone where nobody.
    pub(crate) checkers: Vec<String>,
    /// The release request that it was decided in.
    pub(crate) release_request: Option<&'a str>,
    /// What they had to look at.
    pub(crate) reasons: Vec<Reason>,
}

impl Hub {
    /// Writes a package to a new folder, on the disk when it returns. The digest is the index's.
    pub(crate) async fn write_package<T: AsRef<ReleasedTable>>(
        &self,
        folder: &Path,
        answer: &Answer,
        cleared: &Cleared<T>,
        story: &Story<'_>,
    ) -> Result<Digest, HubError> {
        let made_at = self.clock.timestamp();
        let internal = |text: &str| HubError::Internal(text.to_owned());
        let unwritten = |_| internal("the table cannot be written");
        let table = cleared.get().as_ref();
        let (_, policy_texts) = self.policy_and_texts(story.policy)?;
        let decision = json!({
            "release_request": story.release_request, "decided_by": story.checkers, "decided_at": made_at,
            "policy": { "name": story.policy, "digest": story.policy_digest }, "looked_at": story.reasons,
        });
        let mut files = Files::new();
        let mut put = |file: PackageFile, bytes: Vec<u8>| drop(files.insert(file.name().to_owned(), bytes));
        put(
            PackageFile::Csv,
            answer.to_csv().ok_or_else(|| internal("a release without a table"))?.into_bytes(),
        );
        put(PackageFile::Parquet, table.to_parquet().map_err(unwritten)?);
        put(PackageFile::Arrow, table.to_arrow_stream().map_err(unwritten)?);
        put(PackageFile::Json, answer.to_json().into_bytes());
        put(PackageFile::Sql, story.sql.as_bytes().to_vec());
        put(PackageFile::Policy, policy_texts.policy.into_bytes());
        put(PackageFile::Decision, serde_json::to_vec_pretty(&decision).unwrap_or_default());
        put(PackageFile::Page, crate::page::render(answer, story.sql, &made_at).into_bytes());
        let described = self.described(story, answer, &made_at).await?;
        files.insert(CRATE_METADATA.to_owned(), metadata(&described, &files));
        let index = Index::of(story.request, &made_at, &files);
        let package = seal(files, &index, self.store.signer());
        std::fs::create_dir(folder).map_err(HubError::file(folder))?;
        for (name, bytes) in &package {
            cloister_store::write_new(&folder.join(name), bytes)?;
        }
        cloister_store::sync_folder(folder)?;
        Ok(Digest::of(&index.to_bytes()))
    }

    async fn described(
        &self,
        story: &Story<'_>,
        answer: &Answer,
        made_at: &str,
    ) -> Result<Described, HubError> {
        let project = self.parsed(&self.stored_project(story.project).await?)?;
        let hidden = answer.cells().iter().filter(|c| c.rule.is_some()).count();
        let attack = match answer.attack() {
            Some(_) => " An outsider's attack on the suppressed cells failed.",
            None => "",
        };
        Ok(Described {
            request: story.request.to_owned(),
            asked_at: story.asked_at.to_owned(),
            made_at: made_at.to_owned(),
            hub: self.store.hub().to_string(),
            project: (project.name.to_string(), project.title, project.purpose),
            author: story.author.to_owned(),
            checkers: story.checkers.clone(),
            policy: (story.policy.to_string(), story.policy_digest.to_owned()),
            datasets: story.datasets.iter().map(|d| (d.name.clone(), d.version, d.digest.clone())).collect(),
            outcome: format!("{hidden} cells are suppressed by rules of the policy; {made_at}.{attack}"),
        })
    }
}

/// Opens a file of a package at its beginning, once all of it was checked against the recorded digest. None where it was
/// changed, and for the whole package, which is no file of its own.
pub(crate) fn open(folder: &Path, digest: Digest, file: PackageFile) -> Option<std::fs::File> {
    let (index, _) = index_of(folder, digest)?;
    let entry = index.files.iter().find(|e| e.name == file.name())?;
    let mut opened = std::fs::File::open(folder.join(file.name())).ok()?;
    let found = crate::dataset::hash(&mut opened).ok()?;
    opened.rewind().ok()?;
    (found == entry.digest).then_some(opened)
}

/// A package's index and its bytes, where they are those that were recorded.
fn index_of(folder: &Path, digest: Digest) -> Option<(Index, Vec<u8>)> {
    let bytes = std::fs::read(folder.join(INDEX)).ok()?;
    if Digest::of(&bytes) != digest {
        return None;
    }
    Some((Index::from_bytes(&bytes)?, bytes))
}

/// Reads a file of a package and checks it against the recorded digest. None where it was changed.
pub(crate) fn read(folder: &Path, digest: Digest, file: PackageFile) -> Option<Vec<u8>> {
    let (index, bytes) = index_of(folder, digest)?;
    let listed = |name: &str| {
        let entry = index.files.iter().find(|e| e.name == name)?;
        let bytes = std::fs::read(folder.join(name)).ok()?;
        (Digest::of(&bytes) == entry.digest).then_some(bytes)
    };
    if file != PackageFile::Zip {
        return listed(file.name());
    }
    let mut files = Files::from([(INDEX.to_owned(), bytes)]);
    for entry in &index.files {
        files.insert(entry.name.clone(), listed(&entry.name)?);
    }
    // Packages of before have no signature.
    if let Ok(signature) = std::fs::read(folder.join(SIGNATURE)) {
        files.insert(SIGNATURE.to_owned(), signature);
    }
    zip(&files).ok()
}
