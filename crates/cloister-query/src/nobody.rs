//! `person_id <> 0` and `person_id > 0`, with which queries of other databases leave out rows of nobody: no pseudonym
//! is a number that anybody can write, so that only whether there is one is asked.

use crate::relation::{ColumnFacts, Kind};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};

/// The condition with every such comparison of a pseudonym as the question that it is.
pub(crate) fn without_nobody(condition: &Expr, columns: &[ColumnFacts]) -> Result<Expr> {
    let asked = condition.clone().transform_down(|e| {
        Ok(match &e {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::NotEq | Operator::Gt, right })
                if is_zero(right) =>
            {
                match pseudonym(left, columns) {
                    Some(column) => Transformed::yes(is_there(column.clone())),
                    None => Transformed::no(e),
                }
            }
            _ => Transformed::no(e),
        })
    });
    asked.data()
}

/// True where there is a value, else NULL, as a comparison of it would be.
pub(crate) fn is_there(value: Expr) -> Expr {
    value.is_not_null().or(lit(ScalarValue::Boolean(None)))
}

/// 0 as it is written, whatever number it was made.
pub(crate) fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(cast) => is_zero(&cast.expr),
        Expr::Literal(value, _) if value.data_type().is_numeric() => {
            value.cast_to(&DataType::Int64).is_ok_and(|n| n == ScalarValue::Int64(Some(0)))
        }
        _ => false,
    }
}

/// A column of pseudonyms, under the casts that a comparison with a number puts it under.
fn pseudonym<'a>(expr: &'a Expr, columns: &[ColumnFacts]) -> Option<&'a Expr> {
    match expr {
        Expr::Cast(cast) => pseudonym(&cast.expr, columns),
        Expr::Column(column) => {
            let found = columns.iter().find(|c| c.column == *column)?;
            (found.facts.kind != Kind::Value).then_some(expr)
        }
        _ => None,
    }
}
