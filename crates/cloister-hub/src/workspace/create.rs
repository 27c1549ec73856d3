//! CREATE TABLE, CREATE VIEW and DROP: everything that a workspace object is, in one transaction.

use super::Lineage;
use crate::query::{Run, Workspace};
use crate::{Answer, HubError, Reason, Status};
use cloister_audit::EventKind;
use cloister_model::{Digest, Ident, workspace_folder};
use cloister_query::Reads;
use cloister_store::{
    ObjectEnd, ObjectKind, Outcome as Settled, Place, RequestState, StoredObject, remove, sync_folder,
};
use cloister_worker::{CreateJob, Made, Outcome, TableJob};
use std::path::{Path, PathBuf};

/// A folder of files that are not recorded: gone with its owner, wherever it is by then.
struct Unrecorded(PathBuf);

impl Drop for Unrecorded {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What cannot be removed now is removed by the next start.
            let _ = remove(&self.0);
        }
    }
}

impl Unrecorded {
    fn publish(&mut self, to: &Path) -> Result<(), HubError> {
        let from = std::mem::replace(&mut self.0, to.to_owned());
        Ok(cloister_store::publish(&from, to).inspect_err(|_| self.0 = from)?)
    }

    fn keep(mut self) {
        self.0 = PathBuf::new();
    }
}

