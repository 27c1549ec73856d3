//! `100 * n / sum(n)`: PostgreSQL's sum of 64-bit whole numbers, as counts are, has digits after the point where it
//! is divided, also as a column of a subquery; the engine's is a whole number.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, JoinType, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::logical_plan::{Distinct, Join, Subquery};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, cast};
use std::sync::Arc;

/// The plan with such divisions, before its types are made to fit, as PostgreSQL understands them.
pub(crate) fn with_digits(plan: LogicalPlan) -> Result<LogicalPlan> {
    Ok(Known::of(plan)?.plan)
}

/// A plan, and which of its columns are such sums or made of one.
struct Known {
    plan: LogicalPlan,
    sums: Vec<bool>,
    changed: bool,
}

impl Known {
    fn of(plan: LogicalPlan) -> Result<Self> {
        let inputs = plan.inputs().into_iter().cloned().map(Self::of).collect::<Result<Vec<_>>>()?;
        let scope = Scope::of(&inputs)?;
        let mut changed = inputs.iter().any(|input| input.changed);
        let mut exprs = Vec::new();
        for expr in plan.expressions() {
            let expr = expr.transform_up(|e| scope.divided(e))?;
            changed |= expr.transformed;
            exprs.push(expr.data);
        }
        let sums = scope.sums_of(&plan, &inputs)?;
        let plan = match changed {
            true => plan.with_new_exprs(exprs, inputs.into_iter().map(|input| input.plan).collect())?,
            false => plan,
        };
        Ok(Self { plan, sums, changed })
    }
}

/// The columns that an expression may name.
struct Scope {
    schema: DFSchema,
    sums: Vec<bool>,
}

impl Scope {
    fn of(inputs: &[Known]) -> Result<Self> {
        let mut schema = DFSchema::empty();
        let mut sums = Vec::new();
        for (place, input) in inputs.iter().enumerate() {
            if place == 0 {
                schema = input.plan.schema().as_ref().clone();
                sums = input.sums.clone();
            } else if let Ok(both) = schema.join(input.plan.schema()) {
                schema = both;
                sums.extend(&input.sums);
            }
        }
        Ok(Self { schema, sums })
    }

    fn divided(&self, expr: Expr) -> Result<Transformed<Expr>> {
        let whole = |e: &Expr| e.get_type(&self.schema).is_ok_and(|kind| kind.is_integer());
        Ok(match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right })
                if (self.is_sum(&left) || self.is_sum(&right)) && whole(&left) && whole(&right) =>
            {
                let left = Box::new(cast(*left, DataType::Float64));
                Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(left, Operator::Divide, right)))
            }
            Expr::ScalarSubquery(subquery) => inside(&subquery)?.update_data(Expr::ScalarSubquery),
            Expr::InSubquery(mut among) => inside(&among.subquery)?.update_data(|subquery| {
                among.subquery = subquery;
                Expr::InSubquery(among)
            }),
            Expr::Exists(mut exists) => inside(&exists.subquery)?.update_data(|subquery| {
                exists.subquery = subquery;
                Expr::Exists(exists)
            }),
            Expr::SetComparison(mut compared) => inside(&compared.subquery)?.update_data(|subquery| {
                compared.subquery = subquery;
                Expr::SetComparison(compared)
            }),
            other => Transformed::no(other),
        })
    }

    /// Whether a whole number is such a sum, or made of one.
    fn is_sum(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Alias(alias) => self.is_sum(&alias.expr),
            Expr::Column(column) => {
                let place = self.schema.maybe_index_of_column(column);
                place.and_then(|place| self.sums.get(place)).is_some_and(|sum| *sum)
            }
            Expr::AggregateFunction(f) => self.aggregates(f.func.name(), &f.params.args),
            Expr::WindowFunction(f) => self.aggregates(f.fun.name(), &f.params.args),
            Expr::BinaryExpr(binary) => self.is_sum(&binary.left) || self.is_sum(&binary.right),
            Expr::Negative(inner) => self.is_sum(inner),
            Expr::Case(case) => {
                let values = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
                values.into_iter().any(|value| self.is_sum(value))
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) => match func.name() {
                "coalesce" | "nullif" | "greatest" | "least" | "abs" => args.iter().any(|a| self.is_sum(a)),
                _ => false,
            },
            Expr::ScalarSubquery(subquery) => shows_sum(&subquery.subquery),
            _ => false,
        }
    }

    fn aggregates(&self, name: &str, args: &[Expr]) -> bool {
        let Some(argument) = args.first() else { return false };
        match name {
            "sum" => matches!(argument.get_type(&self.schema), Ok(DataType::Int64)) || self.is_sum(argument),
            "min" | "max" | "first_value" | "last_value" | "lag" | "lead" => self.is_sum(argument),
            _ => false,
        }
    }

    /// Which columns of a node over these are.
    fn sums_of(&self, plan: &LogicalPlan, inputs: &[Known]) -> Result<Vec<bool>> {
        let width = plan.schema().fields().len();
        let mut sums: Vec<bool> = match plan {
            LogicalPlan::Projection(projection) => projection.expr.iter().map(|e| self.is_sum(e)).collect(),
            LogicalPlan::Distinct(Distinct::On(distinct)) => {
                distinct.select_expr.iter().map(|e| self.is_sum(e)).collect()
            }
            LogicalPlan::Window(window) => {
                let windows = window.window_expr.iter().map(|e| self.is_sum(e));
                self.sums.iter().copied().chain(windows).collect()
            }
            LogicalPlan::Aggregate(Aggregate { group_expr, aggr_expr, .. }) => {
                let keys = grouping_set_to_exprlist(group_expr)?;
                let mut sums: Vec<bool> = keys.into_iter().map(|e| self.is_sum(e)).collect();
                // With totals there is one column more, of which they are.
                sums.resize(width.saturating_sub(aggr_expr.len()), false);
                sums.extend(aggr_expr.iter().map(|e| self.is_sum(e)));
                sums
            }
            LogicalPlan::Union(_) => (0..width)
                .map(|place| inputs.iter().any(|input| input.sums.get(place).is_some_and(|sum| *sum)))
                .collect(),
            LogicalPlan::Join(Join { join_type: JoinType::RightSemi | JoinType::RightAnti, .. }) => {
                inputs.last().map(|input| input.sums.clone()).unwrap_or_default()
            }
            // A row of the input, or of both inputs, with or without more behind it.
            _ => self.sums.clone(),
        };
        sums.resize(width, false);
        Ok(sums)
    }
}

