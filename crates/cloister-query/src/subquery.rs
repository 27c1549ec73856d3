//! Subqueries, and tables that only WHERE relates, as joins: one kind of thing to check.

use crate::Refusal;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result, internal_err};
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::logical_plan::{Filter, Projection};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::rewrite_set_comparison::RewriteSetComparison;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use std::sync::Arc;

/// The plan with its subqueries as joins. Those that no rule turns into one are refused where they stand.
pub(crate) fn as_joins(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan, Refusal> {
    one_row_each(&plan)?;
    let unsupported = |_| Refusal::unsupported("A subquery of this form");
    // `FROM a, b WHERE a.x = b.x` is a join like any other, before subqueries come between the two and after.
    let comma: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![Arc::new(EliminateCrossJoin::new())];
    let plan = Optimizer::with_rules(comma).optimize(plan, state, |_, _| {}).map_err(unsupported)?;
    let prepared = |node| marks_of(node, state)?.transform_data(values_of);
    let plan = plan.transform_up_with_subqueries(prepared).map_err(unsupported)?;
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
        Arc::new(RewriteSetComparison::new()),
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(ScalarSubqueryToJoin::new()),
        Arc::new(DecorrelateLateralJoin::new()),
        Arc::new(EliminateCrossJoin::new()),
    ];
    Optimizer::with_rules(rules).optimize(plan.data, state, |_, _| {}).map_err(unsupported)
}

/// A subquery that is a value has one row for sure; as a join, several rows would be several results.
fn one_row_each(plan: &LogicalPlan) -> Result<(), Refusal> {
    let mut sure = true;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|e| {
                if let Expr::ScalarSubquery(subquery) = e {
                    // Of those that depend on the row outside, planning has made sure.
                    let alone = subquery.outer_ref_columns.is_empty();
                    sure &= !alone || subquery.subquery.max_rows().is_some_and(|rows| rows <= 1);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    if walked.is_ok() && sure {
        return Ok(());
    }
    Err(Refusal::new(
        "several-rows-as-a-value",
        "A subquery that stands for one value may have several rows.",
        "Use an aggregate without GROUP BY in it, or LIMIT 1.",
    ))
}

/// EXISTS and IN with a subquery as values, in SELECT or inside an aggregate: DataFusion's own rule knows
/// them in conditions only, so each is shown to it as one.
fn marks_of(node: LogicalPlan, state: &SessionState) -> Result<Transformed<LogicalPlan>> {
    match node {
        LogicalPlan::Projection(projection) if projection.expr.iter().any(is_asked) => {
            let mut input = projection.input;
            let exprs = marked(projection.expr, &mut input, state)?;
            Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(exprs, input)?)))
        }
        LogicalPlan::Aggregate(aggregate)
            if aggregate.group_expr.iter().chain(&aggregate.aggr_expr).any(is_asked) =>
        {
            let mut input = aggregate.input;
            let groups = marked(aggregate.group_expr, &mut input, state)?;
            let aggregates = marked(aggregate.aggr_expr, &mut input, state)?;
            Ok(Transformed::yes(LogicalPlan::Aggregate(Aggregate::try_new(input, groups, aggregates)?)))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Subqueries as values inside an aggregate: the rule knows them in SELECT and WHERE, so that they become columns of
/// what is aggregated first.
fn values_of(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    match node {
        LogicalPlan::Aggregate(aggregate)
            if aggregate.group_expr.iter().chain(&aggregate.aggr_expr).any(has_value) =>
        {
            let mut values: Vec<Expr> = Vec::new();
            let mut as_column = |expr: Expr| {
                let (relation, name) = expr.qualified_name();
                let known = expr.transform_down(|e| match e {
                    Expr::ScalarSubquery(_) => {
                        let place = values.iter().position(|value| *value == e).unwrap_or_else(|| {
                            values.push(e);
                            values.len() - 1
                        });
                        let column = Column::new_unqualified(value_name(place));
                        Ok(Transformed::new(Expr::Column(column), true, TreeNodeRecursion::Jump))
                    }
                    other => Ok(Transformed::no(other)),
                })?;
                Ok(match known.transformed {
                    true => known.data.alias_qualified(relation, name),
                    false => known.data,
                })
            };
            let groups = aggregate.group_expr.into_iter().map(&mut as_column).collect::<Result<Vec<_>>>()?;
            let aggregates = aggregate.aggr_expr.into_iter().map(as_column).collect::<Result<Vec<_>>>()?;
            let columns = aggregate.input.schema().columns().into_iter().map(Expr::Column);
            let values = values.into_iter().enumerate();
            let values = values.map(|(place, value)| value.alias(value_name(place)));
            let input = Projection::try_new(columns.chain(values).collect(), aggregate.input)?;
            let input = Arc::new(LogicalPlan::Projection(input));
            Ok(Transformed::yes(LogicalPlan::Aggregate(Aggregate::try_new(input, groups, aggregates)?)))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// A name that no query can write.
fn value_name(place: usize) -> String {
    format!("__value_{place}")
}

fn has_value(expr: &Expr) -> bool {
    expr.exists(|e| Ok(matches!(e, Expr::ScalarSubquery(_)))).unwrap_or(true)
}

fn is_asked(expr: &Expr) -> bool {
    expr.exists(|e| Ok(matches!(e, Expr::Exists(_) | Expr::InSubquery(_)))).unwrap_or(true)
}

/// The expressions with columns of joins in the place of what they ask; the input with these joins.
fn marked(exprs: Vec<Expr>, input: &mut Arc<LogicalPlan>, state: &SessionState) -> Result<Vec<Expr>> {
    let mut out = Vec::new();
    for expr in exprs {
        if !is_asked(&expr) {
            out.push(expr);
            continue;
        }
        let (inner, relation, name) = match expr {
            Expr::Alias(Alias { expr, relation, name, .. }) => (*expr, relation, name),
            other => {
                let (relation, name) = other.qualified_name();
                (other, relation, name)
            }
        };
        let asked = LogicalPlan::Filter(Filter::try_new(inner.is_null(), input.clone())?);
        let mut joined = DecorrelatePredicateSubquery::new().rewrite(asked, state)?.data;
        // It takes the new columns away again.
        if let LogicalPlan::Projection(projection) = joined {
            joined = Arc::unwrap_or_clone(projection.input);
        }
        let LogicalPlan::Filter(filter) = joined else { return internal_err!("no condition is left") };
        let Expr::IsNull(inner) = filter.predicate else { return internal_err!("another condition is left") };
        *input = filter.input;
        out.push(inner.alias_qualified(relation, name));
    }
    Ok(out)
}
