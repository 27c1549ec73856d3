//! The ledger of what was released, as far as it is in the database: which entries there are, in their order. What they say
//! lies sealed in the vault.

use crate::database::statement;
use crate::{Store, StoreError, Transaction};
use cloister_model::Digest;

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its place, from 1.
    pub number: i64,
    /// The query whose table it is of.
    pub request: String,
    /// Its project.
    pub project: String,
    /// How many numbers it holds.
    pub numbers: u64,
    /// The digest of its sealed files, one after the other.
    pub digest: Digest,
    /// When it was released.
    pub made_at: String,
}

impl Store {
    /// The number of the last entry; 0 where there is none.
    pub async fn ledger_last(&self) -> Result<i64, StoreError> {
        let row =
            statement("SELECT coalesce(max(number), 0) AS last FROM ledger").fetch_one(&self.pool).await?;
        Ok(row.try_get("last")?)
    }

    /// The entries after a number, oldest first.
    pub async fn ledger_after(&self, number: i64) -> Result<Vec<LedgerRow>, StoreError> {
        let rows = statement("SELECT * FROM ledger WHERE number > $1 ORDER BY number")
            .bind(number)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let digest: String = row.try_get("digest")?;
                Ok(LedgerRow {
                    number: row.try_get("number")?,
                    request: row.try_get("request")?,
                    project: row.try_get("project")?,
                    numbers: u64::try_from(row.try_get::<i64>("numbers")?)
                        .map_err(|_| StoreError::Stored("numbers"))?,
                    digest: digest.parse().map_err(|_| StoreError::Stored("digest"))?,
                    made_at: row.try_get("made_at")?,
                })
            })
            .collect()
    }
}

impl Transaction {
    /// Adds an entry. It fails where another has its number: what it was compared with is not all that there is.
    pub async fn add_ledger(&mut self, row: &LedgerRow) -> Result<(), StoreError> {
        statement(
            "INSERT INTO ledger (number, request, project, numbers, digest, made_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(row.number)
        .bind(row.request.as_str())
        .bind(row.project.as_str())
        .bind(i64::try_from(row.numbers).map_err(|_| StoreError::Stored("numbers"))?)
        .bind(row.digest.to_string())
        .bind(row.made_at.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
