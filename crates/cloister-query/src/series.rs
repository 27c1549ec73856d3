//! `generate_series(from, to[, step])`, written out: the rows are the query's own, like those of VALUES.

use crate::Refusal;
use crate::dialect::{amount_and_unit, text, unnested, written_number};
use chrono::{Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query, Select,
    SelectItem, TableAlias, TableFactor, TableFunctionArgs, TableWithJoins, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use std::ops::ControlFlow;

const NAME: &str = "generate_series";
/// The most rows of a series.
const ROWS_MAX: usize = 5_000;

/// Writes out every series, in FROM or as the only thing that is selected.
pub(crate) struct WrittenOut;

impl VisitorMut for WrittenOut {
    type Break = Refusal;

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<Refusal> {
        let found = match &*table {
            TableFactor::Table { name, args: Some(TableFunctionArgs { args, .. }), alias, .. }
                if is(name) =>
            {
                Some((args, alias))
            }
            TableFactor::Function { name, args, alias, .. } if is(name) => Some((args, alias)),
            _ => None,
        };
        let Some((args, alias)) = found else { return ControlFlow::Continue(()) };
        match derived(args, alias.clone()) {
            Ok(derived) => *table = derived,
            Err(refusal) => return ControlFlow::Break(refusal),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Refusal> {
        let [item] = select.projection.as_slice() else { return ControlFlow::Continue(()) };
        let (expr, name) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, Ident::new(NAME)),
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias.clone()),
            _ => return ControlFlow::Continue(()),
        };
        let (value, series) = match expr {
            Expr::Cast { expr, .. } => (Some(expr), unnested(expr)),
            other => (None, unnested(other)),
        };
        let Expr::Function(Function { name: called, args: FunctionArguments::List(list), .. }) = series
        else {
            return ControlFlow::Continue(());
        };
        if !is(called) || !select.from.is_empty() {
            return ControlFlow::Continue(());
        }
        let column = Expr::Identifier(name.clone());
        let shown = match (value, expr) {
            (Some(_), Expr::Cast { kind, data_type, array, format, .. }) => Expr::Cast {
                kind: kind.clone(),
                expr: Box::new(column),
                data_type: data_type.clone(),
                array: *array,
                format: format.clone(),
            },
            _ => column,
        };
        let alias = TableAlias { explicit: true, name: name.clone(), columns: vec![], at: None };
        let relation = match derived(&list.args, Some(alias)) {
            Ok(relation) => relation,
            Err(refusal) => return ControlFlow::Break(refusal),
        };
        select.projection = vec![SelectItem::ExprWithAlias { expr: shown, alias: name }];
        select.from = vec![TableWithJoins { relation, joins: vec![] }];
        ControlFlow::Continue(())
    }
}

fn is(name: &ObjectName) -> bool {
    name.to_string().eq_ignore_ascii_case(NAME)
}

/// The series as a table of one column, which has the table's name where it has none of its own.
fn derived(args: &[FunctionArg], alias: Option<TableAlias>) -> Result<TableFactor, Refusal> {
    let args = args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    let args: Vec<&Expr> = args.collect::<Option<_>>().ok_or_else(unclear)?;
    let rows = rows(&args)?;
    let table = alias.as_ref().map_or_else(|| Ident::new(NAME), |alias| alias.name.clone());
    let column = alias.as_ref().and_then(|alias| alias.columns.first()).map(|column| column.name.clone());
    let column = column.unwrap_or_else(|| table.clone());
    let nothing = rows.is_empty();
    let rows = if nothing { vec!["NULL".to_owned()] } else { rows };
    let listed = rows.into_iter().map(|row| format!("({row})")).collect::<Vec<_>>().join(", ");
    let limit = if nothing { " LIMIT 0" } else { "" };
    let text = format!("SELECT {column} FROM (VALUES {listed}) AS {table} ({column}){limit}");
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&text).map_err(|_| unclear())?;
    let subquery: Box<Query> = parser.parse_query().map_err(|_| unclear())?;
    let alias = Some(TableAlias { explicit: true, name: table, columns: vec![], at: None });
    Ok(TableFactor::Derived { lateral: false, subquery, alias, sample: None })
}

/// The values, as SQL writes them.
fn rows(args: &[&Expr]) -> Result<Vec<String>, Refusal> {
    match args {
        [from, to] => numbers(from, to, 1),
        [from, to, step] => match written_number(unnested(step)) {
            Some(step) => numbers(from, to, step),
            None => times(from, to, step),
        },
        _ => Err(unclear()),
    }
}

fn numbers(from: &Expr, to: &Expr, step: i32) -> Result<Vec<String>, Refusal> {
    let written = |expr| written_number(unnested(expr)).map(i64::from).ok_or_else(unclear);
    let (mut next, to, step) = (written(from)?, written(to)?, i64::from(step));
    let mut rows = Vec::new();
    while step > 0 && next <= to || step < 0 && next >= to {
        if rows.len() == ROWS_MAX {
            return Err(too_many());
        }
        rows.push(next.to_string());
        next += step;
    }
    if step == 0 { Err(unclear()) } else { Ok(rows) }
}

