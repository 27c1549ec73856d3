//! Segments of the people index: sealed by the receiving zone, only kept here.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};

/// The people whom one landing met first.
#[derive(Clone, Debug)]
pub struct PeopleSegment {
    /// The first one's number.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Their pseudonyms, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Every segment, in order.
    pub async fn people_segments(&self) -> Result<Vec<PeopleSegment>, StoreError> {
        let rows = statement("SELECT first, count, sealed FROM people_segment ORDER BY number")
            .fetch_all(&self.pool)
            .await?;
        let segment = |row: &Row| -> Result<PeopleSegment, StoreError> {
            Ok(PeopleSegment {
                first: row.try_get("first")?,
                count: row.try_get("count")?,
                sealed: row.try_get("sealed")?,
            })
        };
        rows.iter().map(segment).collect()
    }
}

impl Transaction {
    /// Keeps the next segment.
    pub async fn add_people_segment(&mut self, segment: &PeopleSegment) -> Result<(), StoreError> {
        statement(
            "INSERT INTO people_segment (number, first, count, sealed)
             VALUES ((SELECT coalesce(max(number), 0) + 1 FROM people_segment), $1, $2, $3)",
        )
        .bind(segment.first)
        .bind(segment.count)
        .bind(&segment.sealed)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
