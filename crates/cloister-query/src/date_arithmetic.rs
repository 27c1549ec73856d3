//! Dates and whole numbers of days, which PostgreSQL adds: `date + 7`, `7 + date`, `date - n`; and dates that a
//! text beside a date stands for, `date - '2020-01-01'`. Beside them, `pseudonym <> 0`, which asks whether there is one.

use crate::calendar::date_plus;
use crate::nobody::{is_there, is_zero};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::ops::Sub;

/// Plans them; everything else is left as it is.
#[derive(Debug)]
pub(crate) struct DateArithmetic;

impl ExprPlanner for DateArithmetic {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        // The type is asked for last: along a chain of conditions every one would look at all before it.
        if matches!(expr.op, BinaryOperator::NotEq | BinaryOperator::Gt)
            && is_zero(&expr.right)
            && is_pseudonym(&expr.left, schema)
        {
            return Ok(PlannerResult::Planned(is_there(expr.left)));
        }
        let minus = match expr.op {
            BinaryOperator::Plus => false,
            BinaryOperator::Minus => true,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let (left, right) = (Kind::of(&expr.left, schema), Kind::of(&expr.right, schema));
        let RawBinaryExpr { op, left: l, right: r } = expr;
        Ok(match (left, right) {
            (Kind::Date, Kind::Days) => {
                PlannerResult::Planned(moved(l, if minus { lit(0i64).sub(r) } else { r }))
            }
            (Kind::Days, Kind::Date) if !minus => PlannerResult::Planned(moved(r, l)),
            (Kind::Date, Kind::Quantile) => {
                let days = cast(r, DataType::Int64);
                PlannerResult::Planned(moved(l, if minus { lit(0i64).sub(days) } else { days }))
            }
            (Kind::Date, Kind::Written(date)) if minus => PlannerResult::Planned(l.sub(date)),
            (Kind::Written(date), Kind::Date) if minus => PlannerResult::Planned(date.sub(r)),
            _ => PlannerResult::Original(RawBinaryExpr { op, left: l, right: r }),
        })
    }
}

/// A keyed pseudonym: no value that a query can make has its type.
fn is_pseudonym(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr.get_type(schema), Ok(DataType::FixedSizeBinary(_)))
}

enum Kind {
    Date,
    Days,
    /// A text that is written out, as the date that it is.
    Written(Expr),
    /// The number of days that so great a share of others is not greater than, itself one of them.
    Quantile,
    Other,
}

impl Kind {
    fn of(expr: &Expr, schema: &DFSchema) -> Self {
        if let Expr::Cast(cast) = expr
            && let Expr::Literal(..) = cast.expr.as_ref()
            && cast.field.data_type().is_string()
        {
            return Self::of(&cast.expr, schema);
        }
        match (expr, expr.get_type(schema)) {
            (_, Ok(DataType::Date32)) => Self::Date,
            (_, Ok(kind)) if kind.is_integer() => Self::Days,
            (Expr::AggregateFunction(f), _) if f.func.name() == "percentile_disc" => {
                let of = f.params.args.first().map(|argument| argument.get_type(schema));
                if matches!(of, Some(Ok(kind)) if kind.is_integer()) { Self::Quantile } else { Self::Other }
            }
            (Expr::Literal(text @ (ScalarValue::Utf8(_) | ScalarValue::Utf8View(_)), _), _) => {
                match text.cast_to(&DataType::Date32) {
                    Ok(date) => Self::Written(Expr::Literal(date, None)),
                    Err(_) => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }
}

fn moved(date: Expr, days: Expr) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(date_plus(), vec![date, days, lit("day")]))
}
