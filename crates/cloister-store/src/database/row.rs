//! A row of either database, read by the names of its columns.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// A row that a query gave.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A column's value. A value of another type, and NULL where there may be none, is an error.
    pub(crate) fn try_get<T: Column>(&self, column: &str) -> Result<T, sqlx::Error> {
        T::of(self, column)
    }
}

/// The types of values that the schema has.
pub(crate) trait Column: Sized {
    fn of(row: &Row, column: &str) -> Result<Self, sqlx::Error>;
}

macro_rules! columns {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn of(row: &Row, column: &str) -> Result<Self, sqlx::Error> {
                match row {
                    Row::Sqlite(row) => row.try_get(column),
                    Row::Postgres(row) => row.try_get(column),
                }
            }
        }
    )*};
}
columns!(i64, String, Option<String>, Vec<u8>, Option<Vec<u8>>);

/// Both keep whole numbers in 64 bits, signed.
macro_rules! narrower {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn of(row: &Row, column: &str) -> Result<Self, sqlx::Error> {
                let wide = i64::of(row, column)?;
                Self::try_from(wide).map_err(|e| sqlx::Error::ColumnDecode {
                    index: column.to_owned(),
                    source: Box::new(e),
                })
            }
        }
    )*};
}
narrower!(u32, u64);
