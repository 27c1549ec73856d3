//! Quantiles that are picked by rank: `min(CASE WHEN rank < 0.25 * n THEN 9999 ELSE value END)` over rows that
//! `row_number() OVER (ORDER BY value)` and `count(*) OVER ()` stand beside. The value is one that the group's
//! rows have, with everybody below on one side of the condition and everybody above on the other: what
//! `percentile_disc(0.25)` gives, under the same rule.
//!
//! A bound that is a share of the count says no more than a share does; one that is a number of rows would say
//! how many there are, and is held.

use crate::argument::{Measured, ValueExpr, packed, unaliased, uncast};
use crate::relation::{Facts, Role};
use cloister_disclosure::Statistic;
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{AggregateFunction, Case, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, ExprSchemable, LogicalPlan, Operator, WindowFrameBound,
    WindowFunctionDefinition,
};
use std::collections::HashMap;

/// What the columns of rows are, in terms of the rows below the windows that stand beside them.
#[derive(Debug)]
pub(super) struct Ranks {
    columns: HashMap<Column, Expr>,
}

/// A value picked by rank.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) value: Expr,
    /// The condition on a row to stand on the value's own side, and on the other.
    pub(super) sides: [Expr; 2],
}

impl Picked {
    /// What the aggregate shows and needs, as a quantile does.
    pub(super) fn measured(&self, whole: &Expr, facts: Facts) -> Measured {
        Measured {
            statistic: Statistic::Quantile,
            role: Role::Quantile,
            value: ValueExpr::One(unaliased(whole).clone()),
            contributes: Some(self.value.clone().is_not_null()),
            held: packed(&self.value, &facts),
            branches: facts.branches,
            argument: self.value.to_string(),
            support: None,
            sides: self.sides.to_vec(),
        }
    }
}

impl Ranks {
    /// Of rows whose ranks come from windows directly below, with nothing but names and arithmetic between:
    /// no row is chosen by its rank. None where anything else is.
    pub(super) fn below(plan: &LogicalPlan) -> Option<Self> {
        let mut layers: Vec<HashMap<Column, Expr>> = Vec::new();
        let mut plan = plan;
        loop {
            let (names, exprs, input): (Vec<Column>, Vec<Expr>, _) = match plan {
                LogicalPlan::Projection(p) => {
                    (p.schema.columns(), p.expr.iter().map(unaliased).cloned().collect(), &p.input)
                }
                LogicalPlan::SubqueryAlias(a) => {
                    let below = a.input.schema().columns();
                    (a.schema.columns(), below.into_iter().map(Expr::Column).collect(), &a.input)
                }
                LogicalPlan::Window(w) => {
                    let below = w.input.schema().columns().into_iter().map(Expr::Column);
                    (
                        w.schema.columns(),
                        below.chain(w.window_expr.iter().map(unaliased).cloned()).collect(),
                        &w.input,
                    )
                }
                _ => break,
            };
            layers.push(names.into_iter().zip(exprs).collect());
            plan = input;
        }
        // DISTINCT ON picks rows by their rank, too.
        let picks = |node: &LogicalPlan| {
            matches!(node, LogicalPlan::Window(_) | LogicalPlan::Distinct(Distinct::On(_)))
        };
        if plan.exists(|node| Ok(picks(node))).unwrap_or(true) {
            return None;
        }
        let mut columns: HashMap<Column, Expr> = HashMap::new();
        for layer in layers.into_iter().rev() {
            let known = Self { columns };
            columns = layer
                .into_iter()
                .map(|(name, expr)| Some((name, known.expanded(&expr)?)))
                .collect::<Option<_>>()?;
        }
        Some(Self { columns })
    }

    /// An expression in terms of the rows below.
    fn expanded(&self, expr: &Expr) -> Option<Expr> {
        let expanded = expr.clone().transform(|e| {
            Ok(match &e {
                Expr::Column(column) => match self.columns.get(column) {
                    Some(expr) => Transformed::new(expr.clone(), true, TreeNodeRecursion::Jump),
                    None => Transformed::no(e),
                },
                _ => Transformed::no(e),
            })
        });
        expanded.data().ok()
    }

    /// Whether an expression depends on any of the windows.
    pub(super) fn matter_to(&self, expr: &Expr) -> bool {
        let Some(expanded) = self.expanded(expr) else { return true };
        expanded.exists(|e| Ok(matches!(e, Expr::WindowFunction(_)))).unwrap_or(true)
    }

