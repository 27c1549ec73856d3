//! `max(x) OVER (PARTITION BY district)` over people's rows: a group's value beside each row, as if the query
//! had joined the rows with an aggregate of them.

use super::{Result, Rewriter};
use crate::expression::inspect;
use crate::relation::{ColumnFacts, Kind};
use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::logical_plan::{Join, Projection, SubqueryAlias, Window};
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, LogicalPlan, Operator, WindowFrameBound, WindowFunctionDefinition,
};
use std::sync::Arc;

impl Rewriter<'_> {
    /// The same plan with groups' values joined; none where no window needs it.
    pub(super) fn joined_groups(
        &self,
        window: &Window,
        columns: &[ColumnFacts],
    ) -> Result<Option<LogicalPlan>> {
        let mut plan = window.input.as_ref().clone();
        let (mut rest, mut out) = (Vec::new(), Vec::new());
        out.extend(window.input.schema().columns().into_iter().map(Expr::Column));
        let names = window.schema.columns().into_iter().skip(window.input.schema().fields().len());
        let mut found = false;
        for (expr, name) in window.window_expr.iter().zip(names) {
            match of_group(expr, columns)? {
                Some(function) => {
                    let (joined, value) = self.beside_its_group(plan, &window.input, function)?;
                    plan = joined;
                    out.push(value.alias_qualified(name.relation, name.name));
                    found = true;
                }
                None => {
                    rest.push(expr.clone());
                    out.push(Expr::Column(name));
                }
            }
        }
        if !found {
            return Ok(None);
        }
        if !rest.is_empty() {
            plan = LogicalPlan::Window(Window::try_new(rest, Arc::new(plan))?);
        }
        Ok(Some(LogicalPlan::Projection(Projection::try_new(out, Arc::new(plan))?)))
    }

    /// Rows with the value of the group that they are in, and its column.
    fn beside_its_group(
        &self,
        rows: LogicalPlan,
        of: &Arc<LogicalPlan>,
        function: &WindowFunction,
    ) -> Result<(LogicalPlan, Expr)> {
        let WindowFunctionDefinition::AggregateUDF(aggregate) = &function.fun else {
            return Err(crate::Refusal::unsupported("This window").into());
        };
        let params = &function.params;
        let keys = params.partition_by.clone();
        let filter = params.filter.clone();
        let value = AggregateFunction::new_udf(
            aggregate.clone(),
            params.args.clone(),
            params.distinct,
            filter,
            vec![],
            params.null_treatment,
        );
        let value = Expr::AggregateFunction(value);
        let groups = Aggregate::try_new(of.clone(), keys.clone(), vec![value])?;
        let groups = LogicalPlan::Aggregate(groups);
        let alias = self.hidden_name("window");
        let named = groups.schema().columns().into_iter().enumerate();
        let named = named.map(|(i, column)| Expr::Column(column).alias(format!("__g{i}"))).collect();
        let groups = LogicalPlan::Projection(Projection::try_new(named, Arc::new(groups))?);
        let groups = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(groups), alias.as_str())?);
        let column = |i: usize| Expr::Column(Column::new(Some(alias.as_str()), format!("__g{i}")));
        let same = keys.iter().enumerate().map(|(i, key)| {
            let (left, right) = (Box::new(key.clone()), Box::new(column(i)));
            Expr::BinaryExpr(BinaryExpr::new(left, Operator::IsNotDistinctFrom, right))
        });
        let filter = same.reduce(Expr::and);
        let joined = Join::try_new(
            Arc::new(rows),
            Arc::new(groups),
            vec![],
            filter,
            JoinType::Left,
            datafusion::common::JoinConstraint::On,
            datafusion::common::NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok((LogicalPlan::Join(joined), column(keys.len())))
    }
}

/// A window whose value is a group's of many people.
fn of_group<'a>(expr: &'a Expr, columns: &[ColumnFacts]) -> Result<Option<&'a WindowFunction>> {
    let expr = match expr {
        Expr::Alias(alias) => &alias.expr,
        other => other,
    };
    let Expr::WindowFunction(function) = expr else { return Ok(None) };
    let WindowFunctionDefinition::AggregateUDF(aggregate) = &function.fun else { return Ok(None) };
    let params = &function.params;
    let frame = &params.window_frame;
    let whole = params.order_by.is_empty()
        && matches!(&frame.start_bound, WindowFrameBound::Preceding(n) if n.is_null())
        && matches!(&frame.end_bound, WindowFrameBound::Following(n) if n.is_null());
    // Counting among others' rows is known by itself.
    if !whole || aggregate.name() == "count" {
        return Ok(None);
    }
    for key in &params.partition_by {
        if inspect(key, columns)?.kind == Kind::Person {
            return Ok(None);
        }
    }
    Ok(Some(function))
}
