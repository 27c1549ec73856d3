//! Approvals: which plan may run on which dataset versions, under which policy.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_model::{Digest, Name};

/// A recorded decision that a query may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id, `apr_…`.
    pub id: String,
    /// The project.
    pub project: String,
    /// The digest of the plan, with the domains of its parameters.
    pub plan_digest: Digest,
    /// The digest of the disclosure policy's text.
    pub policy_digest: Digest,
    /// The dataset versions that the plan reads, with their digests: JSON, by name.
    pub datasets: String,
    /// The query as the checker saw it.
    pub sql: String,
    /// Who wrote the query.
    pub author: String,
    /// Who approved it.
    pub granted_by: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub granted_at: String,
    /// Who took it back, and when.
    pub revoked: Option<(String, String)>,
}

const COLUMNS: &str =
    "id, project, plan_digest, policy_digest, datasets, sql, author, granted_by, granted_at,
     revoked_by, revoked_at";

impl Store {
    /// A project's approvals, oldest first, those that were taken back among them.
    pub async fn approvals(&self, project: &Name) -> Result<Vec<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approval WHERE project = $1 ORDER BY number");
        let rows = statement(sqlx::AssertSqlSafe(sql)).bind(project.as_str()).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// The approvals of one plan that hold, the newest first.
    pub async fn approvals_of(&self, project: &Name, plan: Digest) -> Result<Vec<Approval>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approval
             WHERE project = $1 AND plan_digest = $2 AND revoked_at IS NULL ORDER BY number DESC"
        );
        let query = statement(sqlx::AssertSqlSafe(sql)).bind(project.as_str()).bind(plan.to_string());
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Approval, StoreError> {
    let digest = |column: &str| -> Result<Digest, StoreError> {
        let text: String = row.try_get(column)?;
        text.parse().map_err(|_| StoreError::Stored("digest"))
    };
    let (by, at): (Option<String>, Option<String>) = (row.try_get("revoked_by")?, row.try_get("revoked_at")?);
    Ok(Approval {
        id: row.try_get("id")?,
        project: row.try_get("project")?,
        plan_digest: digest("plan_digest")?,
        policy_digest: digest("policy_digest")?,
        datasets: row.try_get("datasets")?,
        sql: row.try_get("sql")?,
        author: row.try_get("author")?,
        granted_by: row.try_get("granted_by")?,
        granted_at: row.try_get("granted_at")?,
        revoked: by.zip(at),
    })
}

impl Transaction {
    /// Records an approval.
    pub async fn add_approval(&mut self, approval: &Approval) -> Result<(), StoreError> {
        statement(
            "INSERT INTO approval
             (id, project, plan_digest, policy_digest, datasets, sql, author, granted_by, granted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&approval.id)
        .bind(&approval.project)
        .bind(approval.plan_digest.to_string())
        .bind(approval.policy_digest.to_string())
        .bind(&approval.datasets)
        .bind(&approval.sql)
        .bind(&approval.author)
        .bind(&approval.granted_by)
        .bind(&approval.granted_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes an approval back, for good; false where none holds.
    pub async fn revoke_approval(
        &mut self,
        project: &Name,
        id: &str,
        by: &Name,
        at: &str,
    ) -> Result<bool, StoreError> {
        let done = statement(
            "UPDATE approval SET revoked_by = $1, revoked_at = $2
             WHERE project = $3 AND id = $4 AND revoked_at IS NULL",
        )
        .bind(by.as_str())
        .bind(at)
        .bind(project.as_str())
        .bind(id)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }
}
