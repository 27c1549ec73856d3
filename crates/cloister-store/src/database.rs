//! The database that holds the metadata: SQLite in the home, or a schema of a PostgreSQL server (docs/adr/0019).
//!
//! Every statement of this crate is one text that both understand: placeholders `$1`, `$2`, …, words that PostgreSQL
//! reserves in quotes, and three types of values.

mod address;
mod pool;
mod row;
mod statement;

use crate::StoreError;

pub use address::PostgresAddress;
pub(crate) use pool::{Begun, Pool};
pub(crate) use row::Row;
pub(crate) use statement::statement;

/// Where a hub's metadata is.
#[derive(Clone, Debug, Default)]
pub enum Database {
    /// SQLite, in the home.
    #[default]
    Embedded,
    /// A schema of a PostgreSQL server, for this hub alone.
    Postgres(PostgresAddress),
}

/// Makes the schema of a new hub, unless an administrator has made one for it that is empty.
///
/// # Errors
/// It holds tables already: a hub, or what was left of one.
pub(crate) async fn make_room(database: &Database, begun: &mut Begun) -> Result<(), StoreError> {
    let Database::Postgres(address) = database else { return Ok(()) };
    let found = statement(
        "SELECT count(DISTINCT n.oid) AS schemas, count(c.oid) AS tables
         FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = $1",
    )
    .bind(address.schema())
    .fetch_one(&mut *begun)
    .await?;
    if found.try_get::<i64>("tables")? > 0 {
        return Err(StoreError::SchemaTaken(address.schema().to_owned()));
    }
    if found.try_get::<i64>("schemas")? == 0 {
        // Of a schema's name nothing needs to be escaped.
        let make = format!("CREATE SCHEMA \"{}\"", address.schema());
        statement(sqlx::AssertSqlSafe(make)).execute(begun).await?;
    }
    Ok(())
}

/// Fails where the server's schema holds no hub.
pub(crate) async fn expect_hub(database: &Database, pool: &Pool) -> Result<(), StoreError> {
    let Database::Postgres(address) = database else { return Ok(()) };
    let tables = "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'hub'";
    match statement(tables).bind(address.schema()).fetch_optional(pool).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::NoHubInSchema(address.schema().to_owned())),
    }
}

#[cfg(test)]
mod tests;
