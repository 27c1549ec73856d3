//! Joins: on the same person, or with reference tables.

use super::{Result, Rewriter, worst_state};
use crate::Refusal;
use crate::cannot_fail::total;
use crate::expression::{inspect, inspect_condition};
use crate::nobody::without_nobody;
use crate::relation::{Chosen, ColumnFacts, Facts, Kind, Relation, Role, Shape, State};
use datafusion::common::{Column, JoinType};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::logical_plan::{Join, Projection};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, LogicalPlan, Operator};
use std::sync::Arc;

/// What a kind of join keeps of its two sides.
enum Keeps {
    /// Rows of both, side by side; which side's may be missing.
    Both { left_missing: bool, right_missing: bool },
    /// The left side's rows, chosen by whether the right has such a row.
    Left,
    /// The right side's rows, chosen by the left.
    Right,
    /// The left side's rows, all of them, and a column that says whether the right has such a row.
    Marked,
}

impl Rewriter<'_> {
    pub(super) fn join(&self, join: &Join) -> Result<Relation> {
        let keeps = match join.join_type {
            JoinType::Inner => Keeps::Both { left_missing: false, right_missing: false },
            JoinType::Left => Keeps::Both { left_missing: false, right_missing: true },
            JoinType::Right => Keeps::Both { left_missing: true, right_missing: false },
            JoinType::Full => Keeps::Both { left_missing: true, right_missing: true },
            JoinType::LeftSemi | JoinType::LeftAnti => Keeps::Left,
            JoinType::RightSemi | JoinType::RightAnti => Keeps::Right,
            JoinType::LeftMark => Keeps::Marked,
            // No rule that runs before the check makes one.
            JoinType::RightMark => return Err(Refusal::unsupported("A mark join").into()),
        };
        let (mut left, mut right) = (self.rewrite(&join.left)?, self.rewrite(&join.right)?);
        match keeps {
            Keeps::Both { .. } => {}
            Keeps::Left | Keeps::Marked => right = self.chosen_by(join, right, &left)?,
            Keeps::Right => left = self.chosen_by(join, left, &right)?,
        }
        let both: Vec<ColumnFacts> = left.columns.iter().chain(&right.columns).cloned().collect();
        for (l, r) in &join.on {
            inspect(&l.clone().eq(r.clone()), &both)?;
        }
        let filter = join.filter.as_ref().map(|f| without_nobody(f, &both)).transpose()?;
        if let Some(filter) = &filter {
            inspect_condition(filter, &both)?;
        }
        let meeting = meeting(join, &left, &right);
        let certain = certain(join, &left) && certain(join, &right);
        let one_row = [&left, &right].iter().any(|side| {
            matches!(side.state, State::Reference) && side.plan.max_rows().is_some_and(|rows| rows <= 1)
        });
        let schema = left.plan.schema().join(right.plan.schema())?;
        let mut on = Vec::new();
        for (l, r) in &join.on {
            on.push((total(l, &schema)?, total(r, &schema)?));
        }
        on.extend(made_sure(join, &left, &right));
        let filter = filter.as_ref().map(|f| total(f, &schema)).transpose()?;
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
        // The sides' hidden columns are still in the plan; only those of the state are carried further.
        match keeps {
            Keeps::Both { left_missing, right_missing } => {
                let missing = |columns: Vec<ColumnFacts>, missing: bool| {
                    columns.into_iter().map(move |c| match missing {
                        true => ColumnFacts { facts: c.facts.made_nullable(), ..c },
                        false => c,
                    })
                };
                let widths = (left.columns.len(), right.columns.len());
                let columns =
                    missing(left.columns, left_missing).chain(missing(right.columns, right_missing));
                let columns = columns.collect();
                let shape =
                    Sides { meeting, missing: (left_missing, right_missing), widths, certain, one_row };
                let (plan, state) = self.side_by_side(plan, left.state, right.state, &shape)?;
                Ok(Relation { plan, columns, state })
            }
            Keeps::Left | Keeps::Marked => {
                let mut columns = left.columns;
                if matches!(keeps, Keeps::Marked) {
                    let mark = plan.schema().columns().pop();
                    let facts = Facts { role: Role::Derived, ..Facts::value(Shape::Other, false) };
                    columns.extend(mark.map(|column| ColumnFacts { column, facts }));
                }
                // What few people have is not among what chooses: what is left out is not there for sure.
                let sure = join.join_type == JoinType::LeftSemi;
                let state = self.chosen(left.state, right.state, meeting, columns.len(), sure)?;
                Ok(Relation { plan, columns, state })
            }
            Keeps::Right => {
                let sure = join.join_type == JoinType::RightSemi;
                let width = right.columns.len();
                let state = self.chosen(right.state, left.state, meeting, width, sure)?;
                Ok(Relation { plan, columns: right.columns, state })
            }
        }
    }

    /// The state of rows side by side.
    fn side_by_side(
        &self,
        plan: LogicalPlan,
        left: State,
        right: State,
        sides: &Sides,
    ) -> Result<(LogicalPlan, State)> {
        let Sides { meeting, missing, widths, certain, one_row } = *sides;
        match (left, right) {
            // The groups' values are as a release would show them, and mean no more than if the query had
            // them written in.
            (State::PerPerson { person, hidden, chosen }, State::Protected { boundaries, .. })
            | (State::Protected { boundaries, .. }, State::PerPerson { person, hidden, chosen }) => {
                self.go_on_with(boundaries);
                Ok((plan, State::PerPerson { person, hidden, chosen: chosen.max(Chosen::Grouped) }))
            }
            (
                State::Protected { mut boundaries, mut states, complete },
                State::Protected { boundaries: more, states: right, complete: all },
            ) => {
                boundaries.extend(more);
                states.extend(right);
                Ok((plan, State::Protected { boundaries, states, complete: complete && all && certain }))
            }
            (State::Protected { boundaries, mut states, complete }, State::Reference) => {
                states.extend(vec![None; widths.1]);
                Ok((plan, State::Protected { boundaries, states, complete: complete && certain }))
            }
            (State::Reference, State::Protected { boundaries, states: right, complete }) => {
                let states = std::iter::repeat_n(None, widths.0).chain(right).collect();
                Ok((plan, State::Protected { boundaries, states, complete: complete && certain }))
            }
            (State::Reference, State::Reference) => Ok((plan, State::Reference)),
            // Rows of the reference table that nobody has are nobody's. Where any of its rows may meet a
            // person's, or the query makes them up, they can multiply the person's rows at will, and a
            // multiple is not hidden by rounding.
            (State::PerPerson { person, hidden, chosen }, State::Reference)
            | (State::Reference, State::PerPerson { person, hidden, chosen }) => {
                let free = meeting == Meeting::Apart || self.made.get();
                let here = if free && !one_row { Chosen::Crowd } else { Chosen::Alone };
                Ok((plan, State::PerPerson { person, hidden, chosen: chosen.max(here) }))
            }
            (
                State::PerPerson { person: l, hidden: lh, chosen: lc },
                State::PerPerson { person: r, hidden: rh, chosen: rc },
            ) => {
                if meeting != Meeting::SamePerson {
                    return Err(other_people().into());
                }
                let hidden = lh.into_iter().chain(rh).collect();
                let chosen = lc.max(rc);
                let (plan, person) = match missing {
                    (false, _) => (plan, l),
                    (true, false) => (plan, r),
                    (true, true) => {
                        let name = self.hidden_name("person");
                        let either = coalesce(vec![Expr::Column(l), Expr::Column(r)]).alias(&name);
                        let all = plan.schema().columns().into_iter().map(Expr::Column);
                        let all = all.chain([either]).collect();
                        let plan = LogicalPlan::Projection(Projection::try_new(all, Arc::new(plan))?);
                        (plan, Column::new_unqualified(name))
                    }
                };
                Ok((plan, State::PerPerson { person, hidden, chosen }))
            }
        }
    }
}

