//! Where a value comes from: the landed columns that a number is made of. Numbers that are made of the same
//! column can be subtracted from one another, whatever the query calls them.

use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::functions::core::nullif;
use datafusion::logical_expr::{BinaryExpr, Distinct, Expr, LogicalPlan, Operator};
use std::collections::BTreeSet;

/// Landed columns, as `table.column`; `table.*` where a number is of rows.
pub(crate) type Origins = BTreeSet<String>;

/// What a value over a plan's rows is made of. Conditions choose among values and are not part of them.
pub(crate) fn origins(expr: &Expr, plan: &LogicalPlan) -> Origins {
    let mut found = Found::default();
    add(expr, plan, &mut found);
    // Of written numbers, it is made of the rows.
    if found.origins.is_empty() { rows_of(plan) } else { found.origins }
}

/// The same with what the conditions are made of.
fn origins_and_conditions(expr: &Expr, plan: &LogicalPlan) -> Origins {
    let mut found = Found { conditions: true, ..Found::default() };
    add(expr, plan, &mut found);
    found.origins
}

/// Origins so far, and the columns that have been looked at: each is once, however often it is used.
#[derive(Default)]
struct Found {
    origins: Origins,
    conditions: bool,
    seen: BTreeSet<(usize, usize)>,
}

impl Found {
    fn extend(&mut self, origins: Origins) {
        self.origins.extend(origins);
    }
}

/// A column of a plan, as long as the plan is borrowed.
fn place(plan: &LogicalPlan, index: usize) -> (usize, usize) {
    (std::ptr::from_ref(plan).addr(), index)
}

fn add(expr: &Expr, plan: &LogicalPlan, found: &mut Found) {
    match expr {
        Expr::Column(column) => add_column(column, plan, found),
        Expr::Case(case) if !found.conditions => {
            let thens = case.when_then_expr.iter().map(|(_, then)| then);
            thens.chain(&case.else_expr).for_each(|value| add(value, plan, found));
        }
        Expr::ScalarFunction(f) if !found.conditions && f.func.name() == nullif().name() => {
            f.args.iter().take(1).for_each(|value| add(value, plan, found));
        }
        // Of an aggregate or a window without arguments, and of count(1): the rows.
        Expr::AggregateFunction(f) if f.params.args.iter().all(is_literal) => found.extend(rows_of(plan)),
        Expr::AggregateFunction(f) => f.params.args.iter().for_each(|value| add(value, plan, found)),
        Expr::WindowFunction(f) if f.params.args.iter().all(is_literal) => found.extend(rows_of(plan)),
        Expr::WindowFunction(f) => f.params.args.iter().for_each(|value| add(value, plan, found)),
        other => {
            // The closure never fails.
            let _ = other.apply_children(|child| {
                add(child, plan, found);
                Ok(TreeNodeRecursion::Continue)
            });
        }
    }
}

fn is_literal(expr: &Expr) -> bool {
    expr.column_refs().is_empty()
}

