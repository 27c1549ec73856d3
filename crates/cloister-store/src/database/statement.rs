//! One statement for both databases.

use super::{Begun, Pool, Row};
use crate::StoreError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{PgConnection, PgPool, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection, SqlitePool};

/// A statement with the values of its placeholders, in order.
pub(crate) struct Statement {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A statement, whose placeholders are `$1`, `$2` and so on: SQLite takes them as PostgreSQL does.
pub(crate) fn statement(sql: impl SqlSafeStr) -> Statement {
    Statement { sql: sql.into_sql_str(), values: Vec::new() }
}

/// A value; each type may be NULL, and says of what type it is all the same.
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($from:ty => $value:ident($convert:expr),)*) => {$(
        impl From<$from> for Value {
            fn from(from: $from) -> Self {
                Self::$value($convert(from))
            }
        }
    )*};
}
values! {
    &str => Text(|t: &str| Some(t.to_owned())),
    String => Text(Some),
    &String => Text(|t: &String| Some(t.clone())),
    Option<String> => Text(|t| t),
    i64 => Integer(Some),
    u32 => Integer(|n| Some(i64::from(n))),
    Option<u32> => Integer(|n: Option<u32>| n.map(i64::from)),
    &[u8] => Bytes(|b: &[u8]| Some(b.to_vec())),
    Vec<u8> => Bytes(Some),
    &Vec<u8> => Bytes(|b: &Vec<u8>| Some(b.clone())),
    &Option<Vec<u8>> => Bytes(Clone::clone),
}

/// Where a statement runs: by itself, or in a transaction.
pub(crate) enum On<'a> {
    SqlitePool(&'a SqlitePool),
    Sqlite(&'a mut SqliteConnection),
    PostgresPool(&'a PgPool),
    Postgres(&'a mut PgConnection),
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::SqlitePool(pool),
            Pool::Postgres(pool) => Self::PostgresPool(pool),
        }
    }
}

impl<'a> From<&'a mut Begun> for On<'a> {
    fn from(begun: &'a mut Begun) -> Self {
        match begun {
            Begun::Sqlite(begun) => Self::Sqlite(&mut *begun),
            Begun::Postgres(begun) => Self::Postgres(&mut *begun),
        }
    }
}

/// Does the same on whichever it is.
macro_rules! on {
    ($on:expr, $statement:expr, $method:ident, |$done:ident| $sqlite:expr, $postgres:expr) => {
        match $on.into() {
            On::SqlitePool(pool) => pool_or_connection!($statement.sqlite()?, $method, pool, $done, $sqlite),
            On::Sqlite(begun) => pool_or_connection!($statement.sqlite()?, $method, begun, $done, $sqlite),
            On::PostgresPool(pool) => {
                pool_or_connection!($statement.postgres()?, $method, pool, $done, $postgres)
            }
            On::Postgres(begun) => {
                pool_or_connection!($statement.postgres()?, $method, begun, $done, $postgres)
            }
        }
    };
}
macro_rules! pool_or_connection {
    ($query:expr, $method:ident, $on:expr, $done:ident, $then:expr) => {{
        let $done = $query.$method($on).await?;
        $then
    }};
}

impl Statement {
    /// Gives the next placeholder its value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Every row.
    pub(crate) async fn fetch_all<'a>(self, on: impl Into<On<'a>>) -> Result<Vec<Row>, StoreError> {
        Ok(on!(
            on,
            self,
            fetch_all,
            |rows| rows.into_iter().map(Row::Sqlite).collect(),
            rows.into_iter().map(Row::Postgres).collect()
        ))
    }

    /// The first row, if there is one.
    pub(crate) async fn fetch_optional<'a>(self, on: impl Into<On<'a>>) -> Result<Option<Row>, StoreError> {
        Ok(on!(on, self, fetch_optional, |row| row.map(Row::Sqlite), row.map(Row::Postgres)))
    }

    /// The first row, which must be there.
    pub(crate) async fn fetch_one<'a>(self, on: impl Into<On<'a>>) -> Result<Row, StoreError> {
        Ok(on!(on, self, fetch_one, |row| Row::Sqlite(row), Row::Postgres(row)))
    }

    /// Runs it; how many rows it added, changed or removed.
    pub(crate) async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<u64, StoreError> {
        Ok(on!(on, self, execute, |done| done.rows_affected(), done.rows_affected()))
    }

    fn sqlite(self) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, StoreError> {
        self.refuse_nul()?;
        Ok(self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Integer(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
        }))
    }

    fn postgres(self) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, StoreError> {
        self.refuse_nul()?;
        Ok(self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Integer(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
        }))
    }

    /// PostgreSQL keeps no U+0000 in a text, and SQLite keeps it but looks no further in some functions: neither is
    /// given one.
    fn refuse_nul(&self) -> Result<(), StoreError> {
        let nul = |value: &Value| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
        if self.values.iter().any(nul) { Err(StoreError::Nul) } else { Ok(()) }
    }
}
