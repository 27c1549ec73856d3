//! The database of a test's hub: in its home, or on a PostgreSQL server where `CLOISTER_TEST_DATABASE=postgres`.

use crate::postgres::Postgres;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Row};
use std::path::{Path, PathBuf};

/// Where a hub's metadata is.
#[derive(Debug)]
pub enum Database {
    /// This file.
    Sqlite(PathBuf),
    /// This server, and a schema of it.
    Postgres {
        /// Its address.
        url: String,
        /// The hub's schema.
        schema: String,
    },
}

impl Database {
    /// The database of the hub that is to be made in this home.
    pub(crate) fn of_home(home: &Path) -> Self {
        match std::env::var("CLOISTER_TEST_DATABASE").as_deref() {
            Err(_) | Ok("sqlite") => Self::Sqlite(home.join("cloister.db")),
            Ok("postgres") => {
                let server = Postgres::shared().expect("there is a PostgreSQL server to test on");
                Self::Postgres { url: server.url(), schema: Postgres::fresh_schema() }
            }
            Ok(other) => panic!("CLOISTER_TEST_DATABASE is `sqlite` or `postgres`, not `{other}`"),
        }
    }

    pub(crate) fn server(&self) -> Option<(&str, &str)> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres { url, schema } => Some((url, schema)),
        }
    }

    /// Whether it is on a server.
    pub fn is_postgres(&self) -> bool {
        self.server().is_some()
    }

    /// Runs SQL behind the hub's back, all of it or nothing; how many rows it changed.
    pub fn run(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let text = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(file) => {
                let options = SqliteConnectOptions::new().filename(file);
                aside(async move {
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    let mut tx = connection.begin().await?;
                    let done = sqlx::raw_sql(text).execute(&mut *tx).await?.rows_affected();
                    tx.commit().await?;
                    connection.close().await.map(|()| done)
                })
            }
            Self::Postgres { .. } => {
                let options = self.options();
                aside(async move {
                    let mut connection = PgConnection::connect_with(&options).await?;
                    let mut tx = connection.begin().await?;
                    let done = sqlx::raw_sql(text).execute(&mut *tx).await?.rows_affected();
                    tx.commit().await?;
                    connection.close().await.map(|()| done)
                })
            }
        }
    }

    /// Everything that is in it, as bytes: the files of SQLite, with what was written and not yet tidied away, or the
    /// rows of every table as text.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(file) => {
                let mut bytes = std::fs::read(file).unwrap();
                bytes.extend(std::fs::read(file.with_extension("db-wal")).unwrap_or_default());
                bytes
            }
            Self::Postgres { schema, .. } => {
                let (options, schema) = (self.options(), schema.clone());
                aside(async move {
                    let mut connection = PgConnection::connect_with(&options).await?;
                    let tables =
                        sqlx::query("SELECT tablename::text AS t FROM pg_tables WHERE schemaname = $1")
                            .bind(schema)
                            .fetch_all(&mut connection)
                            .await?;
                    assert!(tables.len() > 10, "{} tables", tables.len());
                    let mut bytes = Vec::new();
                    for table in tables {
                        let table: String = table.try_get("t")?;
                        // Bytes as characters, so that a text in them is found as one.
                        let rows =
                            format!("SET bytea_output = escape; SELECT t::text AS row FROM \"{table}\" t");
                        for row in sqlx::raw_sql(AssertSqlSafe(rows)).fetch_all(&mut connection).await? {
                            bytes.extend(row.try_get_unchecked::<String, _>("row")?.into_bytes());
                            bytes.push(b'\n');
                        }
                    }
                    connection.close().await.map(|()| bytes)
                })
                .unwrap()
            }
        }
    }

    fn options(&self) -> PgConnectOptions {
        let (url, schema) = self.server().unwrap();
        url.parse::<PgConnectOptions>().unwrap().options([("search_path", schema)])
    }
}

/// Runs to its end on a thread of its own, so that tests with and without a runtime can do it.
fn aside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime().block_on(work)).join().unwrap()
}
