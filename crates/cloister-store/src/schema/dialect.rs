//! What the two databases say differently when tables and triggers are made.

use super::{Act, Step};
use crate::database::Begun;

/// Words of a table's definition, and what PostgreSQL has for them. Texts are compared byte by byte, as SQLite does,
/// and not as people of some country sort names.
const POSTGRES_WORDS: &[(&str, &str)] = &[
    (" INTEGER PRIMARY KEY AUTOINCREMENT", " BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (" INTEGER", " BIGINT"),
    (" TEXT", " TEXT COLLATE \"C\""),
    (" BLOB", " BYTEA"),
    // Its types are always strict.
    (") STRICT", ")"),
];

/// The trigger function that refuses, with the reason as its argument.
const POSTGRES_REFUSAL: &str =
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$";

/// What must be there before any step.
pub(super) fn preparation(on: &Begun) -> &'static [&'static str] {
    match on {
        Begun::Sqlite(_) => &[],
        Begun::Postgres(_) => &[POSTGRES_REFUSAL],
    }
}

/// The statements of a step.
pub(super) fn texts(step: &Step, on: &Begun) -> Vec<String> {
    match on {
        Begun::Sqlite(_) => vec![sqlite(step)],
        Begun::Postgres(_) => postgres(step),
    }
}

fn name(act: Act) -> &'static str {
    match act {
        Act::Update => "update",
        Act::Delete => "delete",
    }
}

fn sqlite(step: &Step) -> String {
    match step {
        Step::Sql(text) => (*text).to_owned(),
        Step::Refuse { table, act, when, because } => {
            let act = name(*act);
            let when = when.map(|when| format!("WHEN {when}")).unwrap_or_default();
            format!(
                "CREATE TRIGGER IF NOT EXISTS {table}_{act} BEFORE {act} ON {table} {when}
                 BEGIN SELECT RAISE(ABORT, '{because}'); END"
            )
        }
    }
}

fn postgres(step: &Step) -> Vec<String> {
    match step {
        Step::Sql(text) => {
            vec![POSTGRES_WORDS.iter().fold((*text).to_owned(), |text, (is, has)| text.replace(is, has))]
        }
        Step::Refuse { table, act, when, because } => {
            let when = when.map(|when| format!("WHEN ({when})")).unwrap_or_default();
            let trigger = |act: &str, each: &str, when: &str| {
                format!(
                    "CREATE OR REPLACE TRIGGER {table}_{act} BEFORE {act} ON {table} FOR EACH {each} {when}
                     EXECUTE FUNCTION refuse_change('{because}')"
                )
            };
            let row = trigger(name(*act), "ROW", &when);
            match act {
                Act::Update => vec![row],
                Act::Delete => vec![row, trigger("truncate", "STATEMENT", "")],
            }
        }
    }
}