/// Whether no condition of the join depends on a value that may be suppressed.
fn certain(join: &Join, side: &Relation) -> bool {
    let State::Protected { states, .. } = &side.state else { return true };
    let pairs = join.on.iter().flat_map(|(l, r)| [l, r]);
    let mut conditions = pairs.chain(&join.filter);
    !conditions.any(|condition| worst_state(condition, &side.columns, states).is_some())
}

fn other_people() -> Refusal {
    Refusal::new(
        "cross-person-join",
        "Tables about people join on the same person only.",
        "Join them with USING (person_id), and put further conditions beside it.",
    )
}

impl Rewriter<'_> {
    /// The state of one side's rows that the other side has chosen.
    fn chosen(&self, kept: State, by: State, meeting: Meeting, width: usize, sure: bool) -> Result<State> {
        match (kept, by) {
            (State::Reference, State::Reference) => Ok(State::Reference),
            (kept @ State::PerPerson { .. }, State::Reference) => Ok(kept),
            (State::Reference, State::PerPerson { .. }) => Err(Refusal::new(
                "reference-by-people",
                "Rows of a reference table cannot be chosen by whether there is anybody's row at all.",
                "Compare one of its columns with one of theirs.",
            )
            .into()),
            (State::PerPerson { person, hidden, chosen: kept }, State::PerPerson { chosen: by, .. }) => {
                match meeting {
                    Meeting::SamePerson => Ok(State::PerPerson { person, hidden, chosen: kept.max(by) }),
                    Meeting::Equal | Meeting::Apart => Err(other_people().into()),
                }
            }
            // As if the query had the values, as a release shows them, written in.
            (State::PerPerson { person, hidden, chosen }, State::Protected { boundaries, .. }) => {
                self.go_on_with(boundaries);
                Ok(State::PerPerson { person, hidden, chosen: chosen.max(Chosen::Grouped) })
            }
            (State::Protected { .. }, State::PerPerson { .. }) => Err(Refusal::new(
                "groups-by-people",
                "Results of an aggregate cannot be chosen by whether anybody's rows match them.",
                "Put the condition below the aggregate.",
            )
            .into()),
            // What is protected already chooses among what is; a suppressed value chooses nothing.
            (
                State::Protected { mut boundaries, mut states, .. },
                State::Protected { boundaries: more, .. },
            ) => {
                boundaries.extend(more);
                states.resize(width, None);
                Ok(State::Protected { boundaries, states, complete: false })
            }
            (State::Protected { boundaries, mut states, .. }, State::Reference) => {
                states.resize(width, None);
                Ok(State::Protected { boundaries, states, complete: false })
            }
            (State::Reference, State::Protected { boundaries, .. }) => {
                if !sure {
                    self.hold("groups-inside");
                }
                Ok(State::Protected { boundaries, states: vec![None; width], complete: false })
            }
        }
    }

    /// People's rows that choose among others' or among nobody's do so by the values that many of them have:
    /// as a list of these values that the query had been released before.
    fn chosen_by(&self, join: &Join, by: Relation, kept: &Relation) -> Result<Relation> {
        let State::PerPerson { .. } = by.state else { return Ok(by) };
        let people = matches!(kept.state, State::PerPerson { .. });
        if people && meeting(join, kept, &by) == Meeting::SamePerson {
            return Ok(by);
        }
        let conditions = join.on.iter().flat_map(|(l, r)| [l, r]).chain(&join.filter);
        let used: Vec<&Column> = conditions.flat_map(|e| e.column_refs()).collect();
        let values = by.columns.iter().filter(|c| used.contains(&&c.column));
        let values: Vec<Expr> = values.map(|c| Expr::Column(c.column.clone())).collect();
        if values.is_empty() {
            return Ok(by);
        }
        let input = Arc::new(by.plan.clone());
        self.aggregate(&Aggregate::try_new(input, values, vec![])?, by)
    }
}

