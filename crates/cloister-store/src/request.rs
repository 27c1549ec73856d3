//! Queries and what became of them.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_model::Digest;

/// Where a query stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It is being planned or run.
    Running,
    /// It may not run.
    Refused,
    /// It broke off.
    Failed,
    /// Its process died.
    Interrupted,
    /// Its result waits for checkers.
    Held,
    /// Its result is released.
    Released,
    /// Its result was released, and may not be fetched any more.
    Revoked,
    /// It made a workspace table or view.
    Created,
    /// It ended a workspace table or view.
    Dropped,
}

impl RequestState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Running,
        Self::Refused,
        Self::Failed,
        Self::Interrupted,
        Self::Held,
        Self::Released,
        Self::Revoked,
        Self::Created,
        Self::Dropped,
    ];

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Held => "held",
            Self::Released => "released",
            Self::Revoked => "revoked",
            Self::Created => "created",
            Self::Dropped => "dropped",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A query as it is recorded.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id, `req_…`.
    pub id: String,
    /// The project.
    pub project: String,
    /// Who asked.
    pub user: String,
    /// The SQL.
    pub sql: String,
    /// Where it stands.
    pub state: RequestState,
    /// The disclosure policy's name.
    pub policy_name: String,
    /// The digest of the policy's text.
    pub policy_digest: String,
    /// The dataset versions: JSON.
    pub datasets: String,
    /// The digest of the plan, once there is one.
    pub plan_digest: Option<String>,
    /// Why it was refused or is held: JSON.
    pub reasons: String,
    /// When it was submitted: RFC 3339, UTC, milliseconds.
    pub submitted_at: String,
    /// When it reached its state.
    pub settled_at: Option<String>,
}

/// What becomes of a running query.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The query.
    pub request: &'a str,
    /// Its new state.
    pub state: RequestState,
    /// The digest of its plan.
    pub plan_digest: Option<Digest>,
    /// Why: JSON.
    pub reasons: &'a str,
    /// When.
    pub at: &'a str,
}

const COLUMNS: &str =
    "id, project, \"user\", sql, state, policy_name, policy_digest, datasets, plan_digest, reasons,
     submitted_at, settled_at";

/// How much left a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedOf {
    /// The project.
    pub project: String,
    /// How many results are out.
    pub count: usize,
    /// When the last one left: RFC 3339, UTC.
    pub last: String,
}

/// A text of a policy that queries ran under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyUsed {
    /// Its digest.
    pub digest: String,
    /// When the first query was asked.
    pub first: String,
    /// When the last was.
    pub last: String,
    /// How many there were.
    pub queries: u64,
}