/// As PostgreSQL has them: times, a step being added to the one before.
fn times(from: &Expr, to: &Expr, step: &Expr) -> Result<Vec<String>, Refusal> {
    let (mut next, to) = (time(from).ok_or_else(unclear)?, time(to).ok_or_else(unclear)?);
    let interval = match unnested(step) {
        Expr::Interval(interval) => interval.clone(),
        Expr::Cast { expr, data_type, .. } if data_type.to_string().eq_ignore_ascii_case("interval") => {
            let text = text(expr).ok_or_else(unclear)?;
            let mut parser = Parser::new(&GenericDialect {})
                .try_with_sql(&format!("INTERVAL '{}'", text.replace('\'', "")))
                .map_err(|_| unclear())?;
            match parser.parse_expr() {
                Ok(Expr::Interval(interval)) => interval,
                Ok(_) | Err(_) => return Err(unclear()),
            }
        }
        _ => return Err(unclear()),
    };
    let (amount, mut unit) = amount_and_unit(&interval).ok_or_else(unclear)?;
    if unit.is_empty() {
        unit = interval.leading_field.as_ref().ok_or_else(unclear)?.to_string();
    }
    let amount = u32::try_from(amount).ok().filter(|amount| *amount > 0).ok_or_else(unclear)?;
    let mut rows = Vec::new();
    while next <= to {
        if rows.len() == ROWS_MAX {
            return Err(too_many());
        }
        rows.push(format!("CAST('{}' AS TIMESTAMP)", next.format("%Y-%m-%d %H:%M:%S")));
        next = after(next, amount, &unit).ok_or_else(unclear)?;
    }
    Ok(rows)
}

fn after(time: NaiveDateTime, amount: u32, unit: &str) -> Option<NaiveDateTime> {
    let months = |each: u32| time.checked_add_months(Months::new(amount.checked_mul(each)?));
    let days = |each: u64| time.checked_add_days(Days::new(u64::from(amount).checked_mul(each)?));
    match unit.to_lowercase().trim_end_matches('s') {
        "year" => months(12),
        "quarter" => months(3),
        "month" | "mon" => months(1),
        "week" => days(7),
        "day" => days(1),
        _ => None,
    }
}

/// A day or a time that is written out, under casts.
fn time(expr: &Expr) -> Option<NaiveDateTime> {
    match unnested(expr) {
        Expr::Cast { expr, .. } => time(expr),
        Expr::TypedString(typed) => time(&Expr::Value(typed.value.clone())),
        other => {
            let text = text(other)?.trim();
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            day.map(|day| day.and_time(NaiveTime::MIN))
                .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok())
        }
    }
}

fn unclear() -> Refusal {
    Refusal::new(
        "literal-required",
        "The first and the last value of generate_series and its step must be written out: whole numbers, or dates and an interval of days, weeks, months or years.",
        "Write them out, or list the rows with VALUES.",
    )
}

fn too_many() -> Refusal {
    Refusal::new(
        "series-too-long",
        format!("A series has more than {ROWS_MAX} rows."),
        "Use a longer step, or a nearer end.",
    )
}

/// Writes out the series of a statement.
pub(crate) fn written_out<T: VisitMut>(statement: &mut T) -> Result<(), Refusal> {
    match VisitMut::visit(statement, &mut WrittenOut) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sql: &str) -> Result<String, String> {
        let mut parser = Parser::new(&GenericDialect {}).try_with_sql(sql).unwrap();
        let mut query = *parser.parse_query().unwrap();
        match written_out(&mut query) {
            Ok(()) => Ok(query.to_string()),
            Err(refusal) => Err(refusal.code().to_owned()),
        }
    }

    #[test]
    fn a_series_is_its_rows() {
        for (sql, rows) in [
            (
                "SELECT * FROM generate_series(1, 7, 3) AS g(n)",
                "n FROM (VALUES (1), (4), (7)) AS g (n)) AS g",
            ),
            ("SELECT n FROM generate_series(3, 1, -1) n", "(VALUES (3), (2), (1)) AS n (n)) AS n"),
            ("SELECT generate_series(0, 1) AS y", "(VALUES (0), (1)) AS y (y)) AS y"),
            ("SELECT n FROM generate_series(2, 1) n", "LIMIT 0) AS n"),
            (
                "SELECT generate_series('2020-01-31'::date, '2020-03-01', interval '1 month')::date AS m",
                "(CAST('2020-01-31 00:00:00' AS TIMESTAMP)), (CAST('2020-02-29 00:00:00' AS TIMESTAMP)))",
            ),
        ] {
            let written = written(sql).unwrap();
            assert!(written.contains(rows), "{written}");
            assert!(!written.contains(NAME), "{written}");
        }
        for (sql, code) in [
            ("SELECT n FROM generate_series(1, 9999999) n", "series-too-long"),
            ("SELECT n FROM generate_series(1, 5, 0) n", "literal-required"),
            ("SELECT n FROM t, generate_series(1, t.x) n", "literal-required"),
            (
                "SELECT n FROM generate_series('2020-01-01'::date, '2020-02-01', '1 hour'::interval) n",
                "literal-required",
            ),
        ] {
            assert_eq!(written(sql).unwrap_err(), code, "{sql}");
        }
    }
}
