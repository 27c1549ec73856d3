//! Projects.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_governance::project::ProjectState;
use cloister_model::Name;

/// A project as it is recorded.
#[derive(Clone, Debug)]
pub struct StoredProject {
    /// Its name.
    pub name: String,
    /// `PROJECT.toml` as it was provisioned.
    pub text: String,
    /// Whether it is stopped.
    pub state: ProjectState,
    /// Who provisioned it.
    pub created_by: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub created_at: String,
}

impl Store {
    /// Every project, by name.
    pub async fn projects(&self) -> Result<Vec<StoredProject>, StoreError> {
        let rows = statement("SELECT name, text, state, created_by, created_at FROM project ORDER BY name")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// One project.
    pub async fn project(&self, name: &Name) -> Result<Option<StoredProject>, StoreError> {
        let row = statement("SELECT name, text, state, created_by, created_at FROM project WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<StoredProject, StoreError> {
    let state: String = row.try_get("state")?;
    Ok(StoredProject {
        name: row.try_get("name")?,
        text: row.try_get("text")?,
        state: ProjectState::parse(&state).ok_or(StoreError::Stored("project state"))?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
    })
}

impl Transaction {
    /// Records a project; false where its name is taken.
    pub async fn add_project(&mut self, project: &StoredProject) -> Result<bool, StoreError> {
        let done = statement(
            "INSERT INTO project (name, text, state, created_by, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(&project.name)
        .bind(&project.text)
        .bind(project.state.as_str())
        .bind(&project.created_by)
        .bind(&project.created_at)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// Moves a project from one state to another; false where it is not in the first.
    pub async fn move_project(
        &mut self,
        name: &str,
        from: ProjectState,
        to: ProjectState,
    ) -> Result<bool, StoreError> {
        let done = statement("UPDATE project SET state = $1 WHERE name = $2 AND state = $3")
            .bind(to.as_str())
            .bind(name)
            .bind(from.as_str())
            .execute(self.connection())
            .await?;
        Ok(done == 1)
    }
}
