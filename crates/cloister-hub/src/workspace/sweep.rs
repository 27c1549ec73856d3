//! Workspace files without an owner, and objects whose time is over: removed whenever a hub is opened.

use crate::recover::names;
use crate::{Hub, HubError};
use cloister_audit::EventKind;
use cloister_model::WORKSPACES;
use cloister_store::{ObjectEnd, StoredObject, remove};
use std::collections::HashSet;

impl Hub {
    /// Ends what has expired, and removes the files of what is not recorded as living.
    pub(crate) async fn sweep_workspaces(&self) -> Result<(), HubError> {
        let (over, living): (Vec<_>, Vec<_>) =
            self.store.workspaces().await?.into_iter().partition(|object| self.is_over(object));
        for object in &over {
            self.expire(object).await?;
        }
        let living: HashSet<String> = living.into_iter().map(|object| object.request).collect();
        let root = self.store.home().vault().join(WORKSPACES);
        for project in names(&root)? {
            for request in names(&root.join(&project))?.into_iter().filter(|n| n.starts_with("req_")) {
                if living.contains(&request) {
                    continue;
                }
                // Whoever is making it holds its request's lock, and records it before letting go.
                let Ok(_lock) = self.store.request_lock(&request) else { continue };
                if !self.lives(&request).await? {
                    // What cannot be removed now is removed by the next start; its key is gone.
                    let _ = remove(&root.join(&project).join(&request));
                }
                remove(&self.store.home().staging().join(format!("{request}.lock")))?;
            }
        }
        Ok(())
    }

    async fn lives(&self, request: &str) -> Result<bool, HubError> {
        Ok(self.store.workspaces().await?.iter().any(|object| object.request == request))
    }

    async fn expire(&self, object: &StoredObject) -> Result<(), HubError> {
        let event = self
            .event("hub", EventKind::WorkspaceExpired, object.request.as_str())
            .with("project", object.project.as_str())
            .with("name", object.name.as_str());
        let at = event.at.clone();
        let mut tx = self.store.begin().await?;
        if tx.end_workspace_object(&object.request, ObjectEnd::Expired, &at).await? {
            tx.commit(vec![event]).await?;
        }
        Ok(())
    }
}
