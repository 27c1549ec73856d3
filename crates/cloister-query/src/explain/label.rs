//! A node of the plan in one line, in the researcher's names.

use crate::catalogue::PlanTable;
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::logical_plan::{Distinct, Join};
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};
use std::any::Any;

/// The longest line.
const CHARS_MAX: usize = 400;

/// What a node does.
pub(super) fn of(plan: &LogicalPlan) -> String {
    let text = match plan {
        LogicalPlan::TableScan(scan) => table(scan),
        LogicalPlan::Projection(projection) => format!("select {}", list(&projection.expr)),
        LogicalPlan::Filter(filter) => format!("where {}", expr(&filter.predicate)),
        LogicalPlan::Join(join) => joined(join),
        LogicalPlan::Aggregate(aggregate) => match aggregate.group_expr.as_slice() {
            [] => format!("aggregate {}", list(&aggregate.aggr_expr)),
            keys => format!("aggregate {} by {}", list(&aggregate.aggr_expr), list(keys)),
        },
        LogicalPlan::Distinct(Distinct::All(_)) => "distinct rows".to_owned(),
        LogicalPlan::Distinct(Distinct::On(distinct)) => {
            format!("first row for each {}", list(&distinct.on_expr))
        }
        LogicalPlan::Sort(sort) => format!("order by {}", sorts(&sort.expr)),
        LogicalPlan::Limit(_) => "limit".to_owned(),
        LogicalPlan::SubqueryAlias(alias) => format!("as {}", alias.alias),
        LogicalPlan::Window(window) => format!("window {}", list(&window.window_expr)),
        LogicalPlan::Union(_) => "union of rows".to_owned(),
        LogicalPlan::Values(_) => "rows that the query writes out".to_owned(),
        LogicalPlan::EmptyRelation(_) => "one row without a table".to_owned(),
        LogicalPlan::Subquery(_) => "subquery".to_owned(),
        LogicalPlan::RecursiveQuery(_) => "recursive query".to_owned(),
        LogicalPlan::Unnest(_) => "unnest".to_owned(),
        LogicalPlan::Repartition(_) => "distribute".to_owned(),
        LogicalPlan::Extension(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Statement(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_) => "a statement that cannot run".to_owned(),
    };
    let text = visible(&text);
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A text without the marks of the engine's own names, and with literals as they are written in SQL.
pub(super) fn visible(text: &str) -> String {
    // Names that the planner makes of expressions hold literals in its own form: `Int64(1)`, `Utf8("F")`.
    let forms = [
        (r#"\b(?:Utf8|Utf8View|LargeUtf8|Date32)\("((?:[^"\\]|\\.)*)"\)"#, "'$1'"),
        (r"\b(?:U?Int(?:8|16|32|64)|Float(?:32|64)|Boolean)\(([^()]*)\)", "$1"),
    ];
    let mut text = text.replace("__", "");
    for (form, plain) in forms {
        if let Ok(form) = regex::Regex::new(form) {
            text = form.replace_all(&text, plain).into_owned();
        }
    }
    text
}

fn table(scan: &TableScan) -> String {
    let provider = source_as_provider(&scan.source).ok();
    let granted = provider.as_ref().and_then(|p| (p.as_ref() as &dyn Any).downcast_ref::<PlanTable>());
    let Some(granted) = granted.map(PlanTable::granted) else {
        return format!("table {}", scan.table_name.table());
    };
    let limits = match (&granted.row_filter, &granted.window) {
        (None, None) => "",
        (Some(_), None) => ", the rows that the project may see",
        (None, Some(_)) => ", the dates that the project may see",
        (Some(_), Some(_)) => ", the rows and dates that the project may see",
    };
    format!("table {}.{}{limits}", granted.schema, granted.entry.name)
}

fn joined(join: &Join) -> String {
    let kind = match join.join_type {
        JoinType::Inner if join.on.is_empty() && join.filter.is_none() => "cross join",
        JoinType::Inner => "join",
        JoinType::Left => "left join",
        JoinType::Right => "right join",
        JoinType::Full => "full join",
        JoinType::LeftSemi | JoinType::RightSemi => "keep rows that have one",
        JoinType::LeftAnti | JoinType::RightAnti => "keep rows that have none",
        JoinType::LeftMark | JoinType::RightMark => "mark rows that have one",
    };
    let pairs = join.on.iter().map(|(l, r)| format!("{} = {}", expr(l), expr(r)));
    let conditions: Vec<String> = pairs.chain(join.filter.iter().map(expr)).collect();
    if conditions.is_empty() { kind.to_owned() } else { format!("{kind} on {}", conditions.join(" AND ")) }
}

fn list(exprs: &[Expr]) -> String {
    // What the engine adds for itself is left out.
    let named = |e: &&Expr| !matches!(e, Expr::Alias(alias) if alias.name.starts_with("__"));
    let texts: Vec<String> = exprs.iter().filter(named).map(expr).collect();
    texts.join(", ")
}

fn sorts(sorts: &[Sort]) -> String {
    let texts = sorts.iter().map(|s| format!("{}{}", expr(&s.expr), if s.asc { "" } else { " desc" }));
    texts.collect::<Vec<_>>().join(", ")
}

/// An expression as SQL; texts in quotes.
fn expr(expr: &Expr) -> String {
    let quoted = expr.clone().transform_up(|e| match &e {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
            let text = format!("'{}'", text.replace('\'', "''"));
            Ok(Transformed::yes(Expr::Column(Column::new_unqualified(text))))
        }
        _ => Ok(Transformed::no(e)),
    });
    let quoted = quoted.data().unwrap_or_else(|_| expr.clone());
    match &quoted {
        Expr::Alias(alias) => {
            let inner = alias.expr.human_display().to_string();
            if inner == alias.name { inner } else { format!("{inner} AS {}", alias.name) }
        }
        other => other.human_display().to_string(),
    }
}
