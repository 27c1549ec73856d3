//! The ledger of what was released, as far as it is in the database: which entries there are, in their order. What they say
//! lies sealed in the vault.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_audit::Event;
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
    /// How many of them its project had before.
    pub repeated: u64,
    /// The digest of its sealed files, one after the other: of those that were made last, where they were lost.
    pub digest: Digest,
    /// When it was released.
    pub made_at: String,
}

impl LedgerRow {
    /// The event of its release, with what the log is to say of it.
    #[must_use]
    pub fn logged(&self, event: Event) -> Event {
        event.with("ledger", self.number).with("ledger-digest", self.digest.to_string())
    }
}

/// Rows with the newest digest of each.
const ROWS: &str = "SELECT number, request, project, numbers, repeated, made_at, coalesce(
         (SELECT r.digest FROM ledger_rebuilt r WHERE r.number = ledger.number ORDER BY r.made_at DESC LIMIT 1),
         digest) AS digest
     FROM ledger";

fn read(row: &Row) -> Result<LedgerRow, StoreError> {
    let digest: String = row.try_get("digest")?;
    let count =
        |name: &'static str| u64::try_from(row.try_get::<i64>(name)?).map_err(|_| StoreError::Stored(name));
    Ok(LedgerRow {
        number: row.try_get("number")?,
        request: row.try_get("request")?,
        project: row.try_get("project")?,
        numbers: count("numbers")?,
        repeated: count("repeated")?,
        digest: digest.parse().map_err(|_| StoreError::Stored("digest"))?,
        made_at: row.try_get("made_at")?,
    })
}

impl Store {
    /// The number of the last entry; 0 where there is none.
    pub async fn ledger_last(&self) -> Result<i64, StoreError> {
        let row =
            statement("SELECT coalesce(max(number), 0) AS last FROM ledger").fetch_one(&self.pool).await?;
        Ok(row.try_get("last")?)
    }

    /// The queries of the entries after a number, oldest first. Their numbers have no gaps.
    pub async fn ledger_after(&self, number: i64) -> Result<Vec<String>, StoreError> {
        let rows = statement("SELECT request FROM ledger WHERE number > $1 ORDER BY number")
            .bind(number)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("request")?)).collect()
    }

    /// Every entry, oldest first.
    pub async fn ledger(&self) -> Result<Vec<LedgerRow>, StoreError> {
        let sql = format!("{ROWS} ORDER BY number");
        let rows = statement(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// How many results were ever released, in the ledger or not.
    pub async fn releases_made(&self) -> Result<u64, StoreError> {
        let row = statement("SELECT count(*) AS made FROM release").fetch_one(&self.pool).await?;
        u64::try_from(row.try_get::<i64>("made")?).map_err(|_| StoreError::Stored("count"))
    }

    /// The entry of a query.
    pub async fn ledger_entry(&self, request: &str) -> Result<Option<LedgerRow>, StoreError> {
        let sql = format!("{ROWS} WHERE request = $1");
        let row = statement(sqlx::AssertSqlSafe(sql)).bind(request).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }
}

impl Transaction {
    /// Adds an entry. It fails where another has its number: what it was compared with is not all that there is.
    pub async fn add_ledger(&mut self, row: &LedgerRow) -> Result<(), StoreError> {
        let count = |n: u64, name| i64::try_from(n).map_err(|_| StoreError::Stored(name));
        statement(
            "INSERT INTO ledger (number, request, project, numbers, repeated, digest, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(row.number)
        .bind(row.request.as_str())
        .bind(row.project.as_str())
        .bind(count(row.numbers, "numbers")?)
        .bind(count(row.repeated, "repeated")?)
        .bind(row.digest.to_string())
        .bind(row.made_at.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Says that the files of an entry were made again, and what they are now.
    pub async fn rebuilt_ledger(&mut self, number: i64, digest: Digest, at: &str) -> Result<(), StoreError> {
        statement("INSERT INTO ledger_rebuilt (number, digest, made_at) VALUES ($1, $2, $3)")
            .bind(number)
            .bind(digest.to_string())
            .bind(at)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
