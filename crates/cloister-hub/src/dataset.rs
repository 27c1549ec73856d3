//! Dataset versions: listing them, and comparing the vault with their manifests.

use crate::recover::names;
use crate::{Hub, HubError};
use cloister_access::{Action, Object};
use cloister_audit::EventKind;
use cloister_governance::FileEntry;
use cloister_model::{Digest, Hasher, Ident, LEDGER, Name, WORKSPACES};
use cloister_store::DatasetVersion;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use utoipa::ToSchema;

/// What is wrong with a file of the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// It is not what was landed.
    Changed,
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra,
    /// It cannot be read.
    Unreadable,
}

impl FileProblem {
    /// As shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The vault compared with what was landed.
#[derive(Clone, Debug, Default)]
pub struct VerifiedVault {
    /// Each version that was landed.
    pub versions: Vec<VerifiedDataset>,
    /// Each workspace table.
    pub workspace: Vec<VerifiedTable>,
    /// Files and folders that belong to no version, by path inside the vault.
    pub strays: Vec<String>,
}

impl VerifiedVault {
    /// Whether everything is as it was landed, and nothing else is there.
    pub fn is_as_landed(&self) -> bool {
        self.strays.is_empty()
            && self.versions.iter().all(|v| v.problems.is_empty())
            && self.workspace.iter().all(|t| t.problems.is_empty())
    }
}

/// A dataset version's files compared with its manifest.
#[derive(Clone, Debug)]
pub struct VerifiedDataset {
    /// The dataset.
    pub dataset: Name,
    /// The version.
    pub version: u32,
    /// Files in the manifest.
    pub files: usize,
    /// What is wrong, by path inside the vault.
    pub problems: Vec<(String, FileProblem)>,
}

/// A workspace table's files compared with its manifest.
#[derive(Clone, Debug)]
pub struct VerifiedTable {
    /// Its project.
    pub project: Name,
    /// Its name.
    pub name: Ident,
    /// What is wrong, by path inside the vault.
    pub problems: Vec<(String, FileProblem)>,
}

/// A dataset, as those who may see it do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DatasetView {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owners: Vec<String>,
    /// What landed, oldest first.
    pub versions: Vec<VersionView>,
}

/// A dataset version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionView {
    /// Which.
    pub version: u32,
    /// When it landed.
    pub landed_at: String,
    /// Who landed it.
    pub landed_by: String,
    /// The digest of its manifest.
    pub digest: String,
    /// Its tables.
    pub tables: Vec<String>,
    /// Rows that were not landed, by file and code: names and numbers of the extract's own errors, never a value.
    #[schema(value_type = Object)]
    pub rejects: serde_json::Value,
}

impl Hub {
    /// The datasets that a person may see, by name.
    pub async fn datasets_of(&self, user: &Name) -> Result<Vec<DatasetView>, HubError> {
        let principal = self.principal(user).await?;
        let mut views: Vec<DatasetView> = Vec::new();
        for version in self.store.dataset_versions().await? {
            let name = version.manifest.dataset.clone();
            let owners = self.store.dataset_owners(&name).await?;
            let facts = cloister_access::Dataset { name: name.clone(), owners: owners.clone() };
            if !self.permits(&principal, Action::ViewLandings, facts.resource()) {
                continue;
            }
            let view = VersionView {
                version: version.manifest.version,
                landed_at: version.landed_at,
                landed_by: version.landed_by,
                digest: version.digest.to_string(),
                tables: version.manifest.tables.iter().map(|t| t.name.to_string()).collect(),
                rejects: serde_json::from_str(&version.rejects)
                    .map_err(|_| HubError::Internal("a reject report cannot be read".to_owned()))?,
            };
            match views.iter_mut().find(|v| v.name == name.as_str()) {
                Some(known) => known.versions.push(view),
                None => views.push(DatasetView {
                    name: name.to_string(),
                    owners: owners.iter().map(ToString::to_string).collect(),
                    versions: vec![view],
                }),
            }
        }
        views.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(views)
    }

    /// Every dataset version.
    pub async fn datasets(&self) -> Result<Vec<DatasetVersion>, HubError> {
        Ok(self.store.dataset_versions().await?)
    }

    /// One version, or the newest.
    pub async fn dataset(&self, name: &Name, version: Option<u32>) -> Result<DatasetVersion, HubError> {
        let found = self.store.dataset_version(name, version).await?;
        found.ok_or_else(|| {
            let version = version.map(|v| format!(" version {v}")).unwrap_or_default();
            HubError::NotFound("dataset", format!("{name}{version}"))
        })
    }

