//! The forms that expressions are written in: what must be written out, what may be written there, and how much.

use crate::Refusal;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::{Expr, Operator};

/// A format with the fields that are known of, whether PostgreSQL's, which are rewritten, or chrono's.
pub(crate) fn known_format(expr: &Expr) -> Result<(), Refusal> {
    let text = match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten().unwrap_or_default(),
        _ => "",
    };
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let known = match letter {
            '%' => letters.next().is_some_and(|field| "YmdjHMSbBaAV".contains(field)),
            other => "-/ :.,_".contains(other),
        };
        if !known {
            return Err(Refusal::new(
                "unknown-format",
                "The format of to_char has a field that is not known.",
                "Use YYYY, MM, DD, HH24, MI, SS, Mon, Dy, DDD and IW, or date_part.",
            ));
        }
    }
    Ok(())
}

/// The greatest length that a text is filled up to.
const PADDED_LENGTH_MAX: i64 = 1_000;

/// A length that a text is filled up to, which is written out already: not so great that the texts of a column would
/// take all the memory there is.
pub(crate) fn padded_length(expr: &Expr) -> Result<(), Refusal> {
    let written = match expr {
        Expr::Cast(cast) => &cast.expr,
        other => other,
    };
    let length = match written {
        Expr::Literal(value, _) => value.cast_to(&DataType::Int64).ok(),
        _ => None,
    };
    match length {
        Some(ScalarValue::Int64(Some(length))) if length <= PADDED_LENGTH_MAX => Ok(()),
        _ => Err(Refusal::new(
            "literal-required",
            format!("The length of lpad or rpad must be a number, and at most {PADDED_LENGTH_MAX}."),
            "Write a smaller number there.",
        )),
    }
}

/// A regular expression that is written out and is one, so that it cannot fail on some rows only.
pub(crate) fn pattern(expr: &Expr) -> Result<(), Refusal> {
    let written = match expr {
        Expr::Cast(cast) => &cast.expr,
        other => other,
    };
    let text = match written {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    };
    match text.map(regex::Regex::new) {
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) | None => Err(Refusal::new(
            "invalid-pattern",
            "A regular expression must be written out, and be one.",
            "Use a literal; look-around and back-references do not exist.",
        )),
    }
}

/// A part of a time that tells how long all of it is, and not only what is left over beside a greater part.
pub(crate) fn is_whole_time(part: &Expr) -> bool {
    let Expr::Literal(value, _) = part else { return false };
    matches!(value.try_as_str().flatten(), Some("epoch" | "day"))
}

/// The most nodes of an expression in the form that cannot fail.
const NODES_MAX: usize = 20_000;

/// Refuses an expression that would not end growing: that form holds some operands several times over, and they hold
/// theirs.
pub(crate) fn bounded(expr: &Expr) -> Result<(), DataFusionError> {
    if nodes(expr)? <= NODES_MAX {
        return Ok(());
    }
    Err(DataFusionError::External(Box::new(too_nested())))
}

pub(crate) fn too_nested() -> Refusal {
    Refusal::new(
        "query-too-long",
        "An expression has too many divisions, conditions, or functions of functions, inside one another.",
        "Compute the inner ones in a subquery of their own.",
    )
}

/// At least as many nodes as the expression has in the form that cannot fail.
fn nodes(expr: &Expr) -> Result<usize, DataFusionError> {
    let mut inside = 0usize;
    expr.apply_children(|child| {
        inside = inside.saturating_add(nodes(child)?);
        Ok(TreeNodeRecursion::Continue)
    })?;
    let copies = match expr {
        Expr::BinaryExpr(binary) if matches!(binary.op, Operator::Divide | Operator::Modulo) => 4,
        Expr::ScalarFunction(f) if matches!(f.func.name(), "abs" | "sqrt" | "ln" | "log10") => 3,
        _ => 1,
    };
    Ok(inside.saturating_mul(copies).saturating_add(1))
}

/// A column itself, or the part of it that is greater where it is greater.
pub(crate) fn as_it_stands(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::Alias(alias) => as_it_stands(&alias.expr),
        Expr::Cast(cast) => as_it_stands(&cast.expr),
        Expr::TryCast(cast) => as_it_stands(&cast.expr),
        Expr::ScalarFunction(f) if f.func.name() == "date_trunc" => f.args.last().is_some_and(as_it_stands),
        _ => false,
    }
}
