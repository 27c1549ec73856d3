//! The form of an expression that cannot fail for some data and not for other.

use crate::Refusal;
use crate::decimal;
use crate::dialect::date_in;
use crate::expression::literal_shape;
use crate::relation::{Shape, State};
use crate::short_text;
use crate::written::bounded;
use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::functions::core::nullif;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, TryCast, lit, when};
use std::ops::Sub;

/// Months, and days, of the longest interval: with dates of four digits, what any query can add up stays
/// within the calendar.
const INTERVAL_MONTHS_MAX: i32 = 2_400;
const INTERVAL_DAYS_MAX: i32 = 73_000;
/// The most digits of a decimal number that a function makes of its argument.
const DECIMAL_DIGITS_MAX: u8 = 28;
/// Functions whose value is one of their arguments, or no further from 0.
const DIGITS_KEPT: &[&str] = &["coalesce", "nullif", "greatest", "least", "abs"];

/// The form that cannot fail for some data and not for other: a cast gives NULL where it cannot, and so
/// does a division by zero. What could still overflow for some value is refused, whatever the data.
pub(crate) fn total(expr: &Expr, schema: &DFSchema) -> Result<Expr> {
    safe(expr, schema, true)
}

/// The same over rows of this kind: where they are nobody's, or protected already, an overflow tells nothing.
pub(crate) fn total_of(expr: &Expr, schema: &DFSchema, state: &State) -> Result<Expr> {
    safe(expr, schema, matches!(state, State::PerPerson { .. }))
}

fn safe(expr: &Expr, schema: &DFSchema, strict: bool) -> Result<Expr> {
    bounded(expr)?;
    let rewritten = expr.clone().transform_up(|e| {
        let safe = match e {
            Expr::Cast(cast) => match *cast.expr {
                Expr::Literal(value, metadata) => {
                    let kind = cast.field.data_type();
                    let cast = value.cast_to(kind).or_else(|_| dated(&value, kind));
                    let cast = cast.map_err(|_| invalid_literal())?;
                    Expr::Literal(cast, metadata)
                }
                expr => {
                    convertible(&expr, cast.field.data_type(), schema)?;
                    Expr::TryCast(TryCast { expr: Box::new(expr), field: cast.field })
                }
            },
            Expr::TryCast(cast) => {
                convertible(&cast.expr, cast.field.data_type(), schema)?;
                Expr::TryCast(cast)
            }
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Divide | Operator::Modulo), right }) => {
                divided(*left, op, *right, schema)?
            }
            // The smallest whole number has no opposite.
            Expr::ScalarFunction(f) if f.func.name() == "abs" => match f.args.as_slice() {
                [value] if value.get_type(schema)?.is_integer() => {
                    let negative = value.clone().lt(lit(0));
                    when(negative, opposite(value.clone(), schema)?).otherwise(value.clone())?
                }
                _ => Expr::ScalarFunction(f),
            },
            // A root or a logarithm of what has none is NULL.
            Expr::ScalarFunction(mut f) if matches!(f.func.name(), "sqrt" | "ln" | "log10") => {
                let least = if f.func.name() == "sqrt" { Operator::GtEq } else { Operator::Gt };
                f.args = f.args.into_iter().map(|value| within(value, least)).collect::<Result<_>>()?;
                Expr::ScalarFunction(f)
            }
            Expr::Negative(value) if value.get_type(schema)?.is_signed_integer() => opposite(*value, schema)?,
            Expr::Literal(value, metadata) => {
                short(&value)?;
                Expr::Literal(value, metadata)
            }
            other => short_text::short(other, schema)?,
        };
        Ok(Transformed::yes(if strict { cannot_fail(safe, schema)? } else { safe }))
    });
    rewritten.data()
}

/// A date that is not written as ISO has it.
fn dated(value: &ScalarValue, to: &DataType) -> Result<ScalarValue> {
    let written = value.try_as_str().flatten().and_then(date_in);
    match (written, to) {
        (Some(date), DataType::Date32 | DataType::Timestamp(..)) => {
            ScalarValue::from(date.to_string()).cast_to(to)
        }
        _ => Err(invalid_literal()),
    }
}

/// Refuses a cast that does not exist: the query would break off when it runs.
fn convertible(expr: &Expr, to: &DataType, schema: &DFSchema) -> Result<()> {
    let message = "The query casts a value to a type that it cannot have.";
    let exists = can_cast_types(&expr.get_type(schema)?, to);
    exists.then_some(()).ok_or_else(|| refused("unsupported-cast", message, "Leave the cast out."))
}

/// A value that compares so with 0, else NULL.
fn within(value: Expr, comparison: Operator) -> Result<Expr> {
    let zero = Box::new(lit(0.0));
    let good = Expr::BinaryExpr(BinaryExpr::new(Box::new(value.clone()), comparison, zero));
    when(good, value).end()
}

/// Whole numbers wrap around where they overflow, which is no error. The type stays.
fn opposite(value: Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(zero(&value, schema)?.sub(value))
}

