//! The same rows in a database that governs nothing.

use crate::sequence::Answer;
use crate::world::{CODES, World};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row};

/// The answers to queries; `None` where one of them is not this database's SQL.
pub(crate) fn answers(world: &World, queries: &[String]) -> Option<Vec<Answer>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        fill(&mut connection, world).await;
        let mut newer = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        fill(&mut newer, &world.without_the_one()).await;
        let mut answers = Vec::new();
        for sql in queries {
            let (connection, sql) = match sql.strip_prefix("@n ") {
                Some(sql) => (&mut newer, sql.to_owned()),
                None => (&mut connection, sql.clone()),
            };
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.ok()?;
            let columns = rows.first().map(|row| row.columns().iter().map(|c| c.name().to_owned()));
            let columns = columns.map(Iterator::collect).unwrap_or_default();
            let rows = rows.iter().map(|row| (0..row.len()).map(|i| read(row, i)).collect()).collect();
            answers.push(Answer { code: 0, columns, rows, rest: String::new() });
        }
        connection.close().await.unwrap();
        newer.close().await.unwrap();
        Some(answers)
    })
}

fn read(row: &SqliteRow, column: usize) -> Value {
    if let Ok(number) = row.try_get::<i64, _>(column) {
        return number.into();
    }
    if let Ok(number) = row.try_get::<f64, _>(column) {
        return number.into();
    }
    row.try_get::<String, _>(column).map_or(Value::Null, Value::from)
}

async fn fill(connection: &mut SqliteConnection, world: &World) {
    for sql in [
        "CREATE TABLE person (person_id TEXT, sex TEXT, birth_year INT, district TEXT, income REAL)",
        "CREATE TABLE stay (person_id TEXT, code TEXT, kind TEXT, day TEXT, cost REAL)",
        "CREATE TABLE code (code TEXT, family TEXT, points INT)",
        "BEGIN",
    ] {
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
    }
    for p in &world.people {
        let insert = sqlx::query("INSERT INTO person VALUES (?, ?, ?, ?, ?)").bind(&p.nhs).bind(p.sex);
        let insert = insert.bind(p.birth_year).bind(&p.district).bind(p.income);
        insert.execute(&mut *connection).await.unwrap();
    }
    for s in &world.stays {
        let insert = sqlx::query("INSERT INTO stay VALUES (?, ?, ?, ?, ?)").bind(&s.nhs).bind(s.code);
        insert.bind(s.kind).bind(&s.day).bind(s.cost).execute(&mut *connection).await.unwrap();
    }
    for (code, family, points) in CODES {
        let insert = sqlx::query("INSERT INTO code VALUES (?, ?, ?)").bind(code).bind(family).bind(points);
        insert.execute(&mut *connection).await.unwrap();
    }
    sqlx::query("COMMIT").execute(&mut *connection).await.unwrap();
}
