//! A project's workspace: which tables and views there are, what they were made from, and whether they may be used.

mod create;
mod lineage;
mod sweep;
mod verify;

pub(crate) use lineage::{Lineage, Source};

use crate::{Hub, HubError};
use cloister_governance::Project;
use cloister_model::{Digest, Ident, Name};
use cloister_query::{StoredTable, Unusable, WorkspaceColumn};
use cloister_store::{ObjectEnd, ObjectKind, StoredObject};
use cloister_worker::{KeptContent, KeptObject};
use std::sync::Arc;

/// A workspace table or view as its project's people see it.
#[derive(Clone, Debug)]
pub struct WorkspaceEntry {
    /// Its name in the schema `workspace`.
    pub name: Ident,
    /// `view`, or a table of `people`, `groups` or `reference` rows.
    pub kind: &'static str,
    /// Its columns.
    pub columns: Vec<WorkspaceColumn>,
    /// Who made it.
    pub made_by: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub made_at: String,
    /// From when on it may not be used.
    pub expires_at: String,
    /// Why it may not be used now.
    pub unusable: Option<&'static str>,
}

/// One object of a workspace, with what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) stored: StoredObject,
    pub(crate) lineage: Lineage,
    content: Content,
    unusable: Option<Unusable>,
}

#[derive(Clone, Debug)]
enum Content {
    Table(Arc<StoredTable>),
    View(Vec<WorkspaceColumn>),
}

impl Kept {
    fn read(stored: StoredObject) -> Result<Self, HubError> {
        let unread = |_| HubError::Internal(format!("workspace.{} cannot be read", stored.name));
        let content = match stored.kind {
            ObjectKind::Table => {
                Content::Table(Arc::new(serde_json::from_str(&stored.manifest).map_err(unread)?))
            }
            ObjectKind::View => Content::View(serde_json::from_str(&stored.manifest).map_err(unread)?),
        };
        let lineage = Lineage::of_object(&stored)?;
        Ok(Self { stored, lineage, content, unusable: None })
    }

    /// Decides whether it may be used now.
    fn judged(mut self, sources: &[Source], policy: Digest, now: &str) -> Self {
        let other_policy = match &self.content {
            Content::Table(table) => table.policy().is_some_and(|p| p != policy),
            Content::View(_) => false,
        };
        // A view is checked against the grants like the query that it stands in.
        let granted = matches!(self.content, Content::View(_)) || self.lineage.is_granted(sources);
        self.unusable = if self.stored.end.is_some() || self.stored.expires_at.as_str() <= now {
            Some(Unusable::Expired)
        } else if !granted {
            Some(Unusable::NotGranted)
        } else if other_policy {
            Some(Unusable::OtherPolicy)
        } else {
            None
        };
        self
    }

    fn columns(&self) -> Vec<WorkspaceColumn> {
        match &self.content {
            Content::Table(table) => table.columns(),
            Content::View(columns) => columns.clone(),
        }
    }

    /// The same as a worker's queries find it. Data keys stay wrapped.
    pub(crate) fn for_worker(&self) -> Result<KeptObject, HubError> {
        let (name, stored) = (self.stored.name.clone(), &self.stored);
        let content = match (&self.content, self.unusable) {
            (_, Some(why)) => KeptContent::Unusable { columns: self.columns(), why },
            (Content::View(_), None) => KeptContent::View(stored.sql.clone()),
            (Content::Table(table), None) => KeptContent::Table {
                stored: table.clone(),
                key_place: StoredObject::key_place(&stored.project, &stored.request),
                wrapped_key: stored
                    .wrapped_key
                    .clone()
                    .ok_or_else(|| HubError::Internal("a workspace table has no key".to_owned()))?,
            },
        };
        Ok(KeptObject { name, content })
    }

    pub(crate) fn table(&self) -> Option<&StoredTable> {
        match &self.content {
            Content::Table(table) => Some(table),
            Content::View(_) => None,
        }
    }
}

impl Hub {
    /// What a project keeps, oldest first, with what has expired before it.
    pub(crate) async fn kept(
        &self,
        project: &Name,
        sources: &[Source],
        policy: Digest,
    ) -> Result<Vec<Kept>, HubError> {
        let now = self.clock.timestamp();
        let mut all = self.store.expired_workspace(project).await?;
        all.retain(|object| !sources.iter().any(|s| s.table.table == object.name));
        all.extend(self.store.workspace(project).await?);
        all.into_iter().map(|stored| Ok(Kept::read(stored)?.judged(sources, policy, &now))).collect()
    }

    /// The workspace of a project, for one of its people.
    pub async fn workspace_entries(
        &self,
        project: &Name,
        user: &Name,
    ) -> Result<Vec<WorkspaceEntry>, HubError> {
        let not_found = || HubError::NotFound("project of yours", project.to_string());
        let stored = self.store.project(project).await?.ok_or_else(not_found)?;
        let project = Project::parse(&stored.text)?;
        if !project.members.iter().any(|member| member.user == *user) {
            return Err(not_found());
        }
        let workspace = self.workspace(project).await?;
        let alive = workspace.kept.iter().filter(|object| object.stored.end.is_none());
        let entries = alive.map(|object| WorkspaceEntry {
            name: object.stored.name.clone(),
            kind: object.table().map_or("view", StoredTable::rows_of),
            columns: object.columns(),
            made_by: object.stored.made_by.clone(),
            made_at: object.stored.made_at.clone(),
            expires_at: object.stored.expires_at.clone(),
            unusable: object.unusable.map(Unusable::code),
        });
        Ok(entries.collect())
    }

    /// Where the files of an object lie, if it has any.
    pub(crate) fn workspace_files(&self, object: &StoredObject) -> std::path::PathBuf {
        self.store.home().vault().join(cloister_model::workspace_folder(&object.project, &object.request))
    }

    /// Whether an object's time is over.
    pub(crate) fn is_over(&self, object: &StoredObject) -> bool {
        object.end == Some(ObjectEnd::Expired) || object.expires_at <= self.clock.timestamp()
    }
}
