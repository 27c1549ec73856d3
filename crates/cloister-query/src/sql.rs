//! The text: one query, not too long, and nothing that the plan would not show.

use crate::Refusal;
use crate::dialect::{number_literal, rewritten};
use crate::lists::Paired;
use crate::parameter::{Binding, Bound, bound, refused};
use crate::series::written_out;
use crate::using::Chained;
use cloister_governance::Parameters;
use datafusion::sql::sqlparser::ast::{
    Fetch, LimitClause, Query, SetExpr, Statement, VisitMut, VisitorMut, visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::ops::ControlFlow;

/// The longest statement. Planning is recursive and slows down faster than the text grows.
pub(crate) const SQL_BYTES_MAX: usize = 64 * 1024;
/// The most words, numbers and signs.
const TOKENS_MAX: usize = 3_000;
/// The most operators that may chain into one deep expression.
const OPERATORS_MAX: usize = 400;

/// Names that begin so are the engine's own.
pub(crate) const RESERVED_PREFIX: &str = "__";

/// Parses one query with its parameters, or says what else it is.
pub(crate) fn parse(sql: &str, binding: Binding) -> Result<Bound, Refusal> {
    let (parameters, sql) = with_parameters(sql)?;
    checked(statement(sql)?, &parameters, binding)
}

/// Takes the parameters off the head of a text.
pub(crate) fn with_parameters(sql: &str) -> Result<(Parameters, &str), Refusal> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(too_long());
    }
    Parameters::split(sql).map_err(|e| refused(&e))
}

/// Parses one statement of any kind.
pub(crate) fn statement(sql: &str) -> Result<Statement, Refusal> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(too_long());
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize().map_err(|e| not_sql(&e.to_string()))?;
    check_tokens(&tokens)?;
    let mut statements =
        Parser::new(&dialect).with_tokens(tokens).parse_statements().map_err(|e| not_sql(&e.to_string()))?;
    match (statements.pop(), statements.is_empty()) {
        (None, _) => Err(Refusal::new("empty-query", "There is no statement.", "Write one SELECT.")),
        (Some(_), false) => Err(Refusal::new(
            "several-statements",
            "There is more than one statement.",
            "Send one SELECT at a time.",
        )),
        (Some(statement), true) => Ok(statement),
    }
}

/// A statement that is a query with nothing in it that the plan would not show, with its parameters, in the
/// engine's own words.
pub(crate) fn checked(
    statement: Statement,
    parameters: &Parameters,
    binding: Binding,
) -> Result<Bound, Refusal> {
    match &statement {
        Statement::Query(query) => check_query(query)?,
        _ => return Err(not_a_query()),
    }
    let mut bound = bound(statement, parameters, binding)?;
    if let ControlFlow::Break(refusal) = VisitMut::visit(&mut bound.statement, &mut Fetched) {
        return Err(refusal);
    }
    written_out(&mut bound.statement)?;
    let ControlFlow::Continue(()) = VisitMut::visit(&mut bound.statement, &mut Chained);
    let ControlFlow::Continue(()) = VisitMut::visit(&mut bound.statement, &mut Paired);
    let _: ControlFlow<()> = visit_expressions_mut(&mut bound.statement, |expr| {
        if let Some(same) = rewritten(expr) {
            *expr = same;
        }
        ControlFlow::Continue(())
    });
    Ok(bound)
}

/// Puts `FETCH FIRST n ROWS ONLY` as the LIMIT that it is.
struct Fetched;

