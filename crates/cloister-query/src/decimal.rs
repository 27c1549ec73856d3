//! Decimal arithmetic that cannot fail: whether a result fits is known from the digits that its parts can have; where
//! it might not, it is computed with twice the digits, and is NULL where even the type of the result has too few.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, TryCast};

/// Digits that 128 bits hold, and that 256 bits do.
const DIGITS: u32 = 38;
const WIDE_DIGITS: u32 = 76;
/// The most digits of a value that ten million of can be added up in 128 bits, with the room that a mean needs.
const SUMMED_DIGITS: u32 = 28;
/// Digits after the point that a quotient has more than what is divided.
const QUOTIENT_DIGITS: u32 = 4;
/// Digits of an argument that is added up in 256 bits: a sum has ten more, a mean four.
const WIDE_ARGUMENT: u8 = 60;

/// The operation in a form that cannot fail; `None` where there is none.
pub(crate) fn fitted(binary: BinaryExpr, schema: &DFSchema) -> Result<Option<Expr>> {
    let whole = Expr::BinaryExpr(binary);
    let kind = whole.get_type(schema)?;
    let Expr::BinaryExpr(binary) = &whole else { return Ok(None) };
    let DataType::Decimal128(..) = kind else { return Ok(Some(whole)) };
    let needed = digits_of(binary, schema)?;
    if needed <= DIGITS {
        return Ok(Some(whole));
    }
    if needed > WIDE_DIGITS {
        return Ok(None);
    }
    let wide = |side: &Expr| -> Result<Option<Box<Expr>>> {
        let DataType::Decimal128(precision, scale) = side.get_type(schema)? else { return Ok(None) };
        Ok(Some(Box::new(try_cast(side.clone(), DataType::Decimal256(precision, scale)))))
    };
    Ok(match (wide(&binary.left)?, wide(&binary.right)?) {
        (Some(left), Some(right)) => {
            let wide = Expr::BinaryExpr(BinaryExpr::new(left, binary.op, right));
            Some(try_cast(wide, kind))
        }
        _ => None,
    })
}

/// A sum or a mean whose argument may have so many digits that adding it up needs more bits.
pub(crate) fn widened(aggregate: AggregateFunction, schema: &DFSchema) -> Result<AggregateFunction> {
    let AggregateFunction { func, mut params } = aggregate;
    if matches!(func.name(), "sum" | "avg")
        && let [argument] = params.args.as_mut_slice()
        && let DataType::Decimal128(_, scale) = argument.get_type(schema)?
        && digits(argument, schema)? > SUMMED_DIGITS
    {
        *argument = try_cast(argument.clone(), DataType::Decimal256(WIDE_ARGUMENT, scale));
    }
    Ok(AggregateFunction { func, params })
}

pub(crate) fn try_cast(expr: Expr, to: DataType) -> Expr {
    Expr::TryCast(TryCast::new(Box::new(expr), to))
}

/// The most digits that a number can have when its point is left out: the largest is below ten to this power.
fn digits(expr: &Expr, schema: &DFSchema) -> Result<u32> {
    match expr {
        Expr::Alias(alias) => digits(&alias.expr, schema),
        Expr::Literal(value, _) => Ok(literal_digits(value)),
        Expr::Cast(cast) => cast_digits(expr, &cast.expr, schema),
        Expr::TryCast(cast) => cast_digits(expr, &cast.expr, schema),
        Expr::BinaryExpr(binary) => Ok(digits_of(binary, schema)?.min(type_digits(&expr.get_type(schema)?))),
        other => Ok(type_digits(&other.get_type(schema)?)),
    }
}

/// What the operation itself may need, on the way to its result.
fn digits_of(binary: &BinaryExpr, schema: &DFSchema) -> Result<u32> {
    let (left, right) = (digits(&binary.left, schema)?, digits(&binary.right, schema)?);
    let (l, r) = (scale(&binary.left.get_type(schema)?), scale(&binary.right.get_type(schema)?));
    let aligned = (left + r.saturating_sub(l)).max(right + l.saturating_sub(r));
    Ok(match binary.op {
        Operator::Plus | Operator::Minus => aligned + 1,
        Operator::Multiply => left + right,
        Operator::Divide => left + QUOTIENT_DIGITS + r,
        Operator::Modulo => aligned,
        _ => type_digits(&binary.left.get_type(schema)?),
    })
}

/// A cast keeps what is before the point, or gives NULL.
fn cast_digits(whole: &Expr, inner: &Expr, schema: &DFSchema) -> Result<u32> {
    let (to, from) = (whole.get_type(schema)?, inner.get_type(schema)?);
    let all = type_digits(&to);
    if !from.is_integer() && !from.is_decimal() {
        return Ok(all);
    }
    let before_the_point = digits(inner, schema)?.saturating_sub(scale(&from));
    // Rounding may carry into one digit more.
    Ok(all.min(before_the_point + scale(&to) + u32::from(scale(&to) < scale(&from))))
}

fn literal_digits(value: &ScalarValue) -> u32 {
    let count = |n: u128| n.checked_ilog10().map_or(0, |log| log + 1);
    match value {
        ScalarValue::Decimal128(Some(n), ..) => count(n.unsigned_abs()),
        ScalarValue::Int64(Some(n)) => count(n.unsigned_abs().into()),
        ScalarValue::Int32(Some(n)) => count(n.unsigned_abs().into()),
        value if value.is_null() => 0,
        value => type_digits(&value.data_type()),
    }
}

fn type_digits(kind: &DataType) -> u32 {
    match kind {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 => 19,
        DataType::UInt64 => 20,
        DataType::Decimal32(precision, _)
        | DataType::Decimal64(precision, _)
        | DataType::Decimal128(precision, _)
        | DataType::Decimal256(precision, _) => u32::from(*precision),
        _ => WIDE_DIGITS + 1,
    }
}

fn scale(kind: &DataType) -> u32 {
    match kind {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => u32::from(scale.unsigned_abs()),
        _ => 0,
    }
}
