//! The statements beside a query: `CREATE TABLE name AS query`, `CREATE VIEW name AS query`, `DROP TABLE name`,
//! `DROP VIEW name`, and nothing that can be added to them.

use super::SCHEMA;
use crate::Refusal;
use crate::parameter::Binding;
use crate::sql::{checked, not_a_query, statement, with_parameters};
use cloister_model::Ident;
use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart, ObjectType, Query, Statement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// What a statement asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A query.
    Query,
    /// A table of a query's rows, as they are now.
    CreateTable(Ident),
    /// A name for a query.
    CreateView(Ident),
    /// The end of a table.
    DropTable(Ident),
    /// The end of a view.
    DropView(Ident),
}

impl Command {
    /// Says what a statement asks for. Whatever begins otherwise than these is taken for a query: whether it is
    /// one, planning finds out.
    ///
    /// # Errors
    /// Where it is not one of these, or has anything beside a name and a query.
    pub fn parse(sql: &str) -> Result<Self, Refusal> {
        // Only what is short by nature is parsed here; a query is the worker's.
        if !begins_with_create_or_drop(sql) {
            return Ok(Self::Query);
        }
        let statement = statement(sql)?;
        match (creation_of(&statement), drop_of(&statement)) {
            (Some((kind, name, _)), _) => Ok(kind(plain_name(name)?)),
            (None, Some((kind, name))) => Ok(kind(plain_name(name)?)),
            (None, None) => Err(not_a_query()),
        }
    }
}

fn begins_with_create_or_drop(sql: &str) -> bool {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize();
    let first = tokens.unwrap_or_default().into_iter().find(|t| !matches!(t, Token::Whitespace(_)));
    matches!(first, Some(Token::Word(word)) if matches!(word.keyword, Keyword::CREATE | Keyword::DROP))
}

type Kind = fn(Ident) -> Command;

/// The query of a CREATE statement, checked and in the engine's words.
pub(crate) fn created_query(sql: &str) -> Result<Statement, Refusal> {
    let (parameters, sql) = with_parameters(sql)?;
    let statement = statement(sql)?;
    match creation_of(&statement) {
        Some((_, _, query)) => {
            let query = Statement::Query(Box::new(query.clone()));
            // What is kept was made with these values, and no others.
            Ok(checked(query, &parameters, Binding::Values)?.statement)
        }
        None => Err(not_a_query()),
    }
}

/// A CREATE with a name and a query. The parser knows dozens of options of several dialects; whatever of them is
/// there is printed, and then the statement is not this one.
fn creation_of(statement: &Statement) -> Option<(Kind, &ObjectName, &Query)> {
    let (kind, name, query): (Kind, _, _) = match statement {
        Statement::CreateTable(table) => (Command::CreateTable, &table.name, table.query.as_deref()?),
        Statement::CreateView(view) => (Command::CreateView, &view.name, view.query.as_ref()),
        _ => return None,
    };
    let word =
        if kind("a".parse().ok()?) == Command::CreateTable("a".parse().ok()?) { "TABLE" } else { "VIEW" };
    (statement.to_string() == format!("CREATE {word} {name} AS {query}")).then_some((kind, name, query))
}

fn drop_of(statement: &Statement) -> Option<(Kind, &ObjectName)> {
    let Statement::Drop { object_type, names, .. } = statement else { return None };
    let [name] = names.as_slice() else { return None };
    let (kind, word): (Kind, _) = match object_type {
        ObjectType::Table => (Command::DropTable, "TABLE"),
        ObjectType::View => (Command::DropView, "VIEW"),
        _ => return None,
    };
    (statement.to_string() == format!("DROP {word} {name}")).then_some((kind, name))
}

/// A name in the schema `workspace`, which may be written before it.
fn plain_name(name: &ObjectName) -> Result<Ident, Refusal> {
    let texts: Option<Vec<String>> = name.0.iter().map(text_of).collect();
    let name = match texts.as_deref() {
        Some([name]) => Some(name),
        Some([schema, name]) if schema == SCHEMA => Some(name),
        _ => None,
    };
    name.and_then(|name| name.parse().ok()).ok_or_else(|| {
        Refusal::new(
            "object-name",
            "A workspace table or view needs a plain name in the schema workspace.",
            "Use a letter, then at most 62 letters, digits and underscores.",
        )
    })
}

