//! Values among others: `= ANY (ARRAY[…])`, and pairs, `(a, b) IN (…)`, which the engine compares one by one.

use crate::dialect::unnested;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, Query, Select, UnaryOperator, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use std::convert::Infallible;
use std::ops::ControlFlow;

/// `x = ANY (ARRAY[1, 2])` and `x <> ALL (ARRAY[1, 2])`.
pub(crate) fn among(value: &Expr, array: &Expr, negated: bool) -> Option<Expr> {
    let Expr::Array(array) = unnested(array) else { return None };
    let (expr, list) = (Box::new(value.clone()), array.elem.clone());
    (!list.is_empty()).then_some(Expr::InList { expr, list, negated })
}

/// `(a, b) IN ((1, 2), (3, 4))` with each pair's members compared.
pub(crate) fn each_among(values: &Expr, list: &[Expr], negated: bool) -> Option<Expr> {
    let Expr::Tuple(values) = unnested(values) else { return None };
    let equal = list.iter().map(|member| match unnested(member) {
        Expr::Tuple(members) if members.len() == values.len() => all_equal(values, members),
        _ => None,
    });
    let any =
        equal.collect::<Option<Vec<_>>>()?.into_iter().reduce(|l, r| joined(l, BinaryOperator::Or, r))?;
    Some(match negated {
        false => any,
        true => Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(any) })),
    })
}

/// `(a, b) IN (SELECT x, y …)` as `EXISTS`.
fn pairs_among(values: &Expr, subquery: &Query) -> Option<Expr> {
    const ROWS: &str = "in_rows";
    let Expr::Tuple(values) = unnested(values) else { return None };
    let names: Vec<Ident> = (0..values.len()).map(|place| Ident::new(format!("in_{place}"))).collect();
    let members: Vec<Expr> =
        names.iter().map(|name| Expr::CompoundIdentifier(vec![Ident::new(ROWS), name.clone()])).collect();
    let condition = all_equal(values, &members)?;
    let listed = names.iter().map(Ident::to_string).collect::<Vec<_>>().join(", ");
    let text = format!("SELECT 1 FROM ({subquery}) AS {ROWS} ({listed}) WHERE {condition}");
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&text).ok()?;
    let subquery = parser.parse_query().ok()?;
    Some(Expr::Exists { subquery, negated: false })
}

fn all_equal(left: &[Expr], right: &[Expr]) -> Option<Expr> {
    let equal = left.iter().zip(right).map(|(l, r)| joined(l.clone(), BinaryOperator::Eq, r.clone()));
    equal.reduce(|l, r| joined(l, BinaryOperator::And, r))
}

fn joined(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    let (left, right) = (Box::new(left), Box::new(right));
    Expr::Nested(Box::new(Expr::BinaryOp { left, op, right }))
}

/// Puts `(a, b) IN (SELECT x, y …)` as `EXISTS` where all that it says is which rows there are: among the
/// conditions of WHERE and of an inner join, all of which must hold. Elsewhere NULL would tell the two apart.
pub(crate) struct Paired;

impl VisitorMut for Paired {
    type Break = Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        select.selection.iter_mut().for_each(put);
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            if let JoinOperator::Join(JoinConstraint::On(condition))
            | JoinOperator::Inner(JoinConstraint::On(condition)) = &mut join.join_operator
            {
                put(condition);
            }
        }
        ControlFlow::Continue(())
    }
}

fn put(condition: &mut Expr) {
    match condition {
        Expr::Nested(inner) => put(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            put(left);
            put(right);
        }
        Expr::InSubquery { expr, subquery, negated: false } => {
            if let Some(exists) = pairs_among(expr, subquery) {
                *condition = exists;
            }
        }
        _ => {}
    }
}
