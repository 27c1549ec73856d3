//! Joins: on the same person, or with reference tables.

use super::{Result, Rewriter};
use crate::Refusal;
use crate::expression::{inspect, total};
use crate::relation::{ColumnFacts, Kind, Relation, State};
use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::logical_plan::Join;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use std::sync::Arc;

/// Which side's rows may be missing.
struct Outer {
    left: bool,
    right: bool,
}

impl Rewriter<'_> {
    pub(super) fn join(&self, join: &Join) -> Result<Relation> {
        let outer = match join.join_type {
            JoinType::Inner => Outer { left: false, right: false },
            JoinType::Left => Outer { left: false, right: true },
            JoinType::Right => Outer { left: true, right: false },
            JoinType::Full => return Err(Refusal::unsupported("FULL JOIN").into()),
            JoinType::LeftSemi | JoinType::RightSemi => return Err(Refusal::unsupported("SEMI JOIN").into()),
            JoinType::LeftAnti | JoinType::RightAnti => return Err(Refusal::unsupported("ANTI JOIN").into()),
            JoinType::LeftMark | JoinType::RightMark => {
                return Err(Refusal::unsupported("A mark join").into());
            }
        };
        let (left, right) = (self.rewrite(&join.left)?, self.rewrite(&join.right)?);
        let both: Vec<ColumnFacts> = left.columns.iter().chain(&right.columns).cloned().collect();
        let pairs = equal_pairs(join);
        for (l, r) in &join.on {
            inspect(&l.clone().eq(r.clone()), &both)?;
        }
        if let Some(filter) = &join.filter {
            inspect(filter, &both)?;
        }
        let state = joined_state(&left, &right, &pairs, &outer)?;
        let schema = left.plan.schema().join(right.plan.schema())?;
        let mut on = Vec::new();
        for (l, r) in &join.on {
            on.push((total(l, &schema)?, total(r, &schema)?));
        }
        let filter = join.filter.as_ref().map(|f| total(f, &schema)).transpose()?;
        let nullable = |columns: Vec<ColumnFacts>, outer: bool| {
            columns.into_iter().map(move |c| match outer {
                true => ColumnFacts { facts: c.facts.made_nullable(), ..c },
                false => c,
            })
        };
        let columns =
            nullable(left.columns, outer.left).chain(nullable(right.columns, outer.right)).collect();
        let plan = LogicalPlan::Join(Join::try_new(
            Arc::new(left.plan),
            Arc::new(right.plan),
            on,
            filter,
            join.join_type,
            join.join_constraint,
            join.null_equality,
            join.null_aware,
        )?);
        // Both sides' hidden columns are still in the plan; only those of the state are carried further.
        Ok(Relation { plan, columns, state })
    }
}

/// The pairs of expressions that the join says are equal.
fn equal_pairs(join: &Join) -> Vec<(Expr, Expr)> {
    let mut pairs = join.on.clone();
    let conditions = join.filter.as_ref().map(|f| split_conjunction(f)).unwrap_or_default();
    for condition in conditions {
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition {
            pairs.push((left.as_ref().clone(), right.as_ref().clone()));
        }
    }
    pairs
}

fn joined_state(left: &Relation, right: &Relation, pairs: &[(Expr, Expr)], outer: &Outer) -> Result<State> {
    match (&left.state, &right.state) {
        (State::Protected { .. }, _) | (_, State::Protected { .. }) => {
            Err(Refusal::unsupported("A join with the result of an aggregate over many people").into())
        }
        (State::Reference, State::Reference) => Ok(State::Reference),
        (State::PerPerson { person, hidden, limited }, State::Reference)
        | (State::Reference, State::PerPerson { person, hidden, limited }) => {
            if !pairs.iter().any(|(a, b)| joins(a, b, left, right)) {
                return Err(Refusal::new(
                    "cross-join",
                    "A join needs an equality between the two tables.",
                    "Add the condition to ON.",
                )
                .into());
            }
            Ok(State::PerPerson { person: person.clone(), hidden: hidden.clone(), limited: *limited })
        }
        (
            State::PerPerson { person: l, hidden: lh, limited: ll },
            State::PerPerson { person: r, hidden: rh, limited: rl },
        ) => {
            let same = |a: &Expr, b: &Expr| is_person(a, &left.columns) && is_person(b, &right.columns);
            if !pairs.iter().any(|(a, b)| same(a, b) || same(b, a)) {
                return Err(Refusal::new(
                    "cross-person-join",
                    "Tables about people join on the same person only.",
                    "Join them with USING (person_id), and put further conditions beside it.",
                )
                .into());
            }
            Ok(State::PerPerson {
                // The side whose rows are always there.
                person: if outer.left { r.clone() } else { l.clone() },
                hidden: lh.iter().chain(rh).cloned().collect(),
                limited: *ll || *rl,
            })
        }
    }
}

fn is_person(expr: &Expr, columns: &[ColumnFacts]) -> bool {
    let Expr::Column(column) = expr else { return false };
    columns.iter().any(|c| c.column == *column && c.facts.kind == Kind::Person)
}

/// Whether an equality relates the two sides.
fn joins(a: &Expr, b: &Expr, left: &Relation, right: &Relation) -> bool {
    let of = |expr: &Expr, side: &Relation| {
        let references = expr.column_refs();
        let has = |column: &Column| side.columns.iter().any(|c| c.column == *column);
        !references.is_empty() && references.iter().all(|c| has(c))
    };
    (of(a, left) && of(b, right)) || (of(b, left) && of(a, right))
}