/// Two sides whose rows stand beside each other.
struct Sides {
    meeting: Meeting,
    /// Whether the conditions depend on nothing that may be suppressed.
    certain: bool,
    /// Whether a side about nobody has one row at most.
    one_row: bool,
    /// Whose rows may be missing.
    missing: (bool, bool),
    /// Visible columns of each.
    widths: (usize, usize),
}

/// How the rows of two sides meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meeting {
    /// They are the same person's.
    SamePerson,
    /// Something of the one equals something of the other.
    Equal,
    /// Any with any.
    Apart,
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

fn meeting(join: &Join, left: &Relation, right: &Relation) -> Meeting {
    let pairs = equal_pairs(join);
    if both_are(Kind::Person, &pairs, left, right) || made_sure(join, left, right).is_some() {
        Meeting::SamePerson
    } else if pairs.iter().any(|(a, b)| joins(a, b, left, right)) {
        Meeting::Equal
    } else {
        Meeting::Apart
    }
}

/// The condition that two rows of the same visit, episode or the like are the same person's. By the contract they
/// are; it is made sure of.
fn made_sure(join: &Join, left: &Relation, right: &Relation) -> Option<(Expr, Expr)> {
    let (State::PerPerson { person: l, .. }, State::PerPerson { person: r, .. }) =
        (&left.state, &right.state)
    else {
        return None;
    };
    // NOT IN has one condition, whose NULLs count.
    let own = !join.null_aware && both_are(Kind::Own, &equal_pairs(join), left, right);
    own.then(|| (Expr::Column(l.clone()), Expr::Column(r.clone())))
}

/// Whether a column of this kind on the one side equals one on the other.
fn both_are(kind: Kind, pairs: &[(Expr, Expr)], left: &Relation, right: &Relation) -> bool {
    let is = |expr: &Expr, side: &Relation| match expr {
        Expr::Column(column) => side.columns.iter().any(|c| c.column == *column && c.facts.kind == kind),
        _ => false,
    };
    pairs.iter().any(|(a, b)| (is(a, left) && is(b, right)) || (is(b, left) && is(a, right)))
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
