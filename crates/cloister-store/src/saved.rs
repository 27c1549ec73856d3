//! Queries that a project's researchers keep by name.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_model::Name;

/// A query that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQuery {
    /// The project.
    pub project: String,
    /// Its name in the project.
    pub name: String,
    /// Its text, with the declarations of its parameters at its head.
    pub text: String,
    /// Who wrote it.
    pub author: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub saved_at: String,
}

const COLUMNS: &str = "project, name, text, author, saved_at";

impl Store {
    /// A project's queries, by name.
    pub async fn saved_queries(&self, project: &Name) -> Result<Vec<SavedQuery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM saved_query WHERE project = $1 ORDER BY name");
        let rows = statement(sqlx::AssertSqlSafe(sql)).bind(project.as_str()).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// One of them.
    pub async fn saved_query(&self, project: &Name, name: &Name) -> Result<Option<SavedQuery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM saved_query WHERE project = $1 AND name = $2");
        let query = statement(sqlx::AssertSqlSafe(sql)).bind(project.as_str()).bind(name.as_str());
        query.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<SavedQuery, StoreError> {
    Ok(SavedQuery {
        project: row.try_get("project")?,
        name: row.try_get("name")?,
        text: row.try_get("text")?,
        author: row.try_get("author")?,
        saved_at: row.try_get("saved_at")?,
    })
}

impl Transaction {
    /// Keeps a query, in the place of an earlier one of the same name.
    pub async fn put_saved_query(&mut self, query: &SavedQuery) -> Result<(), StoreError> {
        statement(
            "INSERT INTO saved_query (project, name, text, author, saved_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (project, name) DO UPDATE SET
                 text = excluded.text, author = excluded.author, saved_at = excluded.saved_at",
        )
        .bind(&query.project)
        .bind(&query.name)
        .bind(&query.text)
        .bind(&query.author)
        .bind(&query.saved_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets a query; false where there is none.
    pub async fn remove_saved_query(&mut self, project: &Name, name: &Name) -> Result<bool, StoreError> {
        let done = statement("DELETE FROM saved_query WHERE project = $1 AND name = $2")
            .bind(project.as_str())
            .bind(name.as_str())
            .execute(self.connection())
            .await?;
        Ok(done == 1)
    }
}