impl Store {
    /// How much left each project from which something did; what was taken back does not count.
    pub async fn released_of_projects(&self) -> Result<Vec<ReleasedOf>, StoreError> {
        let rows = statement(
            "SELECT request.project AS project, count(*) AS released, max(release.made_at) AS last
             FROM release JOIN request ON request.id = release.request
             WHERE request.state = 'released' GROUP BY request.project ORDER BY request.project",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let count: i64 = row.try_get("released")?;
                Ok(ReleasedOf {
                    project: row.try_get("project")?,
                    count: usize::try_from(count).map_err(|_| StoreError::Stored("count"))?,
                    last: row.try_get("last")?,
                })
            })
            .collect()
    }

    /// Every query, oldest first.
    pub async fn requests(&self) -> Result<Vec<Request>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM request ORDER BY number");
        let rows = statement(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// At most `limit` queries, those of `user` alone where one is named, from the one before `before` on, newest first.
    pub async fn requests_before(
        &self,
        user: Option<&str>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Request>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM request
             WHERE ($1 = '' OR number < (SELECT number FROM request WHERE id = $1)) AND ($2 = '' OR \"user\" = $2)
             ORDER BY number DESC LIMIT $3"
        );
        let asked = statement(sqlx::AssertSqlSafe(sql))
            .bind(before.unwrap_or_default())
            .bind(user.unwrap_or_default())
            .bind(i64::try_from(limit).map_err(|_| StoreError::Stored("limit"))?);
        asked.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// At most `limit` queries whose results have been released, the last released first.
    pub async fn released_requests(&self, limit: usize) -> Result<Vec<Request>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM request WHERE state = 'released' ORDER BY settled_at DESC, number DESC LIMIT $1"
        );
        let asked = statement(sqlx::AssertSqlSafe(sql))
            .bind(i64::try_from(limit).map_err(|_| StoreError::Stored("limit"))?);
        asked.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Under which texts of a policy queries ran, the newest first.
    pub async fn policy_texts_used(&self, policy: &str) -> Result<Vec<PolicyUsed>, StoreError> {
        let rows = statement(
            "SELECT policy_digest, min(submitted_at) AS first, max(submitted_at) AS last, count(*) AS queries
             FROM request WHERE policy_name = $1 GROUP BY policy_digest ORDER BY max(submitted_at) DESC",
        )
        .bind(policy)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let queries: i64 = row.try_get("queries")?;
                Ok(PolicyUsed {
                    digest: row.try_get("policy_digest")?,
                    first: row.try_get("first")?,
                    last: row.try_get("last")?,
                    queries: u64::try_from(queries).map_err(|_| StoreError::Stored("count"))?,
                })
            })
            .collect()
    }

    /// How many results of a project left since a moment without a release request, those that are under way among them. What
    /// it had before costs nothing.
    pub async fn outputs_since(&self, project: &str, since: &str) -> Result<u64, StoreError> {
        let row = statement(
            "SELECT count(*) AS outputs FROM request
             WHERE project = $1 AND submitted_at >= $2 AND state IN ('running', 'released')
             AND id NOT IN (SELECT query FROM release_query)
             AND id NOT IN (SELECT request FROM ledger WHERE numbers > 0 AND repeated = numbers)",
        )
        .bind(project)
        .bind(since)
        .fetch_one(&self.pool)
        .await?;
        u64::try_from(row.try_get::<i64>("outputs")?).map_err(|_| StoreError::Stored("count"))
    }

    /// Queries that were refused for this reason, newest first, and no more than a thousand.
    pub async fn requests_refused_as(&self, code: &str) -> Result<Vec<Request>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM request WHERE state = 'refused' AND reasons LIKE $1 ORDER BY number DESC LIMIT 1000"
        );
        let like = format!("%\"code\":\"{code}\"%");
        let rows = statement(sqlx::AssertSqlSafe(sql)).bind(like).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// The last query of a person with this text whose result is held or released.
    pub async fn last_kept(
        &self,
        project: &str,
        user: &str,
        sql: &str,
    ) -> Result<Option<Request>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM request
             WHERE project = $1 AND \"user\" = $2 AND sql = $3 AND state IN ('held', 'released')
             ORDER BY number DESC LIMIT 1"
        );
        let asked = statement(sqlx::AssertSqlSafe(text)).bind(project).bind(user).bind(sql);
        asked.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// One query.
    pub async fn request(&self, id: &str) -> Result<Option<Request>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM request WHERE id = $1");
        let row = statement(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// The ids of the queries in a state.
    pub async fn request_ids(&self, state: RequestState) -> Result<Vec<String>, StoreError> {
        let rows = statement("SELECT id FROM request WHERE state = $1 ORDER BY number")
            .bind(state.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|r| Ok(r.try_get("id")?)).collect()
    }

    /// The digest of a release's package.
    pub async fn release(&self, request: &str) -> Result<Option<Digest>, StoreError> {
        let row = statement("SELECT digest FROM release WHERE request = $1")
            .bind(request)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let digest: String = row.try_get("digest")?;
        digest.parse().map(Some).map_err(|_| StoreError::Stored("digest"))
    }
}

fn read(row: &Row) -> Result<Request, StoreError> {
    let state: String = row.try_get("state")?;
    Ok(Request {
        id: row.try_get("id")?,
        project: row.try_get("project")?,
        user: row.try_get("user")?,
        sql: row.try_get("sql")?,
        state: RequestState::parse(&state).ok_or(StoreError::Stored("request state"))?,
        policy_name: row.try_get("policy_name")?,
        policy_digest: row.try_get("policy_digest")?,
        datasets: row.try_get("datasets")?,
        plan_digest: row.try_get("plan_digest")?,
        reasons: row.try_get("reasons")?,
        submitted_at: row.try_get("submitted_at")?,
        settled_at: row.try_get("settled_at")?,
    })
}

impl Transaction {
    /// Records a query.
    pub async fn add_request(&mut self, request: &Request) -> Result<(), StoreError> {
        statement(
            "INSERT INTO request (id, project, \"user\", sql, state, policy_name, policy_digest, datasets, reasons, submitted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&request.id)
        .bind(&request.project)
        .bind(&request.user)
        .bind(&request.sql)
        .bind(request.state.as_str())
        .bind(&request.policy_name)
        .bind(&request.policy_digest)
        .bind(&request.datasets)
        .bind(&request.reasons)
        .bind(&request.submitted_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Settles a running query; false where it is not running any more.
    pub async fn settle(&mut self, outcome: &Outcome<'_>) -> Result<bool, StoreError> {
        let done = statement(
            "UPDATE request SET state = $1, plan_digest = $2, reasons = $3, settled_at = $4
             WHERE id = $5 AND state = 'running'",
        )
        .bind(outcome.state.as_str())
        .bind(outcome.plan_digest.map(|d| d.to_string()))
        .bind(outcome.reasons)
        .bind(outcome.at)
        .bind(outcome.request)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// Records that a query's result is released as the package with this digest.
    pub async fn add_release(&mut self, request: &str, digest: Digest, at: &str) -> Result<(), StoreError> {
        statement("INSERT INTO release (request, digest, made_at) VALUES ($1, $2, $3)")
            .bind(request)
            .bind(digest.to_string())
            .bind(at)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