fn text_of(part: &ObjectNamePart) -> Option<String> {
    let ident = part.as_ident()?;
    Some(if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_query_and_nothing_else() {
        let name = |text: &str| text.parse::<Ident>().unwrap();
        for (sql, expected) in [
            ("SELECT 1", Command::Query),
            ("CREATE TABLE t AS SELECT 1 AS x", Command::CreateTable(name("t"))),
            ("create table Workspace.T as (select 1 as x);", Command::CreateTable(name("t"))),
            (
                "CREATE TABLE \"t\" AS WITH a AS (SELECT 1 AS x) SELECT * FROM a",
                Command::CreateTable(name("t")),
            ),
            ("CREATE VIEW v AS SELECT 1 AS x UNION SELECT 2", Command::CreateView(name("v"))),
            ("DROP TABLE t", Command::DropTable(name("t"))),
            ("DROP VIEW workspace.v", Command::DropView(name("v"))),
        ] {
            assert_eq!(Command::parse(sql), Ok(expected), "{sql}");
        }
        for (sql, code) in [
            ("CREATE TABLE t (x INT)", "not-a-query"),
            ("CREATE TABLE t (x INT) AS SELECT 1 AS x", "not-a-query"),
            ("CREATE OR REPLACE TABLE t AS SELECT 1 AS x", "not-a-query"),
            ("CREATE TEMPORARY TABLE t AS SELECT 1 AS x", "not-a-query"),
            ("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS x", "not-a-query"),
            ("CREATE UNLOGGED TABLE t AS SELECT 1 AS x", "not-sql"),
            ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'x'", "not-sql"),
            ("CREATE TABLE t LIKE person", "not-a-query"),
            ("CREATE TABLE t CLONE person", "not-a-query"),
            ("CREATE TABLE t WITH (format = 'csv') AS SELECT 1 AS x", "not-a-query"),
            ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS x", "not-a-query"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1 AS x", "not-a-query"),
            ("CREATE VIEW v (a) AS SELECT 1 AS x", "not-a-query"),
            ("DROP TABLE IF EXISTS t", "not-a-query"),
            ("DROP TABLE a, b", "not-a-query"),
            ("DROP TABLE t CASCADE", "not-a-query"),
            ("DROP SCHEMA workspace", "not-a-query"),
            ("DROP INDEX t", "not-a-query"),
            ("CREATE TABLE gp.t AS SELECT 1 AS x", "object-name"),
            ("CREATE TABLE cloister.workspace.t AS SELECT 1 AS x", "object-name"),
            ("CREATE TABLE \"T\" AS SELECT 1 AS x", "object-name"),
            ("CREATE TABLE \"../x\" AS SELECT 1 AS x", "object-name"),
            ("CREATE TABLE __t AS SELECT 1 AS x", "reserved-name"),
            ("CREATE TABLE t AS SELECT 1 AS x; DROP TABLE t", "several-statements"),
        ] {
            let refused = Command::parse(sql).map_err(|r| r.code());
            assert_eq!(refused, Err(code), "{sql}");
        }
    }

    #[test]
    fn the_query_is_checked_like_any_other() {
        for (sql, code) in [
            ("CREATE TABLE t AS SELECT * INTO u FROM person", "not-a-query"),
            ("CREATE VIEW t AS SELECT * FROM person FOR UPDATE", "unsupported"),
            ("DROP TABLE t", "not-a-query"),
            ("SELECT 1", "not-a-query"),
        ] {
            assert_eq!(created_query(sql).unwrap_err().code(), code, "{sql}");
        }
        let query = created_query("CREATE TABLE t AS SELECT x::numeric AS y FROM u").unwrap();
        assert_eq!(query.to_string(), "SELECT CAST(x AS DOUBLE PRECISION) AS y FROM u");
    }
}
