//! Connections to either database, and transactions that write.

use super::{Database, PostgresAddress, statement};
use crate::{Home, StoreError};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Postgres, Sqlite};
use std::time::Duration;

/// Connections of one process.
const CONNECTIONS_MAX: u32 = 4;

/// How long a writer waits for another, and anybody for a connection.
const WAIT: Duration = Duration::from_secs(30);

/// The oldest server whose triggers can be replaced (`CREATE OR REPLACE TRIGGER`).
const POSTGRES_VERSION_MIN: i64 = 140_000;

/// Connections to the metadata.
#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction that writes. Dropped, it leaves nothing.
pub(crate) enum Begun {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Begun {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(begun) => Ok(begun.commit().await?),
            Self::Postgres(begun) => Ok(begun.commit().await?),
        }
    }
}

impl Pool {
    /// Connects; `create` makes SQLite's file where there is none.
    pub(crate) async fn connect(home: &Home, database: &Database, create: bool) -> Result<Self, StoreError> {
        match database {
            Database::Embedded => sqlite(home, create).await,
            Database::Postgres(address) => postgres(address).await,
        }
    }

    /// Begins a change that nobody else's change can come between: SQLite has one writer, and on PostgreSQL the row of
    /// the audit log's frontier is taken first, which every change writes at its end.
    pub(crate) async fn begin(&self) -> Result<Begun, StoreError> {
        let mut begun = self.begin_schema().await?;
        match &begun {
            Begun::Sqlite(_) => {}
            Begun::Postgres(_) => {
                statement("SELECT state FROM audit_frontier FOR UPDATE").fetch_one(&mut begun).await?;
            }
        }
        Ok(begun)
    }

    /// Begins a change of the schema, in which there may be no frontier yet. On PostgreSQL it takes no lock.
    pub(crate) async fn begin_schema(&self) -> Result<Begun, StoreError> {
        match self {
            Self::Sqlite(pool) => Ok(Begun::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)),
            // Whoever has waited for the lock must see what was committed meanwhile: READ COMMITTED, whatever the
            // server's default is.
            Self::Postgres(pool) => Ok(Begun::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE").await?,
            )),
        }
    }

    /// Ends all use.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn sqlite(home: &Home, create: bool) -> Result<Pool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(home.database())
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted, wrapped keys among it, is overwritten.
        .pragma("secure_delete", "on")
        .busy_timeout(WAIT);
    Ok(Pool::Sqlite(SqlitePoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(options).await?))
}

async fn postgres(address: &PostgresAddress) -> Result<Pool, StoreError> {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(WAIT);
    let pool = Pool::Postgres(options.connect_with(address.options()).await?);
    let row = statement(
        "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
             current_setting('synchronous_commit') AS synchronous, current_setting('server_encoding') AS encoding,
             current_setting('server_version_num')::bigint AS version, pg_is_in_recovery()::text AS standby",
    )
    .fetch_one(&pool)
    .await?;
    let text = |column: &str| row.try_get::<String>(column);
    let server = |wrong: &'static str| Err(StoreError::DatabaseServer(wrong));
    if text("fsync")? != "on" || text("pages")? != "on" || text("synchronous")? != "on" {
        return server(
            "it may lose what it has committed: fsync, full_page_writes and synchronous_commit must be on",
        );
    }
    if text("encoding")? != "UTF8" {
        return server("the database's encoding must be UTF8");
    }
    if row.try_get::<i64>("version")? < POSTGRES_VERSION_MIN {
        return server("it must be PostgreSQL 14 or newer");
    }
    if text("standby")? != "false" {
        return server("it is a standby, which only reads");
    }
    Ok(pool)
}