impl VisitorMut for Fetched {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Refusal> {
        let Some(fetch) = query.fetch.take() else { return ControlFlow::Continue(()) };
        let Fetch { with_ties: false, percent: false, quantity } = fetch else {
            return ControlFlow::Break(Refusal::unsupported("FETCH … WITH TIES or PERCENT"));
        };
        let rows = Some(quantity.unwrap_or_else(|| number_literal(1)));
        match &mut query.limit_clause {
            None => {
                let (offset, limit_by) = (None, vec![]);
                query.limit_clause = Some(LimitClause::LimitOffset { limit: rows, offset, limit_by });
            }
            Some(LimitClause::LimitOffset { limit: limit @ None, .. }) => *limit = rows,
            Some(LimitClause::LimitOffset { limit: Some(_), .. } | LimitClause::OffsetCommaLimit { .. }) => {
                return ControlFlow::Break(Refusal::unsupported("FETCH beside LIMIT"));
            }
        }
        ControlFlow::Continue(())
    }
}

/// How long a statement is, as far as planning is concerned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Length {
    tokens: usize,
    operators: usize,
}

impl Length {
    /// Of a statement that parses.
    pub(crate) fn of(sql: &str) -> Result<Self, Refusal> {
        let tokens =
            Tokenizer::new(&GenericDialect {}, sql).tokenize().map_err(|e| not_sql(&e.to_string()))?;
        check_tokens(&tokens)
    }

    /// Of both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            operators: self.operators.saturating_add(other.operators),
        }
    }

    /// Whether planning it is bearable.
    pub(crate) fn check(self) -> Result<Self, Refusal> {
        if self.tokens > TOKENS_MAX || self.operators > OPERATORS_MAX { Err(too_long()) } else { Ok(self) }
    }
}

fn check_tokens(tokens: &[Token]) -> Result<Length, Refusal> {
    let (mut count, mut operators) = (0usize, 0usize);
    for token in tokens {
        match token {
            Token::Whitespace(_) => continue,
            Token::Word(word) => {
                if word.value.starts_with(RESERVED_PREFIX) {
                    return Err(Refusal::new(
                        "reserved-name",
                        "Names that begin with two underscores are reserved.",
                        "Use another name.",
                    ));
                }
                match word.keyword {
                    Keyword::AND | Keyword::OR | Keyword::UNION | Keyword::JOIN => operators += 1,
                    Keyword::TABLESAMPLE if word.quote_style.is_none() => {
                        return Err(Refusal::unsupported("TABLESAMPLE"));
                    }
                    _ => {}
                }
            }
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::StringConcat => {
                operators += 1
            }
            _ => {}
        }
        count += 1;
    }
    Length { tokens: count, operators }.check()
}

fn check_query(query: &Query) -> Result<(), Refusal> {
    if !query.locks.is_empty() {
        return Err(Refusal::unsupported("FOR UPDATE"));
    }
    if query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some() {
        return Err(Refusal::unsupported("FOR, SETTINGS or FORMAT"));
    }
    if !query.pipe_operators.is_empty() {
        return Err(Refusal::unsupported("the pipe syntax"));
    }
    match query.body.as_ref() {
        SetExpr::Select(select) if select.into.is_some() => Err(not_a_query()),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Err(not_a_query())
        }
        SetExpr::Select(_)
        | SetExpr::Query(_)
        | SetExpr::SetOperation { .. }
        | SetExpr::Values(_)
        | SetExpr::Table(_) => Ok(()),
    }
}

fn too_long() -> Refusal {
    Refusal::new(
        "query-too-long",
        format!(
            "The statement is longer than {SQL_BYTES_MAX} bytes, {TOKENS_MAX} words or {OPERATORS_MAX} operators."
        ),
        "Join with a reference table instead of listing values, or split the query.",
    )
}

fn not_sql(detail: &str) -> Refusal {
    let detail = detail.strip_prefix("sql parser error: ").unwrap_or(detail);
    let mut detail: String = detail.chars().take(300).collect();
    if !detail.ends_with('.') {
        detail.push('.');
    }
    Refusal::new("not-sql", format!("The statement does not parse: {detail}"), "Check the SQL.")
}

