//! A change of state with its audit records: both, or neither.

use crate::{Store, StoreError};
use cloister_audit::{Event, Frontier, Record};
use sqlx::{Row, Sqlite, SqliteConnection};

/// A change of state under way.
pub struct Transaction {
    store: Store,
    inner: sqlx::Transaction<'static, Sqlite>,
}

impl Transaction {
    pub(crate) fn new(store: Store, inner: sqlx::Transaction<'static, Sqlite>) -> Self {
        Self { store, inner }
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }

    /// Commits the change and its events, signs the log's new state, and returns when both are on the disk.
    ///
    /// # Errors
    /// A change without an event is refused.
    pub async fn commit(mut self, events: Vec<Event>) -> Result<(), StoreError> {
        let Some(at) = events.last().map(|e| e.at.clone()) else {
            return Err(StoreError::Stored("a change without an audit event"));
        };
        let row = sqlx::query("SELECT state FROM audit_frontier").fetch_one(self.connection()).await?;
        let mut tree = Frontier::from_bytes(row.try_get("state")?)?;
        for event in &events {
            let record = Record::of(tree.size().saturating_add(1), event)?;
            tree.append(record.leaf());
            sqlx::query("INSERT INTO audit_record (seq, event, leaf) VALUES (?, ?, ?)")
                .bind(i64::try_from(record.seq()).map_err(|_| StoreError::Stored("seq"))?)
                .bind(record.event_bytes())
                .bind(record.leaf().to_string())
                .execute(self.connection())
                .await?;
        }
        let checkpoint = self.store.signer.sign(self.store.hub().as_str(), tree.size(), tree.root(), &at)?;
        sqlx::query("INSERT INTO audit_checkpoint (size, line) VALUES (?, ?)")
            .bind(i64::try_from(tree.size()).map_err(|_| StoreError::Stored("size"))?)
            .bind(checkpoint.to_line())
            .execute(self.connection())
            .await?;
        sqlx::query("UPDATE audit_frontier SET state = ?")
            .bind(tree.to_bytes())
            .execute(self.connection())
            .await?;
        self.inner.commit().await?;
        self.store.append_checkpoints().await
    }
}
