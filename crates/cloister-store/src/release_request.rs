//! Release requests, as the airlock keeps them: a text that only the airlock reads, and what is asked of many at once.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};

/// A release request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReleaseRequest {
    /// Its id, `rel_…`.
    pub id: String,
    /// Its project.
    pub project: String,
    /// Where it is, as the airlock writes it.
    pub state: String,
    /// Grows with every change.
    pub revision: u64,
    /// All of it: JSON.
    pub body: String,
}

const COLUMNS: &str = "id, project, state, revision, body";

impl Store {
    /// Every release request, oldest first.
    pub async fn release_requests(&self) -> Result<Vec<StoredReleaseRequest>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM release_request ORDER BY number");
        let rows = statement(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// At most `limit` in one of these states, from the one after `after` on, by age.
    pub async fn release_requests_after(
        &self,
        states: &[&str],
        newest_first: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredReleaseRequest>, StoreError> {
        let (than, order) = if newest_first { ("<", "DESC") } else { (">", "ASC") };
        let places: Vec<String> = (3..states.len() + 3).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM release_request
             WHERE ($1 = '' OR number {than} (SELECT number FROM release_request WHERE id = $1))
             AND state IN ({}) ORDER BY number {order} LIMIT $2",
            places.join(", ")
        );
        let mut asked = statement(sqlx::AssertSqlSafe(sql))
            .bind(after.unwrap_or_default())
            .bind(i64::try_from(limit).map_err(|_| StoreError::Stored("limit"))?);
        for state in states {
            asked = asked.bind(*state);
        }
        asked.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// One of them.
    pub async fn release_request(&self, id: &str) -> Result<Option<StoredReleaseRequest>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM release_request WHERE id = $1");
        let row = statement(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// The release request that a query's result is in, unless it was given up or rejected.
    pub async fn asked_for(&self, query: &str) -> Result<Option<String>, StoreError> {
        let row = statement("SELECT release_request FROM release_query WHERE query = $1")
            .bind(query)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get("release_request")?)).transpose()
    }
}

fn read(row: &Row) -> Result<StoredReleaseRequest, StoreError> {
    let revision: i64 = row.try_get("revision")?;
    Ok(StoredReleaseRequest {
        id: row.try_get("id")?,
        project: row.try_get("project")?,
        state: row.try_get("state")?,
        revision: u64::try_from(revision).map_err(|_| StoreError::Stored("revision"))?,
        body: row.try_get("body")?,
    })
}

fn number(revision: u64) -> Result<i64, StoreError> {
    i64::try_from(revision).map_err(|_| StoreError::Stored("revision"))
}

impl Transaction {
    /// Records a release request; false where one of its queries is in another.
    pub async fn add_release_request(
        &mut self,
        request: &StoredReleaseRequest,
        queries: &[String],
    ) -> Result<bool, StoreError> {
        statement(
            "INSERT INTO release_request (id, project, state, revision, body) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&request.id)
        .bind(&request.project)
        .bind(&request.state)
        .bind(number(request.revision)?)
        .bind(&request.body)
        .execute(self.connection())
        .await?;
        for query in queries {
            if !self.add_release_query(query, &request.id).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Changes a release request that is still what it was when it was read; false where it is not.
    pub async fn change_release_request(
        &mut self,
        request: &StoredReleaseRequest,
        was: u64,
    ) -> Result<bool, StoreError> {
        let done = statement(
            "UPDATE release_request SET state = $1, revision = $2, body = $3 WHERE id = $4 AND revision = $5",
        )
        .bind(&request.state)
        .bind(number(request.revision)?)
        .bind(&request.body)
        .bind(&request.id)
        .bind(number(was)?)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// Puts a query into a release request; false where it is in another.
    pub async fn add_release_query(&mut self, query: &str, request: &str) -> Result<bool, StoreError> {
        let sql = "INSERT INTO release_query (query, release_request) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let added = statement(sql).bind(query).bind(request).execute(self.connection()).await?;
        Ok(added == 1)
    }

    /// Lets one query of a release request be asked for again.
    pub async fn free_query(&mut self, query: &str, request: &str) -> Result<(), StoreError> {
        statement("DELETE FROM release_query WHERE query = $1 AND release_request = $2")
            .bind(query)
            .bind(request)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Lets those queries of a release request be asked for again that are not among these.
    pub async fn free_queries_but(&mut self, request: &str, kept: &[&str]) -> Result<(), StoreError> {
        let places: Vec<String> = (2..kept.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!(
            "DELETE FROM release_query WHERE release_request = $1 AND query NOT IN ({})",
            places.join(", ")
        );
        let mut asked = statement(sqlx::AssertSqlSafe(sql)).bind(request);
        for query in kept {
            asked = asked.bind(*query);
        }
        asked.execute(self.connection()).await?;
        Ok(())
    }

    /// Lets the queries of a release request be asked for again.
    pub async fn free_queries(&mut self, request: &str) -> Result<(), StoreError> {
        statement("DELETE FROM release_query WHERE release_request = $1")
            .bind(request)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Moves a query on from one state to another, after it was settled; false where it is not in the first.
    pub async fn move_on(
        &mut self,
        query: &str,
        from: crate::RequestState,
        to: crate::RequestState,
        at: &str,
    ) -> Result<bool, StoreError> {
        let done = statement("UPDATE request SET state = $1, settled_at = $2 WHERE id = $3 AND state = $4")
            .bind(to.as_str())
            .bind(at)
            .bind(query)
            .bind(from.as_str())
            .execute(self.connection())
            .await?;
        Ok(done == 1)
    }
}
