//! Versions of the schema, and how a database gets to the newest.

mod dialect;
mod statements;

use crate::StoreError;
use crate::database::{Begun, Pool, statement};
use sqlx::AssertSqlSafe;
use statements::{ADDED, FIRST, KEPT, LEDGER, REPEATED};

/// A step from one version to the next.
enum Step {
    /// A statement that both databases understand, but for the words that [`dialect`] exchanges.
    Sql(&'static str),
    /// A trigger that refuses changes of rows, and says why.
    Refuse { table: &'static str, act: Act, when: Option<&'static str>, because: &'static str },
}

/// What is refused.
#[derive(Clone, Copy)]
enum Act {
    Update,
    /// Of one row, or of all at once where the database has a statement for that.
    Delete,
}

impl Step {
    const fn no_update(table: &'static str, because: &'static str) -> Self {
        Self::Refuse { table, act: Act::Update, when: None, because }
    }

    const fn no_update_when(table: &'static str, when: &'static str, because: &'static str) -> Self {
        Self::Refuse { table, act: Act::Update, when: Some(when), because }
    }

    const fn no_delete(table: &'static str, because: &'static str) -> Self {
        Self::Refuse { table, act: Act::Delete, when: None, because }
    }
}

/// The versions, in order. One that was released does not change any more: another is added.
const VERSIONS: &[(i64, &[Step])] = &[(1, FIRST), (2, ADDED), (3, KEPT), (4, LEDGER), (5, REPEATED)];

/// The schema of this program.
pub(crate) const VERSION: i64 = 5;

/// Makes the newest schema in an empty database.
pub(crate) async fn create(begun: &mut Begun) -> Result<(), StoreError> {
    apply(begun, 0, VERSION).await
}

/// Brings a database of an earlier version to this one: whole, or not at all.
///
/// # Errors
/// The database is of a later version, or of none that there was.
pub(crate) async fn upgrade(pool: &Pool) -> Result<(), StoreError> {
    if version(statement(FOUND).fetch_one(pool).await?.try_get("schema_version")?)? == VERSION {
        return Ok(());
    }
    let mut begun = pool.begin().await?;
    // Again, now that nobody else writes: another process may have done it.
    let found = version(statement(FOUND).fetch_one(&mut begun).await?.try_get("schema_version")?)?;
    apply(&mut begun, found, VERSION).await?;
    statement("UPDATE hub SET schema_version = $1").bind(VERSION).execute(&mut begun).await?;
    begun.commit().await
}

const FOUND: &str = "SELECT schema_version FROM hub";

fn version(found: i64) -> Result<i64, StoreError> {
    let first = VERSIONS.first().map_or(VERSION, |(first, _)| *first);
    if (first..=VERSION).contains(&found) {
        Ok(found)
    } else {
        Err(StoreError::Schema { found, expected: VERSION })
    }
}

async fn apply(begun: &mut Begun, after: i64, to: i64) -> Result<(), StoreError> {
    for text in dialect::preparation(begun) {
        statement(*text).execute(&mut *begun).await?;
    }
    let steps = VERSIONS.iter().filter(|(version, _)| (after + 1..=to).contains(version));
    for step in steps.flat_map(|(_, steps)| *steps) {
        for text in dialect::texts(step, begun) {
            // Put together from this crate's own texts.
            statement(AssertSqlSafe(text)).execute(&mut *begun).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
