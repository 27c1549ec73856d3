//! `JOIN … USING (a)` several times over: in SQL `a` is one column of all the tables; the planner knows it as one
//! column of two of them only. The joins after the first are put as `ON`, and `a` as the column of one table.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem,
    TableFactor, TableWithJoins, VisitMut, VisitorMut,
};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// The column that stands for all of the same name, by that name.
type Standing = HashMap<String, Expr>;

/// Puts every chain of inner and left joins so.
pub(crate) struct Chained;

impl VisitorMut for Chained {
    type Break = std::convert::Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        // What `*` stands for would be another list.
        let all = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        let [from] = select.from.as_mut_slice() else { return ControlFlow::Continue(()) };
        if all {
            return ControlFlow::Continue(());
        }
        let Some(standing) = standing(from) else { return ControlFlow::Continue(()) };
        let mut qualify = Qualify { standing: &standing, depth: 0 };
        for join in &mut from.joins {
            if let Some(constraint) = constraint(&mut join.join_operator) {
                put(constraint, &join.relation, &standing);
            }
            VisitMut::visit(&mut join.join_operator, &mut qualify)?;
        }
        VisitMut::visit(&mut select.projection, &mut qualify)?;
        VisitMut::visit(&mut select.distinct, &mut qualify)?;
        VisitMut::visit(&mut select.selection, &mut qualify)?;
        VisitMut::visit(&mut select.group_by, &mut qualify)?;
        VisitMut::visit(&mut select.having, &mut qualify)?;
        VisitMut::visit(&mut select.qualify, &mut qualify)
    }
}

/// The columns that are joined by more than once; none where a join keeps rows of its right side that have no left
/// one, or is of another kind.
fn standing(from: &mut TableWithJoins) -> Option<Standing> {
    let mut left = Some(alias(&from.relation)?);
    let mut first: HashMap<String, (Expr, usize)> = HashMap::new();
    for join in &mut from.joins {
        let right = alias(&join.relation)?;
        let outer = matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_));
        match constraint(&mut join.join_operator)? {
            JoinConstraint::Using(names) => {
                for name in names {
                    let column = plain(name)?;
                    if let Some((_, times)) = first.get_mut(&column.value) {
                        *times += 1;
                        continue;
                    }
                    // The left side's column is there in every row; which table's it is, is known of one table only.
                    let table = if outer { left.clone()? } else { right.clone() };
                    first.insert(column.value.clone(), (qualified(&table, column), 1));
                }
            }
            JoinConstraint::On(_) | JoinConstraint::None => {}
            JoinConstraint::Natural => return None,
        }
        left = None;
    }
    let several = first.into_iter().filter(|(_, (_, times))| *times > 1);
    let several: Standing = several.map(|(name, (column, _))| (name, column)).collect();
    (!several.is_empty()).then_some(several)
}

/// `USING (a)` as `ON t.a = u.a`, but where `a` is joined by for the first time.
fn put(constraint: &mut JoinConstraint, right: &TableFactor, standing: &Standing) {
    let (JoinConstraint::Using(names), Some(table)) = (&*constraint, alias(right)) else { return };
    let pairs = names.iter().map(|name| {
        let column = plain(name)?;
        let (left, right) = (standing.get(&column.value)?.clone(), qualified(&table, column));
        let (left, right) = (Box::new(left), Box::new(right));
        (left != right).then_some(Expr::BinaryOp { left, op: BinaryOperator::Eq, right })
    });
    let Some(pairs) = pairs.collect::<Option<Vec<Expr>>>() else { return };
    let all = pairs.into_iter().reduce(|left, right| {
        let (left, right) = (Box::new(left), Box::new(right));
        Expr::BinaryOp { left, op: BinaryOperator::And, right }
    });
    if let Some(all) = all {
        *constraint = JoinConstraint::On(all);
    }
}

/// The condition of a join that keeps no row of the right side without a left one.
fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        JoinOperator::Right(_)
        | JoinOperator::RightOuter(_)
        | JoinOperator::FullOuter(_)
        | JoinOperator::Semi(_)
        | JoinOperator::LeftSemi(_)
        | JoinOperator::RightSemi(_)
        | JoinOperator::Anti(_)
        | JoinOperator::LeftAnti(_)
        | JoinOperator::RightAnti(_)
        | JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::AsOf { .. }
        | JoinOperator::StraightJoin(_)
        | JoinOperator::ArrayJoin
        | JoinOperator::LeftArrayJoin
        | JoinOperator::InnerArrayJoin => None,
    }
}

/// The name that a table's columns have before them.
fn alias(table: &TableFactor) -> Option<Ident> {
    match table {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(alias.name.clone())
        }
        TableFactor::Table { name, alias: None, .. } => name.0.last()?.as_ident().cloned(),
        _ => None,
    }
}

/// A column's name without a table's, in the case that it is known by.
fn plain(name: &ObjectName) -> Option<Ident> {
    let [part] = name.0.as_slice() else { return None };
    Some(known(part.as_ident()?))
}

/// A name that is not quoted is known by its small letters.
fn known(name: &Ident) -> Ident {
    match name.quote_style {
        None => Ident { value: name.value.to_lowercase(), ..name.clone() },
        Some(_) => name.clone(),
    }
}

fn qualified(table: &Ident, column: Ident) -> Expr {
    Expr::CompoundIdentifier(vec![table.clone(), column])
}

/// Puts the table's name before such a column, outside subqueries, which may have one of their own.
struct Qualify<'a> {
    standing: &'a Standing,
    depth: usize,
}

impl VisitorMut for Qualify<'_> {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Self::Break> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Self::Break> {
        self.depth = self.depth.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if self.depth == 0
            && let Expr::Identifier(name) = expr
            && let Some(column) = self.standing.get(&known(name).value)
        {
            *expr = column.clone();
        }
        ControlFlow::Continue(())
    }
}