fn inside(subquery: &Subquery) -> Result<Transformed<Subquery>> {
    let Known { plan, changed, .. } = Known::of(subquery.subquery.as_ref().clone())?;
    Ok(match changed {
        true => Transformed::yes(subquery.with_plan(Arc::new(plan))),
        false => Transformed::no(subquery.clone()),
    })
}

/// Whether the one column of a subquery is such a sum, as it stands.
fn shows_sum(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => match projection.expr.as_slice() {
            [Expr::Alias(alias)] if matches!(alias.expr.as_ref(), Expr::Column(_)) => {
                shows_sum(&projection.input)
            }
            [Expr::Column(_)] => shows_sum(&projection.input),
            _ => false,
        },
        LogicalPlan::SubqueryAlias(alias) => shows_sum(&alias.input),
        LogicalPlan::Aggregate(Aggregate { input, aggr_expr, .. }) => match aggr_expr.as_slice() {
            [Expr::AggregateFunction(f)] => {
                let kind = f.params.args.first().map(|argument| argument.get_type(input.schema()));
                f.func.name() == "sum" && matches!(kind, Some(Ok(DataType::Int64)))
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::functions_aggregate::expr_fn::{count, sum};
    use datafusion::logical_expr::{LogicalPlanBuilder, col, lit, table_scan};
    use std::ops::{Div, Mul};

    fn table() -> LogicalPlanBuilder {
        let fields = vec![Field::new("n", DataType::Int64, true), Field::new("i", DataType::Int32, true)];
        table_scan(Some("t"), &Schema::new(fields), None).unwrap()
    }

    fn kind(plan: LogicalPlanBuilder) -> DataType {
        let plan = with_digits(plan.build().unwrap()).unwrap();
        plan.schema().field(0).data_type().clone()
    }

    /// As PostgreSQL types them: `sum(bigint)` is numeric, `sum(integer)` and `count` are bigint.
    #[test]
    fn only_sums_of_counts_have_digits_after_the_point() {
        let no_keys = || Vec::<Expr>::new();
        let summed =
            || table().aggregate(no_keys(), vec![sum(col("n")).alias("s"), count(col("n")).alias("c")]);
        let over = |expr: Expr| kind(summed().unwrap().project(vec![expr]).unwrap());
        assert_eq!(over(col("c").div(col("s"))), DataType::Float64);
        assert_eq!(over(lit(100i64).mul(col("s")).div(col("c"))), DataType::Float64);
        assert_eq!(over(col("c").div(lit(3i64))), DataType::Int64);
        let narrow = table().aggregate(no_keys(), vec![sum(col("i")).alias("s")]).unwrap();
        assert_eq!(kind(narrow.project(vec![col("s").div(lit(3i64))]).unwrap()), DataType::Int64);
    }

    #[test]
    fn a_sum_stays_one_as_a_column_of_a_subquery() {
        let inner = table().aggregate(vec![col("i")], vec![sum(col("n")).alias("s")]).unwrap();
        let named = inner.project(vec![col("s").alias("k")]).unwrap().alias("q").unwrap();
        let share = named.project(vec![col("k").div(lit(3i64)).alias("share")]).unwrap();
        // What is made of it above is made of the new kind.
        let above = share.alias("r").unwrap().project(vec![col("share").mul(lit(2i64))]).unwrap();
        assert_eq!(kind(above), DataType::Float64);
    }
}
