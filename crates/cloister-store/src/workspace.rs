//! Workspace tables and views of projects.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_model::{DataKey, Digest, Ident, Name};

/// Whether a workspace object is a table or a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// Rows, in files.
    Table,
    /// A name for a query.
    View,
}

impl ObjectKind {
    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
        }
    }
}

/// Why a workspace object is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectEnd {
    /// Somebody dropped it.
    Dropped,
    /// Its time was over.
    Expired,
}

impl ObjectEnd {
    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Expired => "expired",
        }
    }
}

/// A workspace table or view as it is recorded. What it was stays recorded when it has ended; its key does not.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// The request that made it, which names its folder too.
    pub request: String,
    /// The project.
    pub project: Name,
    /// Its name in the schema `workspace`.
    pub name: Ident,
    /// Table or view.
    pub kind: ObjectKind,
    /// How it ended; `None` while it lives.
    pub end: Option<ObjectEnd>,
    /// The statement that made it.
    pub sql: String,
    /// Of a table what is known of its files and columns, of a view its columns: JSON.
    pub manifest: String,
    /// The digest of the manifest.
    pub digest: Digest,
    /// What it was made from: JSON.
    pub lineage: String,
    /// A table's data key, wrapped; `None` for a view, and once a table has ended.
    pub wrapped_key: Option<Vec<u8>>,
    /// The digest of the plan that made it.
    pub plan_digest: Digest,
    /// The digest of the disclosure policy at that time.
    pub policy_digest: Digest,
    /// Who made it.
    pub made_by: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub made_at: String,
    /// From when on it may not be used.
    pub expires_at: String,
}

impl StoredObject {
    /// What its data key is wrapped for.
    pub fn key_place(project: &Name, request: &str) -> String {
        format!("workspace-key|{project}|{request}")
    }
}

const COLUMNS: &str = "request, project, name, kind, state, sql, manifest, digest, lineage, wrapped_key,
     plan_digest, policy_digest, made_by, made_at, expires_at";

impl Store {
    /// A project's living objects, in the order in which they were made.
    pub async fn workspace(&self, project: &Name) -> Result<Vec<StoredObject>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM workspace_object WHERE project = $1 AND state = 'live' ORDER BY number"
        );
        let rows = statement(sqlx::AssertSqlSafe(sql)).bind(project.as_str()).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// A project's objects whose time was over and whose name no living one has, the last of each name.
    pub async fn expired_workspace(&self, project: &Name) -> Result<Vec<StoredObject>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM workspace_object o WHERE project = $1 AND state = 'expired' AND number =
               (SELECT max(number) FROM workspace_object l WHERE l.project = o.project AND l.name = o.name)
             ORDER BY number"
        );
        let rows = statement(sqlx::AssertSqlSafe(sql)).bind(project.as_str()).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// Every project's living objects.
    pub async fn workspaces(&self) -> Result<Vec<StoredObject>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM workspace_object WHERE state = 'live' ORDER BY number");
        let rows = statement(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// A table's data key; none where it has ended.
    pub fn workspace_key(&self, object: &StoredObject) -> Result<Option<DataKey>, StoreError> {
        let place = StoredObject::key_place(&object.project, &object.request);
        object.wrapped_key.as_ref().map(|wrapped| self.keys().unwrap(&place, wrapped)).transpose()
    }
}

fn read(row: &Row) -> Result<StoredObject, StoreError> {
    let text = |column: &str| row.try_get::<String>(column);
    let digest = |column: &str| -> Result<Digest, StoreError> {
        text(column)?.parse().map_err(|_| StoreError::Stored("digest"))
    };
    let manifest = text("manifest")?;
    let digest_of_manifest = digest("digest")?;
    if Digest::of(manifest.as_bytes()) != digest_of_manifest {
        return Err(StoreError::Stored("a workspace manifest that does not fit its digest"));
    }
    Ok(StoredObject {
        request: text("request")?,
        project: text("project")?.parse().map_err(|_| StoreError::Stored("project"))?,
        name: text("name")?.parse().map_err(|_| StoreError::Stored("name of a workspace object"))?,
        kind: match text("kind")?.as_str() {
            "table" => ObjectKind::Table,
            "view" => ObjectKind::View,
            _ => return Err(StoreError::Stored("kind of a workspace object")),
        },
        end: match text("state")?.as_str() {
            "live" => None,
            "dropped" => Some(ObjectEnd::Dropped),
            "expired" => Some(ObjectEnd::Expired),
            _ => return Err(StoreError::Stored("state of a workspace object")),
        },
        sql: text("sql")?,
        manifest,
        digest: digest_of_manifest,
        lineage: text("lineage")?,
        wrapped_key: row.try_get("wrapped_key")?,
        plan_digest: digest("plan_digest")?,
        policy_digest: digest("policy_digest")?,
        made_by: text("made_by")?,
        made_at: text("made_at")?,
        expires_at: text("expires_at")?,
    })
}

impl Transaction {
    /// Records an object; false where its project has one of this name.
    pub async fn add_workspace_object(&mut self, object: &StoredObject) -> Result<bool, StoreError> {
        let done = statement(
            "INSERT INTO workspace_object
             (request, project, name, kind, state, sql, manifest, digest, lineage, wrapped_key, plan_digest,
              policy_digest, made_by, made_at, expires_at)
             VALUES ($1, $2, $3, $4, 'live', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (project, name) WHERE state = 'live' DO NOTHING",
        )
        .bind(&object.request)
        .bind(object.project.as_str())
        .bind(object.name.as_str())
        .bind(object.kind.as_str())
        .bind(&object.sql)
        .bind(&object.manifest)
        .bind(object.digest.to_string())
        .bind(&object.lineage)
        .bind(&object.wrapped_key)
        .bind(object.plan_digest.to_string())
        .bind(object.policy_digest.to_string())
        .bind(&object.made_by)
        .bind(&object.made_at)
        .bind(&object.expires_at)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// How many living tables and views a project has.
    pub async fn count_workspace(&mut self, project: &Name) -> Result<(u64, u64), StoreError> {
        let row = statement(
            "SELECT count(*) FILTER (WHERE kind = 'table') AS tables, count(*) FILTER (WHERE kind = 'view') AS views
             FROM workspace_object WHERE project = $1 AND state = 'live'",
        )
        .bind(project.as_str())
        .fetch_one(self.connection())
        .await?;
        let number = |column: &str| -> Result<u64, StoreError> {
            u64::try_from(row.try_get::<i64>(column)?).map_err(|_| StoreError::Stored("count"))
        };
        Ok((number("tables")?, number("views")?))
    }

    /// Ends an object and forgets its key; false where it has ended already.
    pub async fn end_workspace_object(
        &mut self,
        request: &str,
        end: ObjectEnd,
        at: &str,
    ) -> Result<bool, StoreError> {
        let done = statement(
            "UPDATE workspace_object SET state = $1, ended_at = $2, wrapped_key = NULL
             WHERE request = $3 AND state = 'live'",
        )
        .bind(end.as_str())
        .bind(at)
        .bind(request)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }
}