    /// Compares the vault with what was landed: every version, or those of one dataset.
    pub async fn verify_datasets(
        &self,
        only: Option<&Name>,
        actor: &Name,
    ) -> Result<VerifiedVault, HubError> {
        let mut verified = VerifiedVault::default();
        if let Some(name) = only {
            self.dataset(name, None).await?;
        }
        let wanted = |dataset: &str| only.is_none_or(|name| name.as_str() == dataset);
        let mut known = BTreeSet::new();
        for version in self.store.dataset_versions().await? {
            let manifest = &version.manifest;
            let subject = format!("{}/v{:05}", manifest.dataset, manifest.version);
            known.insert(subject.clone());
            if !wanted(manifest.dataset.as_str()) {
                continue;
            }
            let result = self.verify_version(&version)?;
            let event = self
                .event(actor.as_str(), EventKind::DatasetVerified, subject)
                .with("files", result.files)
                .with("problems", result.problems.len());
            self.store.begin().await?.commit(vec![event]).await?;
            verified.versions.push(result);
        }
        if only.is_none() {
            verified.workspace = self.verify_workspaces(actor, &mut known).await?;
        }
        verified.strays = strays(&self.store.home().vault(), &known, wanted)?;
        if !verified.strays.is_empty() {
            let event = self.event(actor.as_str(), EventKind::DatasetVerified, "vault".to_owned());
            let event = event.with("problems", verified.strays.len());
            self.store.begin().await?.commit(vec![event]).await?;
        }
        Ok(verified)
    }

    fn verify_version(&self, version: &DatasetVersion) -> Result<VerifiedDataset, HubError> {
        let manifest = &version.manifest;
        let files: Vec<&FileEntry> = manifest.files().collect();
        let root = format!("{}/v{:05}", manifest.dataset, manifest.version);
        let problems = problems_in(&self.store.home().vault(), &root, &files)?;
        Ok(VerifiedDataset {
            dataset: manifest.dataset.clone(),
            version: manifest.version,
            files: files.len(),
            problems,
        })
    }
}

/// What is wrong in a folder of the vault that should hold these files.
pub(crate) fn problems_in(
    vault: &Path,
    root: &str,
    files: &[&FileEntry],
) -> Result<Vec<(String, FileProblem)>, HubError> {
    let mut problems = Vec::new();
    for file in files {
        if let Some(problem) = compare(&vault.join(&file.path), file) {
            problems.push((file.path.clone(), problem));
        }
    }
    let expected: BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    for path in walk(vault, root)? {
        if !expected.contains(path.as_str()) {
            problems.push((path, FileProblem::Extra));
        }
    }
    Ok(problems)
}

fn compare(path: &Path, entry: &FileEntry) -> Option<FileProblem> {
    match std::fs::File::open(path).and_then(|mut file| hash(&mut file)) {
        Ok(digest) if digest == entry.digest => None,
        Ok(_) => Some(FileProblem::Changed),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Some(FileProblem::Missing),
        Err(_) => Some(FileProblem::Unreadable),
    }
}

/// The digest of all that is left to read, however much it is.
pub(crate) fn hash(file: &mut impl Read) -> std::io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

/// What lies in the vault beside the folders of known versions.
fn strays(
    vault: &Path,
    known: &BTreeSet<String>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<String>, HubError> {
    let mut strays = Vec::new();
    for dataset in names(vault)?.into_iter().filter(|name| wanted(name)) {
        // The ledger is verified by itself.
        if dataset == LEDGER {
            continue;
        }
        if dataset == WORKSPACES {
            for project in names(&vault.join(&dataset))? {
                let tables = names(&vault.join(&dataset).join(&project))?;
                let tables = tables.into_iter().map(|table| format!("{dataset}/{project}/{table}"));
                strays.extend(tables.filter(|table| !known.contains(table)));
            }
            continue;
        }
        if !known.iter().any(|version| version.split('/').next() == Some(dataset.as_str())) {
            strays.push(dataset);
            continue;
        }
        let versions =
            names(&vault.join(&dataset))?.into_iter().map(|version| format!("{dataset}/{version}"));
        strays.extend(versions.filter(|version| !known.contains(version)));
    }
    Ok(strays)
}

/// The files under a folder of the vault, as paths inside the vault.
fn walk(vault: &Path, folder: &str) -> Result<Vec<String>, HubError> {
    let mut files = Vec::new();
    for name in names(&vault.join(folder))? {
        let path = format!("{folder}/{name}");
        if vault.join(&path).is_dir() {
            files.extend(walk(vault, &path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
