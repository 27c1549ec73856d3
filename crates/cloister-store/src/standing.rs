//! How people stand to datasets and projects: who answers for the data, who may take releases out, who has declared a
//! conflict of interest.

use crate::account::name;
use crate::database::statement;
use crate::{Store, StoreError, Transaction};
use cloister_model::Name;
use std::collections::BTreeSet;

/// That somebody may take a project's releases out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Egress {
    /// The project.
    pub project: Name,
    /// Who may.
    pub person: Name,
    /// The first moment at which they may not any more: RFC 3339, UTC.
    pub ends_at: String,
    /// The information asset owner who granted it.
    pub granted_by: Name,
    /// When.
    pub granted_at: String,
}

/// That somebody must not check a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The project.
    pub project: Name,
    /// Who.
    pub person: Name,
    /// Since when.
    pub declared_at: String,
}

impl Store {
    /// The information asset owners of a dataset.
    pub async fn dataset_owners(&self, dataset: &Name) -> Result<BTreeSet<Name>, StoreError> {
        let rows = statement("SELECT person FROM dataset_owner WHERE dataset = $1")
            .bind(dataset.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| name(row, "person")).collect()
    }

    /// Every grant of egress of a project, those that are over too.
    pub async fn egress(&self, project: &Name) -> Result<Vec<Egress>, StoreError> {
        let rows = statement(
            "SELECT project, person, ends_at, granted_by, granted_at FROM egress WHERE project = $1 ORDER BY person",
        )
        .bind(project.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Egress {
                    project: name(row, "project")?,
                    person: name(row, "person")?,
                    ends_at: row.try_get("ends_at")?,
                    granted_by: name(row, "granted_by")?,
                    granted_at: row.try_get("granted_at")?,
                })
            })
            .collect()
    }

    /// The declared conflicts of interest with a project.
    pub async fn conflicts(&self, project: &Name) -> Result<Vec<Conflict>, StoreError> {
        let rows =
            statement("SELECT project, person, declared_at FROM conflict WHERE project = $1 ORDER BY person")
                .bind(project.as_str())
                .fetch_all(&self.pool)
                .await?;
        rows.iter()
            .map(|row| {
                Ok(Conflict {
                    project: name(row, "project")?,
                    person: name(row, "person")?,
                    declared_at: row.try_get("declared_at")?,
                })
            })
            .collect()
    }
}

impl Transaction {
    /// Says who answers for a dataset, in place of those who did.
    pub async fn set_dataset_owners(
        &mut self,
        dataset: &Name,
        owners: &BTreeSet<Name>,
    ) -> Result<(), StoreError> {
        statement("DELETE FROM dataset_owner WHERE dataset = $1")
            .bind(dataset.as_str())
            .execute(self.connection())
            .await?;
        for owner in owners {
            statement("INSERT INTO dataset_owner (dataset, person) VALUES ($1, $2)")
                .bind(dataset.as_str())
                .bind(owner.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Grants egress, in place of an earlier grant to the same person.
    pub async fn put_egress(&mut self, egress: &Egress) -> Result<(), StoreError> {
        statement(
            "INSERT INTO egress (project, person, ends_at, granted_by, granted_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (project, person) DO UPDATE SET ends_at = excluded.ends_at,
                 granted_by = excluded.granted_by, granted_at = excluded.granted_at",
        )
        .bind(egress.project.as_str())
        .bind(egress.person.as_str())
        .bind(&egress.ends_at)
        .bind(egress.granted_by.as_str())
        .bind(&egress.granted_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Records a conflict of interest; false where it is there.
    pub async fn add_conflict(&mut self, conflict: &Conflict) -> Result<bool, StoreError> {
        let done = statement(
            "INSERT INTO conflict (project, person, declared_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(conflict.project.as_str())
        .bind(conflict.person.as_str())
        .bind(&conflict.declared_at)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// Lifts a conflict of interest; false where there is none.
    pub async fn remove_conflict(&mut self, project: &Name, person: &Name) -> Result<bool, StoreError> {
        let done = statement("DELETE FROM conflict WHERE project = $1 AND person = $2")
            .bind(project.as_str())
            .bind(person.as_str())
            .execute(self.connection())
            .await?;
        Ok(done == 1)
    }
}