pub(crate) fn not_a_query() -> Refusal {
    Refusal::new(
        "not-a-query",
        "Only a query (SELECT or WITH … SELECT) can run here, or CREATE TABLE … AS, CREATE VIEW … AS, DROP TABLE or DROP VIEW with nothing beside the name and the query.",
        "Nothing else can be written, explained, described or set.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(sql: &str) -> &'static str {
        parse(sql, Binding::Values).map_or_else(|refusal| refusal.code(), |_| "ok")
    }

    #[test]
    fn one_query_and_nothing_else() {
        for (sql, expected) in [
            ("SELECT 1", "ok"),
            ("SELECT 1;", "ok"),
            ("WITH a AS (SELECT 1) SELECT * FROM a", "ok"),
            ("", "empty-query"),
            (" ; ; ", "empty-query"),
            ("-- nothing", "empty-query"),
            ("SELECT 1; SELECT 2", "several-statements"),
            ("SELECT 1; DROP TABLE person", "several-statements"),
            ("SELEKT 1", "not-sql"),
            ("SELECT 'open", "not-sql"),
            ("DROP TABLE person", "not-a-query"),
            ("INSERT INTO person VALUES (1)", "not-a-query"),
            ("COPY person TO 'x.csv'", "not-a-query"),
            ("SELECT * INTO t FROM person", "not-a-query"),
            ("CREATE TABLE t AS SELECT 1", "not-a-query"),
            ("EXPLAIN SELECT 1", "not-a-query"),
            ("EXPLAIN ANALYZE SELECT 1", "not-a-query"),
            ("DESCRIBE person", "not-a-query"),
            ("SHOW TABLES", "not-a-query"),
            ("SET x = 1", "not-a-query"),
            ("PREPARE p AS SELECT 1", "not-a-query"),
            ("SELECT __person FROM person", "reserved-name"),
            ("SELECT \"__person\" FROM person", "reserved-name"),
            ("SELECT * FROM person FOR UPDATE", "unsupported"),
            ("SELECT 1 FETCH FIRST ROW WITH TIES", "unsupported"),
            ("SELECT 1 FETCH FIRST 5 PERCENT ROWS ONLY", "unsupported"),
            ("SELECT * FROM (SELECT 1 LIMIT 2 FETCH FIRST ROW ONLY) t", "unsupported"),
            ("SELECT * FROM person TABLESAMPLE BERNOULLI (1)", "unsupported"),
        ] {
            assert_eq!(code(sql), expected, "{sql}");
        }
    }

    #[test]
    fn postgresql_is_put_into_the_engines_words() {
        for (sql, expected) in [
            ("d + 30*INTERVAL'1 day'", "d + INTERVAL '30 day'"),
            ("d + (INTERVAL '2 months' * 3)", "d + (INTERVAL '6 months')"),
            ("d + (-7)*INTERVAL '1 day'", "d + INTERVAL '-7 day'"),
            ("d + 3 * INTERVAL '1' DAY", "d + INTERVAL '3' DAY"),
            ("n * INTERVAL '1 day'", "n * INTERVAL '1 day'"),
            ("99999999999 * INTERVAL '1 day'", "99999999999 * INTERVAL '1 day'"),
            ("(d + n*INTERVAL'1 day')", "(date_plus(d, n, 'day'))"),
            ("d - (n + 1) * INTERVAL '2 weeks'", "date_plus(d, (n + 1) * (-2), 'week')"),
            ("d + n * INTERVAL '1' MONTH", "date_plus(d, n, 'month')"),
            ("d + n * INTERVAL '1 hour'", "d + n * INTERVAL '1 hour'"),
            ("extract(year from age(a, b))", "(full_months(a, b) / 12)"),
            ("date_part('month', age(b))", "(full_months(current_date(), b) % 12)"),
            ("age(a, b)", "age(a, b)"),
            ("x::numeric", "CAST(x AS DOUBLE PRECISION)"),
            ("CAST(x AS NUMERIC(10, 2))", "CAST(x AS NUMERIC(10,2))"),
            ("mod(a, b + 1)", "((a) % (b + 1))"),
            ("power(a, 2)", "power(CAST(a AS DOUBLE PRECISION), CAST(2 AS DOUBLE PRECISION))"),
            ("to_char(d, 'YYYY-MM')", "to_char(d, '%Y-%m')"),
            ("to_char(d, 'YYYY-J')", "to_char(d, 'YYYY-J')"),
            (
                "to_char(d, 'YYYY-\"Q\"Q')",
                "((to_char(d, '%Y-') || 'Q') || CAST(CAST(date_part('quarter', d) AS BIGINT) AS TEXT))",
            ),
            ("to_char(d, 'FMMonth YYYY')", "to_char(d, '%B %Y')"),
            ("to_char(d, 'Day')", "rpad(to_char(d, '%A'), 9, ' ')"),
            ("extract(epoch from a - b)", "elapsed(a, b, 'epoch')"),
            ("date_part('days', (a - b))", "elapsed(a, b, 'day')"),
            ("extract(day from a - 1)", "EXTRACT(DAY FROM a - 1)"),
            ("extract(day from a - INTERVAL '1 day')", "EXTRACT(DAY FROM a - INTERVAL '1 day')"),
            ("a - b > INTERVAL '2 days'", "elapsed(a, b, 'epoch') > 172800"),
            ("INTERVAL '1' MONTH <= (a - b)", "2592000 <= elapsed(a, b, 'epoch')"),
            ("a > INTERVAL '2 days'", "a > INTERVAL '2 days'"),
            ("nvl(a, 0)", "coalesce(a, 0)"),
            ("to_char(x * 100, '990.9')", "number_text(CAST(x * 100 AS DOUBLE PRECISION), '990.9')"),
            ("regexp_like(x, 'a+')", "(x ~ 'a+')"),
            ("regexp_like(x, 'a+', 'i')", "(x ~* 'a+')"),
            ("regexp_instr(x, lower(replace('L D', ' ', '')))", "place_of_pattern(x, 'ld')"),
            ("regexp_instr(x, y)", "regexp_instr(x, y)"),
            ("coalesce(p, 0) <> 0", "(p IS NOT NULL AND p <> 0)"),
            ("coalesce(p, 0) > 1", "coalesce(p, 0) > 1"),
            (
                "width_bucket(x, 0, 2.5, 5)",
                "CAST(CASE WHEN (CAST(x AS DOUBLE PRECISION) < CAST(0 AS DOUBLE PRECISION)) THEN 0 \
                 WHEN (CAST(x AS DOUBLE PRECISION) >= CAST(2.5 AS DOUBLE PRECISION)) THEN 6 \
                 ELSE (floor((((CAST(x AS DOUBLE PRECISION) - CAST(0 AS DOUBLE PRECISION)) * 5) / \
                 (CAST(2.5 AS DOUBLE PRECISION) - CAST(0 AS DOUBLE PRECISION)))) + 1) END AS INTEGER)",
            ),
            ("width_bucket(x, y, 2, 5)", "width_bucket(x, y, 2, 5)"),
            ("to_char(d, '%Y')", "to_char(d, '%Y')"),
            ("to_char(n, 'FM00')", "concat('', right(concat('00', CAST(n AS BIGINT)), 2))"),
            ("to_date(x, 'YYYY-MM-DD')", "CAST(replace(x, ' ', '') AS DATE)"),
            ("to_date('2015/03/01', 'yyyy/mm/dd')", "CAST('2015-03-01' AS DATE)"),
            ("to_date('0001-01-01', 'yyyy/mm/dd')", "CAST('0001-01-01' AS DATE)"),
            ("to_date('01-Feb-2015', 'DD-Mon-YYYY')", "CAST('2015-02-01' AS DATE)"),
            ("CAST('01-jan-2015' AS DATE)", "CAST('2015-01-01' AS DATE)"),
            ("DATE 'March 5, 2015'", "CAST('2015-03-05' AS DATE)"),
            ("'20150131'::date", "CAST('2015-01-31' AS DATE)"),
            ("d + INTERVAL '1 MONTH - 1 day'", "d + INTERVAL '1 MONTH -1 day'"),
            ("bool_or(x > 1)", "(max(CASE WHEN x > 1 THEN 1 WHEN NOT (x > 1) THEN 0 END) = 1)"),
            ("x = ANY (ARRAY[1, 2])", "x IN (1, 2)"),
            ("x <> ALL (ARRAY[1, 2])", "x NOT IN (1, 2)"),
            ("(a, b) IN ((1, 2), (3, 4))", "(((a = 1) AND (b = 2)) OR ((a = 3) AND (b = 4)))"),
            ("(a, b) NOT IN ((1, 2))", "(NOT ((a = 1) AND (b = 2)))"),
            ("(a, b) IN ((1, 2, 3))", "(a, b) IN ((1, 2, 3))"),
        ] {
            let bound = parse(&format!("SELECT {sql}"), Binding::Values).unwrap();
            assert_eq!(bound.statement.to_string(), format!("SELECT {expected}"));
        }
    }

    #[test]
    fn fetch_is_a_limit() {
        for (sql, expected) in [
            ("SELECT 1 FETCH FIRST 10 ROWS ONLY", "SELECT 1 LIMIT 10"),
            ("SELECT 1 OFFSET 2 ROWS FETCH NEXT ROW ONLY", "SELECT 1 LIMIT 1 OFFSET 2 ROWS"),
            (
                "SELECT * FROM (SELECT 1 FETCH FIRST 3 ROWS ONLY) AS t",
                "SELECT * FROM (SELECT 1 LIMIT 3) AS t",
            ),
        ] {
            let bound = parse(sql, Binding::Values).unwrap();
            assert_eq!(bound.statement.to_string(), expected);
        }
    }

    #[test]
    fn pairs_in_a_subquery_exist_in_it() {
        let exists = "EXISTS (SELECT 1 FROM (SELECT x, max(y) FROM u GROUP BY x) AS in_rows (in_0, in_1) \
                      WHERE ((t.a = in_rows.in_0) AND (b = in_rows.in_1)))";
        let pairs = "(t.a, b) IN (SELECT x, max(y) FROM u GROUP BY x)";
        for (sql, expected) in [
            (format!("SELECT 1 FROM t WHERE {pairs}"), format!("SELECT 1 FROM t WHERE {exists}")),
            (
                format!("SELECT 1 FROM t JOIN v ON c AND ({pairs}) WHERE d"),
                format!("SELECT 1 FROM t JOIN v ON c AND ({exists}) WHERE d"),
            ),
            (format!("SELECT 1 FROM t WHERE NOT ({pairs})"), format!("SELECT 1 FROM t WHERE NOT ({pairs})")),
        ] {
            let bound = parse(&sql, Binding::Values).unwrap();
            assert_eq!(bound.statement.to_string(), expected);
        }
    }

    #[test]
    fn a_column_that_several_joins_use_is_one() {
        for (sql, expected) in [
            (
                "SELECT id FROM a JOIN b USING (id) JOIN c USING (id) JOIN d USING (id) WHERE id IS NOT NULL",
                "SELECT b.id FROM a JOIN b USING(id) JOIN c ON b.id = c.id JOIN d ON b.id = d.id WHERE b.id IS NOT NULL",
            ),
            (
                "SELECT count(ID) FROM a LEFT JOIN s.b USING (id) LEFT JOIN (SELECT id FROM c) x USING (id)",
                "SELECT count(a.id) FROM a LEFT JOIN s.b ON a.id = b.id LEFT JOIN (SELECT id FROM c) x ON a.id = x.id",
            ),
            (
                "SELECT 1 FROM a JOIN b USING (id) JOIN c USING (id, v) JOIN d USING (id, v)",
                "SELECT 1 FROM a JOIN b USING(id) JOIN c USING(id, v) JOIN d ON b.id = d.id AND c.v = d.v",
            ),
            // Where it is used once, or a row may have it on the right only, it is left to the planner.
            ("SELECT id FROM a JOIN b USING (id)", "SELECT id FROM a JOIN b USING(id)"),
            (
                "SELECT id FROM a JOIN b USING (id) FULL JOIN c USING (id)",
                "SELECT id FROM a JOIN b USING(id) FULL JOIN c USING(id)",
            ),
            (
                "SELECT * FROM a JOIN b USING (id) JOIN c USING (id)",
                "SELECT * FROM a JOIN b USING(id) JOIN c USING(id)",
            ),
        ] {
            let bound = parse(sql, Binding::Values).unwrap();
            assert_eq!(bound.statement.to_string(), expected);
        }
    }

    #[test]
    fn parameters_become_literals_and_nothing_else() {
        let head = "/* cloister:parameters
n = { type = \"int\", min = -10, max = 10, value = -3 }
x = { type = \"number\", min = 0, max = 1, step = 0.5, value = 0.5 }
t = { type = \"text\", values = [\"it's\", \"' OR 1=1 --\"], value = \"' OR 1=1 --\" }
d = { type = \"date\", min = 2020-01-01, max = 2020-12-31, value = 2020-02-29 }
b = { type = \"bool\", value = true }
*/
";
        let sql = |body: &str| parse(&format!("{head}{body}"), Binding::Values);
        let all = "$n, $x, $t, $d, $b FROM t LIMIT $n";
        assert_eq!(
            sql(&format!("SELECT {all}")).unwrap().statement.to_string(),
            "SELECT -3, 0.5, ''' OR 1=1 --', CAST('2020-02-29' AS DATE), true FROM t LIMIT -3"
        );
        // PostgreSQL's forms see the value.
        let moved = sql("SELECT d + $N * INTERVAL '1 day', $x, $t, $d, $b").unwrap();
        assert!(moved.statement.to_string().starts_with("SELECT d + INTERVAL '-3 day', 0.5"));
        for (body, expected) in [
            ("SELECT $n, $x, $t, $d", "unused-parameter"),
            ("SELECT $n, $x, $t, $d, $b, $1", "undeclared-parameter"),
            ("SELECT $n, $x, $t, $d, $b, ?", "undeclared-parameter"),
            ("SELECT $n, $x, $t, $d, '$b'", "unused-parameter"),
            ("SELECT $n, $x, $t, $d, $b FROM $t", "not-sql"),
            ("SELECT $n, $x, $t, $d, $b; SELECT 1", "several-statements"),
        ] {
            assert_eq!(sql(body).unwrap_err().code(), expected, "{body}");
        }
        assert_eq!(code("SELECT 1 WHERE 1 = $1"), "undeclared-parameter");
        let unset = "/* cloister:parameters\na = { type = \"bool\" }\n*/SELECT $a";
        assert_eq!(code(unset), "missing-parameter");
        let typed = parse(&format!("{head}SELECT $d, {all}"), Binding::Types).unwrap();
        assert_eq!(typed.domains.len(), 5);
        assert_eq!(
            typed.statement.to_string(),
            "PREPARE query (DATE, BIGINT, DOUBLE PRECISION, TEXT, BOOLEAN) AS SELECT $1, $2, $3, $4, $1, $5 FROM t LIMIT $2"
        );
    }

    #[test]
    fn what_would_overflow_the_planner_is_too_long() {
        assert_eq!(code(&format!("SELECT '{}'", "x".repeat(1 << 20))), "query-too-long");
        assert_eq!(code(&format!("SELECT 1{}", "+1".repeat(1_000))), "query-too-long");
        assert_eq!(code(&format!("SELECT 1 WHERE 1=1{}", " OR 1=1".repeat(1_000))), "query-too-long");
        assert_eq!(code(&format!("SELECT 1 IN (1{})", ",1".repeat(2_000))), "query-too-long");
        assert_ne!(code(&format!("SELECT {}1{}", "(".repeat(1_000), ")".repeat(1_000))), "ok");
    }
}