fn add_column(column: &Column, plan: &LogicalPlan, found: &mut Found) {
    let Ok(index) = plan.schema().index_of_column(column) else {
        found.extend(rows_of(plan));
        return;
    };
    if !found.seen.insert(place(plan, index)) {
        return;
    }
    match plan {
        LogicalPlan::TableScan(scan) => {
            found.origins.insert(format!("{}.{}", scan.table_name, column.name()));
        }
        LogicalPlan::Projection(projection) => add_nth(&projection.expr, index, &projection.input, found),
        LogicalPlan::Aggregate(aggregate) => {
            // A grouping set is one expression of several keys.
            match keys(aggregate.schema.fields().len(), &aggregate.aggr_expr).checked_sub(index + 1) {
                Some(_) if aggregate.group_expr.len() != 1 => {
                    add_nth(&aggregate.group_expr, index, &aggregate.input, found);
                }
                Some(_) => aggregate.group_expr.iter().for_each(|key| add(key, &aggregate.input, found)),
                None => {
                    let first = keys(aggregate.schema.fields().len(), &aggregate.aggr_expr);
                    add_nth(&aggregate.aggr_expr, index - first, &aggregate.input, found);
                }
            }
        }
        LogicalPlan::Window(window) => match index.checked_sub(window.input.schema().fields().len()) {
            Some(n) => add_nth(&window.window_expr, n, &window.input, found),
            None => add_same(index, &window.input, found),
        },
        LogicalPlan::Distinct(Distinct::On(on)) => add_nth(&on.select_expr, index, &on.input, found),
        LogicalPlan::Join(join) => match index.checked_sub(join.left.schema().fields().len()) {
            Some(n) if n < join.right.schema().fields().len() => add_same(n, &join.right, found),
            Some(_) => found.extend(rows_of(&join.right)),
            None => add_same(index, if is_right_only(join) { &join.right } else { &join.left }, found),
        },
        LogicalPlan::Union(union) => union.inputs.iter().for_each(|input| add_same(index, input, found)),
        LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => {}
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Distinct(Distinct::All(_)) => {
            plan.inputs().iter().for_each(|input| add_same(index, input, found));
        }
        LogicalPlan::Repartition(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::RecursiveQuery(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Statement(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_) => found.extend(rows_of(plan)),
    }
}

fn is_right_only(join: &datafusion::logical_expr::logical_plan::Join) -> bool {
    use datafusion::common::JoinType::{RightAnti, RightMark, RightSemi};
    matches!(join.join_type, RightSemi | RightAnti | RightMark)
}

fn keys(fields: usize, aggregates: &[Expr]) -> usize {
    fields.saturating_sub(aggregates.len())
}

fn add_nth(exprs: &[Expr], index: usize, input: &LogicalPlan, found: &mut Found) {
    match exprs.get(index) {
        Some(expr) => add(expr, input, found),
        None => found.extend(rows_of(input)),
    }
}

fn add_same(index: usize, input: &LogicalPlan, found: &mut Found) {
    if let Some(column) = input.schema().columns().get(index) {
        add_column(column, input, found);
    }
}

/// `table.*` for every table that is read.
fn rows_of(plan: &LogicalPlan) -> Origins {
    tables(plan).into_iter().map(|table| format!("{table}.*")).collect()
}

fn tables(plan: &LogicalPlan) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The closure never fails.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            found.insert(scan.table_name.to_string());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// Whether the same row may be there several times, because a union takes it from several sides. Once there is
/// a single row for each person, it is not.
pub(crate) fn repeats_rows(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Union(union) => {
            let mut seen = BTreeSet::new();
            union.inputs.iter().any(|input| {
                let of = tables(input);
                let again = of.iter().any(|table| seen.contains(table));
                seen.extend(of);
                again || repeats_rows(input)
            })
        }
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.len() <= 1 => false,
        LogicalPlan::Distinct(Distinct::All(input)) if input.schema().fields().len() == 1 => false,
        other => other.inputs().into_iter().any(repeats_rows),
    }
}

/// Whether a number adds the same thing up several times, or written numbers: `f + f`, `1 + 1`. Rounding does not
/// hide a number of which a multiple is shown.
pub(crate) fn multiplies(expr: &Expr, plan: &LogicalPlan) -> bool {
    multiplied(expr, plan, &mut BTreeSet::new())
}

fn multiplied(expr: &Expr, plan: &LogicalPlan, seen: &mut BTreeSet<(usize, usize)>) -> bool {
    let mut found = false;
    // The closure never fails.
    let _ = expr.apply(|e| {
        found |= match e {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Plus, right }) => {
                is_literal(left)
                    || is_literal(right)
                    || !origins_and_conditions(left, plan).is_disjoint(&origins_and_conditions(right, plan))
            }
            Expr::Column(column) => match plan.schema().index_of_column(column) {
                Ok(index) => multiplied_column(index, plan, seen),
                Err(_) => true,
            },
            _ => false,
        };
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

fn multiplied_column(index: usize, plan: &LogicalPlan, seen: &mut BTreeSet<(usize, usize)>) -> bool {
    if !seen.insert(place(plan, index)) {
        return false;
    }
    let made_of = match plan {
        LogicalPlan::Projection(projection) => projection.expr.get(index).map(|e| (e, &projection.input)),
        LogicalPlan::Aggregate(aggregate) => {
            let keys = keys(aggregate.schema.fields().len(), &aggregate.aggr_expr);
            let expr = match index.checked_sub(keys) {
                Some(n) => aggregate.aggr_expr.get(n),
                None => aggregate.group_expr.get(index),
            };
            expr.map(|e| (e, &aggregate.input))
        }
        LogicalPlan::Window(window) => {
            let n = index.checked_sub(window.input.schema().fields().len());
            n.and_then(|n| window.window_expr.get(n)).map(|e| (e, &window.input))
        }
        _ => None,
    };
    if let Some((expr, input)) = made_of {
        return multiplied(expr, input, seen);
    }
    match plan {
        LogicalPlan::TableScan(_) => false,
        LogicalPlan::Join(join) => match index.checked_sub(join.left.schema().fields().len()) {
            Some(n) => multiplied_column(n, &join.right, seen),
            None => {
                multiplied_column(index, if is_right_only(join) { &join.right } else { &join.left }, seen)
            }
        },
        other => other.inputs().into_iter().any(|input| multiplied_column(index, input, seen)),
    }
}
