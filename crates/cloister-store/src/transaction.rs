//! A change of state with its audit records: both, or neither.

use crate::database::{Begun, statement};
use crate::{Store, StoreError};
use cloister_audit::{Event, Frontier, Record};

/// A change of state under way.
pub struct Transaction {
    store: Store,
    inner: Begun,
}

impl Transaction {
    pub(crate) fn new(store: Store, inner: Begun) -> Self {
        Self { store, inner }
    }

    pub(crate) fn connection(&mut self) -> &mut Begun {
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
        let row = statement("SELECT state FROM audit_frontier").fetch_one(self.connection()).await?;
        let mut tree = Frontier::from_bytes(&row.try_get::<Vec<u8>>("state")?)?;
        for event in &events {
            let record = Record::of(tree.size().saturating_add(1), event)?;
            tree.append(record.leaf());
            statement("INSERT INTO audit_record (seq, event, leaf) VALUES ($1, $2, $3)")
                .bind(i64::try_from(record.seq()).map_err(|_| StoreError::Stored("seq"))?)
                .bind(record.event_bytes())
                .bind(record.leaf().to_string())
                .execute(self.connection())
                .await?;
        }
        let checkpoint = self.store.signer.sign(self.store.hub().as_str(), tree.size(), tree.root(), &at)?;
        statement("INSERT INTO audit_checkpoint (size, line) VALUES ($1, $2)")
            .bind(i64::try_from(tree.size()).map_err(|_| StoreError::Stored("size"))?)
            .bind(checkpoint.to_line())
            .execute(self.connection())
            .await?;
        statement("UPDATE audit_frontier SET state = $1")
            .bind(tree.to_bytes())
            .execute(self.connection())
            .await?;
        self.inner.commit().await?;
        self.store.append_checkpoints().await
    }
}

#[cfg(test)]
mod tests;