impl Run<'_> {
    /// `CREATE TABLE name AS query`, which a worker makes in staging, one rename moves to the vault, and then it is
    /// recorded; `CREATE VIEW name AS query`, of which the text is kept once it has passed the plan checks.
    pub(crate) async fn create(
        mut self,
        workspace: &Workspace,
        sql: &str,
        kind: ObjectKind,
        name: Ident,
        stop: impl Future<Output = ()>,
        place: Place,
    ) -> Result<Answer, HubError> {
        let staged = self.hub.store.home().staging().join(&self.id);
        std::fs::create_dir(&staged).map_err(HubError::file(&staged))?;
        let mut files = Unrecorded(staged.clone());
        let job = CreateJob {
            request: self.id.clone(),
            datasets: workspace.granted.clone(),
            workspace: workspace.for_worker()?,
            policy: workspace.policy_texts.clone(),
            sql: sql.to_owned(),
            table: (kind == ObjectKind::Table).then(|| self.table_job(workspace)),
        };
        let ended = self.hub.workers.create(job, &staged, stop).await;
        drop(place);
        self.planned(ended.plan.as_ref(), workspace);
        let (manifest, wrapped_key) = match ended.outcome {
            Outcome::Made(Made::Table { stored, wrapped_key }) => (to_json(&stored)?, Some(wrapped_key)),
            Outcome::Made(Made::View(columns)) => (to_json(&columns)?, None),
            other => {
                drop(files);
                return self.end_without(other).await;
            }
        };
        let reads = ended.plan.map(|plan| plan.reads).unwrap_or_default();
        let object = self.object(workspace, kind, name, sql, manifest, &reads)?;
        let object = StoredObject { wrapped_key, ..object };
        if kind == ObjectKind::Table {
            files.publish(&self.hub.workspace_files(&object))?;
            sync_folder(&self.hub.store.home().vault())?;
        }
        self.record(workspace, &object, files).await
    }

    fn table_job(&self, workspace: &Workspace) -> TableJob {
        let project = &workspace.project.name;
        TableJob {
            path: workspace_folder(project, &self.id),
            key_place: StoredObject::key_place(project, &self.id),
            people_per_bucket: self.hub.config.people_per_bucket,
            bytes_max: self.hub.config.workspace.table_bytes_max(),
        }
    }

    /// `DROP TABLE name` and `DROP VIEW name`: the key goes with the record, then the files.
    pub(crate) async fn drop_object(
        self,
        workspace: &Workspace,
        kind: ObjectKind,
        name: Ident,
    ) -> Result<Answer, HubError> {
        let alive = workspace.kept.iter().map(|k| &k.stored).filter(|o| o.end.is_none());
        let found = alive.into_iter().find(|o| o.name == name && o.kind == kind).cloned();
        let none = || {
            Reason::new(
                "unknown-object",
                format!("There is no workspace {} of this name.", kind.as_str()),
                "`cloister workspace list` lists them.",
            )
        };
        let Some(object) = found else { return self.end(RequestState::Refused, none(), None).await };
        let event = self
            .event(EventKind::WorkspaceDropped)
            .with("name", name.as_str())
            .with("kind", kind.as_str())
            .with("object", object.request.as_str());
        let at = event.at.clone();
        let mut tx = self.hub.store.begin().await?;
        if !tx.end_workspace_object(&object.request, ObjectEnd::Dropped, &at).await? {
            drop(tx);
            return self.end(RequestState::Refused, none(), None).await;
        }
        self.settled(&mut tx, RequestState::Dropped, &at).await?;
        tx.commit(vec![event]).await?;
        drop(Unrecorded(self.hub.workspace_files(&object)));
        self.answer(Status::Dropped)
    }

    /// Why there is no room for another object of this name. It depends on names and numbers of objects only.
    pub(crate) fn no_room(&self, workspace: &Workspace, name: &Ident, kind: ObjectKind) -> Option<Reason> {
        if workspace.sources.iter().any(|s| s.table.table == *name) {
            return Some(Reason::new(
                "name-taken",
                format!("The project is granted a table {name} already."),
                "Use another name.",
            ));
        }
        let alive = workspace.kept.iter().map(|k| &k.stored).filter(|o| o.end.is_none());
        let (tables, views): (Vec<&StoredObject>, Vec<&StoredObject>) =
            alive.partition(|o| o.kind == ObjectKind::Table);
        if tables.iter().chain(&views).any(|o| o.name == *name) {
            return Some(name_taken(name));
        }
        self.over_quota(kind, tables.len() as u64, views.len() as u64)
    }

    /// Whether one more object of a kind is too many beside so many.
    fn over_quota(&self, kind: ObjectKind, tables: u64, views: u64) -> Option<Reason> {
        let config = &self.hub.config.workspace;
        let all = tables.saturating_add(views);
        let full = all >= u64::from(config.objects_max)
            || (kind == ObjectKind::Table && tables >= u64::from(config.tables_max()));
        full.then(|| {
            Reason::new(
                "workspace-full",
                format!(
                    "A workspace has room for {} tables and views, of which {} may be tables.",
                    config.objects_max,
                    config.tables_max().min(config.objects_max)
                ),
                "Drop what is not needed.",
            )
        })
    }

    fn object(
        &self,
        workspace: &Workspace,
        kind: ObjectKind,
        name: Ident,
        sql: &str,
        manifest: String,
        reads: &Reads,
    ) -> Result<StoredObject, HubError> {
        let lineage = Lineage::of(reads, &workspace.sources, &workspace.kept);
        let clock = self.hub.clock;
        Ok(StoredObject {
            request: self.id.clone(),
            project: workspace.project.name.clone(),
            name,
            kind,
            end: None,
            sql: sql.to_owned(),
            digest: Digest::of(manifest.as_bytes()),
            manifest,
            lineage: to_json(&lineage)?,
            wrapped_key: None,
            plan_digest: self.plan_digest.ok_or_else(|| HubError::Internal("there is no plan".to_owned()))?,
            policy_digest: workspace.policy.digest(),
            made_by: self.user.clone(),
            made_at: clock.timestamp(),
            expires_at: clock.timestamp_in(self.hub.config.workspace.days_max),
        })
    }

    /// The object, its request's end and the audit record, or none of them.
    async fn record(
        self,
        workspace: &Workspace,
        object: &StoredObject,
        files: Unrecorded,
    ) -> Result<Answer, HubError> {
        let lineage = Lineage::of_object(object)?;
        let datasets = lineage.datasets().iter().map(|d| format!("{}/v{:05}", d.name, d.version)).collect();
        let datasets: Vec<String> = datasets;
        let event = self
            .event(EventKind::WorkspaceCreated)
            .with("name", object.name.as_str())
            .with("kind", object.kind.as_str())
            .with("manifest", object.digest.to_string())
            .with("policy", object.policy_digest.to_string())
            .with("datasets", datasets)
            .with("expires", object.expires_at.as_str());
        let at = event.at.clone();
        let mut tx = self.hub.store.begin().await?;
        // Others may have made some since this request looked.
        let (tables, views) = tx.count_workspace(&workspace.project.name).await?;
        let reason = match self.over_quota(object.kind, tables, views) {
            Some(reason) => Some(reason),
            None => (!tx.add_workspace_object(object).await?).then(|| name_taken(&object.name)),
        };
        if let Some(reason) = reason {
            drop(tx);
            return self.end(RequestState::Refused, reason, None).await;
        }
        self.settled(&mut tx, RequestState::Created, &at).await?;
        // From here on it may be recorded: the next start removes it if it is not.
        if object.kind == ObjectKind::Table {
            files.keep();
        }
        tx.commit(vec![event]).await?;
        self.answer(Status::Created)
    }

    async fn settled(
        &self,
        tx: &mut cloister_store::Transaction,
        state: RequestState,
        at: &str,
    ) -> Result<(), HubError> {
        let plan_digest = self.plan_digest;
        let outcome = Settled { request: &self.id, state, plan_digest, reasons: "[]", at };
        if tx.settle(&outcome).await? {
            return Ok(());
        }
        Err(HubError::Internal("the request was settled by another process".to_owned()))
    }

    fn answer(self, status: Status) -> Result<Answer, HubError> {
        remove(&self.hub.store.home().staging().join(format!("{}.lock", self.id)))?;
        Ok(Answer::without_rows(status, self.heading, Vec::new()))
    }
}

fn name_taken(name: &Ident) -> Reason {
    Reason::new(
        "name-taken",
        format!("The workspace has a table or view {name} already."),
        "Use another name, or drop it first.",
    )
}

fn to_json(value: &impl serde::Serialize) -> Result<String, HubError> {
    serde_json::to_string(value).map_err(|e| HubError::Internal(e.to_string()))
}