fn zero(like: &Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(lit(ScalarValue::new_zero(&like.get_type(schema)?)?))
}

fn divided(left: Expr, op: Operator, right: Expr, schema: &DFSchema) -> Result<Expr> {
    let kind = right.get_type(schema)?;
    let divide =
        |left: Expr, right: Expr| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    let written = matches!(&right, Expr::Literal(value, _) if !matches!(literal_shape(value), Shape::Zero));
    if !kind.is_numeric() {
        return Ok(divide(left, right));
    }
    let whole = kind.is_signed_integer() && left.get_type(schema)?.is_signed_integer();
    let minus_one = |value: &Expr| match value {
        Expr::Literal(value, _) => {
            value.cast_to(&DataType::Int64).is_ok_and(|n| n == ScalarValue::Int64(Some(-1)))
        }
        _ => true,
    };
    // The smallest whole number cannot be divided by -1.
    let by_minus_one = match op {
        _ if !whole || !minus_one(&right) => None,
        Operator::Modulo => Some(zero(&left, schema)?),
        _ => Some(opposite(left.clone(), schema)?),
    };
    let divisor = match written {
        true => right.clone(),
        false => nullif().call(vec![right.clone(), Expr::Literal(ScalarValue::new_zero(&kind)?, None)]),
    };
    match by_minus_one {
        Some(result) => when(right.eq(lit(-1)), result).otherwise(divide(left, divisor)),
        None => Ok(divide(left, divisor)),
    }
}

/// A written interval that cannot lead out of the calendar.
fn short(value: &ScalarValue) -> Result<()> {
    let fits = match value {
        ScalarValue::IntervalYearMonth(Some(months)) => {
            months.unsigned_abs() <= INTERVAL_MONTHS_MAX.unsigned_abs()
        }
        ScalarValue::IntervalDayTime(Some(interval)) => {
            interval.days.unsigned_abs() <= INTERVAL_DAYS_MAX.unsigned_abs()
        }
        ScalarValue::IntervalMonthDayNano(Some(interval)) => {
            interval.months.unsigned_abs() <= INTERVAL_MONTHS_MAX.unsigned_abs()
                && interval.days.unsigned_abs() <= INTERVAL_DAYS_MAX.unsigned_abs()
        }
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(refused("interval-too-long", "An interval is longer than 200 years.", "Use a shorter one."))
}

/// What would fail for some values only, and has no form that does not, is refused whatever the values.
fn cannot_fail(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    match expr {
        Expr::BinaryExpr(binary) => match decimal::fitted(binary, schema)? {
            Some(fits) => Ok(fits),
            None => Err(too_wide()),
        },
        Expr::ScalarFunction(f) => {
            let wide = match Expr::ScalarFunction(f.clone()).get_type(schema)? {
                DataType::Decimal128(digits, _) | DataType::Decimal256(digits, _) => {
                    digits > DECIMAL_DIGITS_MAX && !DIGITS_KEPT.contains(&f.func.name())
                }
                _ => false,
            };
            if wide { Err(too_wide()) } else { Ok(Expr::ScalarFunction(f)) }
        }
        Expr::TryCast(cast) if matches!(cast.field.data_type(), DataType::Interval(_)) => Err(refused(
            "literal-required",
            "An interval must be written out.",
            "Use INTERVAL '1 day', or compare the difference of two dates with a number.",
        )),
        Expr::WindowFunction(window) => {
            let args = window.params.args.iter();
            let mut wide = false;
            for kind in args.map(|arg| arg.get_type(schema)) {
                wide |= matches!(kind?, DataType::Decimal128(digits, _) if digits > DECIMAL_DIGITS_MAX);
            }
            if wide && window.fun.name() == "avg" {
                Err(too_wide())
            } else {
                Ok(Expr::WindowFunction(window))
            }
        }
        Expr::AggregateFunction(aggregate) => {
            Ok(Expr::AggregateFunction(decimal::widened(aggregate, schema)?))
        }
        other => Ok(other),
    }
}

fn too_wide() -> DataFusionError {
    refused(
        "decimal-too-wide",
        "A decimal number in the query has too many digits to be sure that it cannot overflow.",
        "Cast one of the factors to double precision.",
    )
}

fn invalid_literal() -> DataFusionError {
    refused(
        "invalid-literal",
        "A literal of the query is no value of the type that it is cast to or compared with.",
        "Write dates as '2024-12-31', and numbers within their type's range.",
    )
}

fn refused(code: &'static str, message: &str, hint: &str) -> DataFusionError {
    DataFusionError::External(Box::new(Refusal::new(code, message, hint)))
}

/// The same, under the name that the column had.
pub(crate) fn total_named(expr: &Expr, schema: &DFSchema, state: &State) -> Result<Expr> {
    let rewritten = total_of(expr, schema, state)?;
    Ok(match rewritten {
        Expr::Alias(_) | Expr::Column(_) => rewritten,
        same if same == *expr => same,
        other => other.alias(expr.schema_name().to_string()),
    })
}
