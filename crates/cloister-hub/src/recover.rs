//! Clearing away what a process that died left behind.

use crate::{Hub, HubError};
use cloister_audit::EventKind;
use cloister_model::{LEDGER, WORKSPACES};
use cloister_store::{Outcome, RequestState, remove};
use std::collections::HashSet;
use std::path::Path;

impl Hub {
    /// Whatever has no live owner is settled or removed. A lock tells whether an owner lives.
    pub(crate) async fn recover(&self) -> Result<(), HubError> {
        for request in self.store.request_ids(RequestState::Running).await? {
            self.recover_request(&request).await?;
        }
        for name in names(&self.store.home().staging())? {
            if let Some(request) = name.strip_suffix(".lock").filter(|n| n.starts_with("req_")) {
                self.recover_request(request).await?;
            } else if let Some(id) = name.strip_suffix(".lock").filter(|n| n.starts_with("rel_")) {
                self.recover_release(&id.parse()?).await?;
            } else if name.starts_with("landing-") {
                self.recover_landings().await?;
            }
        }
        self.finish_releases().await?;
        self.sweep_workspaces().await
    }

    async fn recover_request(&self, request: &str) -> Result<(), HubError> {
        let Ok(_lock) = self.store.request_lock(request) else { return Ok(()) };
        // Read again under the lock: its owner may have ended well meanwhile.
        let state = self.store.request(request).await?.map(|r| r.state);
        if state == Some(RequestState::Running) {
            let event = self.event("hub", EventKind::QueryInterrupted, request);
            let at = event.at.clone();
            let mut tx = self.store.begin().await?;
            let outcome = Outcome {
                request,
                state: RequestState::Interrupted,
                plan_digest: None,
                reasons: "[]",
                at: &at,
            };
            if tx.settle(&outcome).await? {
                tx.commit(vec![event]).await?;
            }
        }
        let home = self.store.home();
        if !matches!(state, Some(RequestState::Released | RequestState::Revoked)) {
            remove(&home.releases().join(request))?;
            for what in LEDGER_FILES {
                remove(&home.ledger().join(format!("{request}.{what}")))?;
            }
        }
        if state != Some(RequestState::Held) {
            self.forget_held(request)?;
        }
        if state != Some(RequestState::Failed) {
            remove(&home.failures().join(format!("{request}.sealed")))?;
        }
        remove(&home.staging().join(request))?;
        for what in HELD_FILES {
            remove(&home.staging().join(format!("{request}.{what}")))?;
        }
        Ok(remove(&home.staging().join(format!("{request}.lock")))?)
    }

    /// Removes what is kept of a result while it is held.
    pub(crate) fn forget_held(&self, query: &str) -> Result<(), HubError> {
        let held = self.store.home().held();
        Ok(HELD_FILES.iter().try_for_each(|what| remove(&held.join(format!("{query}.{what}"))))?)
    }

    /// A landing that died: its staging folder, and a version that it moved to the vault but did not record.
    async fn recover_landings(&self) -> Result<(), HubError> {
        let Ok(_lock) = self.store.landing_lock() else { return Ok(()) };
        let home = self.store.home();
        let versions = self.store.dataset_versions().await?;
        let recorded: HashSet<(String, String)> = versions
            .iter()
            .map(|v| (v.manifest.dataset.to_string(), format!("v{:05}", v.manifest.version)))
            .collect();
        for dataset in names(&home.vault())?.into_iter().filter(|name| name != WORKSPACES && name != LEDGER) {
            for version in names(&home.vault().join(&dataset))? {
                if !recorded.contains(&(dataset.clone(), version.clone())) {
                    remove(&home.vault().join(&dataset).join(&version))?;
                }
            }
            if !recorded.iter().any(|(known, _)| *known == dataset) {
                remove(&home.vault().join(&dataset))?;
            }
        }
        for name in names(&home.staging())?.into_iter().filter(|n| n.starts_with("landing-")) {
            remove(&home.staging().join(name))?;
        }
        Ok(())
    }
}

/// What is kept of a held result, as files.
const HELD_FILES: [&str; 4] = ["sealed", "exhibit", "entry", "people"];

/// What a release leaves in the ledger, as files.
pub(crate) const LEDGER_FILES: [&str; 2] = ["entry", "people"];

/// The names in a folder; none where it is none.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, HubError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(HubError::file(folder))? {
        let entry = entry.map_err(HubError::file(folder))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
