//! `100 * n / sum(n)`: PostgreSQL's sum of 64-bit whole numbers, as counts are, has digits after the point where it
//! is divided; the engine's is a whole number.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Plans divisions by such sums, and of them; everything else is left as it is.
#[derive(Debug)]
pub(crate) struct Division;

impl ExprPlanner for Division {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let whole = |e: &Expr| e.get_type(schema).is_ok_and(|kind| kind.is_integer());
        let divided = matches!(expr.op, BinaryOperator::Divide) && whole(&expr.left) && whole(&expr.right);
        if !divided || !(is_of_a_sum(&expr.left, schema) || is_of_a_sum(&expr.right, schema)) {
            return Ok(PlannerResult::Original(expr));
        }
        let left = Box::new(cast(expr.left, DataType::Float64));
        let division = BinaryExpr::new(left, Operator::Divide, Box::new(expr.right));
        Ok(PlannerResult::Planned(Expr::BinaryExpr(division)))
    }
}

/// Whether a whole number is such a sum, or made of one.
fn is_of_a_sum(expr: &Expr, schema: &DFSchema) -> bool {
    let of_bigint = |name: &str, args: &[Expr]| {
        name == "sum" && args.first().is_some_and(|arg| matches!(arg.get_type(schema), Ok(DataType::Int64)))
    };
    match expr {
        Expr::AggregateFunction(f) => of_bigint(f.func.name(), &f.params.args),
        Expr::WindowFunction(f) => of_bigint(f.fun.name(), &f.params.args),
        Expr::BinaryExpr(binary) => is_of_a_sum(&binary.left, schema) || is_of_a_sum(&binary.right, schema),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::functions_aggregate::expr_fn::{count, sum};
    use datafusion::logical_expr::{col, lit};
    use std::ops::Mul;

    /// As PostgreSQL types them: `sum(bigint)` is numeric, `sum(integer)` and `count` are bigint.
    #[test]
    fn only_sums_of_counts_have_digits_after_the_point() {
        let fields = vec![Field::new("n", DataType::Int64, true), Field::new("i", DataType::Int32, true)];
        let schema = DFSchema::try_from(Schema::new(fields)).unwrap();
        for (left, right, fraction) in [
            (lit(100i64).mul(col("n")), sum(col("n")), true),
            (sum(col("n")).mul(lit(2i64)), col("n"), true),
            (sum(col("i")), count(col("n")), false),
            (col("n"), count(col("n")), false),
            (col("n"), lit(3i64), false),
        ] {
            let text = format!("{left} / {right}");
            let expr = RawBinaryExpr { op: BinaryOperator::Divide, left, right };
            let planned = match Division.plan_binary_op(expr, &schema).unwrap() {
                PlannerResult::Planned(division) => Some(division.get_type(&schema).unwrap()),
                PlannerResult::Original(_) => None,
            };
            assert_eq!(planned, fraction.then_some(DataType::Float64), "{text}");
        }
    }
}