    /// The quantile that an aggregate is, where it is one of rows grouped by these keys.
    pub(super) fn picked(&self, aggregate: &Expr, keys: &[&Expr], plan: &LogicalPlan) -> Option<Picked> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = unaliased(aggregate) else {
            return None;
        };
        let greatest = match func.name() {
            "min" => false,
            "max" => true,
            _ => return None,
        };
        let plain = !params.distinct && params.filter.is_none() && params.order_by.is_empty();
        let (true, [argument]) = (plain, params.args.as_slice()) else { return None };
        let Expr::Case(case) = uncast(argument) else { return None };
        let Choice { condition, value, when_true } = Choice::of(case)?;
        if !value.get_type(plan.schema().as_ref()).ok()?.is_numeric() || self.matter_to(value) {
            return None;
        }
        let Cut { order, low } = self.cut(condition, keys)?;
        // The value's own side holds the least values where it has the low ranks of an ascending order.
        let least = (low == when_true) == order.ascending;
        if uncast(&order.by) != uncast(&self.expanded(value)?) || least != greatest {
            return None;
        }
        let there = value.clone().is_not_null();
        let (yes, no) = (condition.clone().is_true(), condition.clone().is_not_true());
        let (own, other) = if when_true { (yes, no) } else { (no, yes) };
        Some(Picked { value: value.clone(), sides: [own.and(there.clone()), other.and(there)] })
    }

    /// A condition that cuts each group's rows in two by their rank: `rank < share * n`.
    fn cut(&self, condition: &Expr, keys: &[&Expr]) -> Option<Cut> {
        let condition = self.expanded(condition)?;
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = uncast(&condition) else { return None };
        let (rank, low, bound) = match (uncast(left), op, uncast(right)) {
            (Expr::WindowFunction(rank), Operator::Lt | Operator::LtEq, bound) => (rank, true, bound),
            (Expr::WindowFunction(rank), Operator::Gt | Operator::GtEq, bound) => (rank, false, bound),
            (bound, Operator::Gt | Operator::GtEq, Expr::WindowFunction(rank)) => (rank, true, bound),
            (bound, Operator::Lt | Operator::LtEq, Expr::WindowFunction(rank)) => (rank, false, bound),
            _ => return None,
        };
        let params = &rank.params;
        let relative = match rank.fun.name() {
            "row_number" | "rank" | "dense_rank" => false,
            "percent_rank" | "cume_dist" => true,
            _ => return None,
        };
        let bounded = match relative {
            true => matches!(bound, Expr::Literal(..)),
            false => is_share_of(bound, &params.partition_by),
        };
        // A group is of one partition, so that its rows are in the order of their ranks.
        let keys: Vec<Expr> = keys.iter().map(|key| self.expanded(key)).collect::<Option<_>>()?;
        let within = params.partition_by.iter().all(|p| keys.contains(p));
        let by = params.order_by.iter().find(|sort| !params.partition_by.contains(&sort.expr))?;
        let order = Order { by: by.expr.clone(), ascending: by.asc };
        (bounded && within).then_some(Cut { order, low })
    }
}

/// The order that ranks are in.
struct Order {
    by: Expr,
    ascending: bool,
}

/// Rows on either side of a rank.
struct Cut {
    order: Order,
    /// Whether the condition holds for the low ranks.
    low: bool,
}

/// A CASE with a value on one side of a condition, and nothing of the row's on the other.
struct Choice<'a> {
    condition: &'a Expr,
    value: &'a Expr,
    /// Whether the value is where the condition holds.
    when_true: bool,
}

impl<'a> Choice<'a> {
    fn of(case: &'a Case) -> Option<Self> {
        let (None, [(condition, then)]) = (&case.expr, case.when_then_expr.as_slice()) else { return None };
        let constant = |e: &Expr| e.column_refs().is_empty() && !e.is_volatile();
        let otherwise = case.else_expr.as_deref();
        let (value, when_true) = match otherwise {
            None => (then.as_ref(), true),
            Some(otherwise) if constant(otherwise) => (then.as_ref(), true),
            Some(otherwise) if constant(then) => (otherwise, false),
            Some(_) => return None,
        };
        Some(Self { condition, value, when_true }).filter(|choice| !constant(choice.value))
    }
}

/// `0.25 * count(*) OVER (the same rows)`, or that count itself.
fn is_share_of(bound: &Expr, partition: &[Expr]) -> bool {
    match uncast(bound) {
        Expr::WindowFunction(count) => counts(count, partition),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => {
            match (uncast(left), uncast(right)) {
                (Expr::Literal(..), other) | (other, Expr::Literal(..)) => is_share_of(other, partition),
                _ => false,
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => {
            matches!(uncast(right), Expr::Literal(..)) && is_share_of(left, partition)
        }
        _ => false,
    }
}

/// Whether a window counts all rows of this partition.
fn counts(window: &WindowFunction, partition: &[Expr]) -> bool {
    let WindowFunctionParams { args, partition_by, order_by, window_frame, filter, distinct, .. } =
        &window.params;
    let every_row = matches!(args.as_slice(), [] | [Expr::Literal(..)]);
    let whole = order_by.is_empty()
        && matches!(&window_frame.start_bound, WindowFrameBound::Preceding(n) if n.is_null())
        && matches!(&window_frame.end_bound, WindowFrameBound::Following(n) if n.is_null());
    let same =
        partition_by.len() == partition.len() && partition_by.iter().all(|key| partition.contains(key));
    matches!(&window.fun, WindowFunctionDefinition::AggregateUDF(f) if f.name() == "count")
        && every_row
        && whole
        && same
        && filter.is_none()
        && !distinct
}
