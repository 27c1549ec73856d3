//! Which numbers of a result can be subtracted from one another, or tell together what each alone does not.

use super::aggregate::Wanted;
use super::{Result, Rewriter};
use crate::argument::{Measured, Parts};
use crate::boundary::{Boundary, BoundaryOverlaps};
use crate::cannot_fail::total;
use crate::lineage::{Origins, multiplies, origins, repeats_rows};
use crate::overlap::{CONDITIONS_MAX, overlap};
use cloister_disclosure::{Kin, Statistic};
use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::{Aggregate, Expr, lit};
use std::collections::BTreeSet;

/// A number of a result, as far as it has to do with others.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) statistic: Statistic,
    function: String,
    /// The landed columns that it is made of; none for counts.
    origins: Origins,
    /// The conditions on the rows that it takes in.
    conditions: Vec<Expr>,
    argument: String,
}

impl Member {
    pub(super) fn new(parts: &Parts, measured: &Measured, aggregate: &Aggregate) -> Self {
        let all = measured.contributes.clone().unwrap_or_else(|| lit(true));
        let mut conditions = vec![all.clone()];
        if measured.statistic == Statistic::Rate {
            conditions.push(all.and(parts.argument.clone().not_eq(lit(0))));
        }
        let counts = is_count(measured.statistic);
        let mut of = if counts { Origins::new() } else { origins(parts.argument, &aggregate.input) };
        if !counts {
            // What was kept in a workspace table is known by these.
            of.extend(parts.facts.quantities.iter().cloned());
        }
        Self {
            statistic: measured.statistic,
            function: parts.name.to_owned(),
            origins: of,
            conditions,
            argument: measured.argument.clone(),
        }
    }

    /// What it is made of: landed columns, or rows.
    pub(crate) fn made_of(&self) -> Origins {
        if self.origins.is_empty() { ["rows".to_owned()].into() } else { self.origins.clone() }
    }

    /// The conditions on the rows that it takes in, as text.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = String> + '_ {
        self.conditions.iter().filter(|c| **c != lit(true)).map(crate::told::plain)
    }

    /// Whether the number is shown to all its digits, or to so many that differences of it are numbers too.
    fn is_exact(&self) -> bool {
        !is_count(self.statistic) && self.statistic != Statistic::Extreme
    }

    fn is_kin_of(&self, other: &Self) -> bool {
        self.is_exact() && other.is_exact() && !self.origins.is_disjoint(&other.origins)
    }

    /// Whether one is the sum over more groups of what the other is the sum over fewer.
    fn is_same_of(&self, other: &Self) -> bool {
        self.statistic == other.statistic
            && self.argument == other.argument
            && self.conditions == other.conditions
    }
}

fn is_count(statistic: Statistic) -> bool {
    matches!(statistic, Statistic::People | Statistic::Count { .. } | Statistic::Rate)
}

/// Codes of what a checker must look at, because numbers of the same rows tell more together than each alone.
pub(super) fn holds(members: &[Member], aggregate: &Aggregate) -> Vec<&'static str> {
    let mut holds = Vec::new();
    for (i, one) in members.iter().enumerate() {
        for other in members.iter().skip(i + 1).filter(|other| one.is_kin_of(other)) {
            let statistics = [one.statistic, other.statistic];
            let is_mean = |m: &Member| m.statistic == Statistic::Mean || m.function.starts_with("regr_avg");
            if statistics.contains(&Statistic::Sum) && (is_mean(one) || is_mean(other)) {
                holds.push("mean-with-sum");
            }
            if is_of_all(&one.function) != is_of_all(&other.function) && is_spread(one) && is_spread(other) {
                holds.push("spreads-of-both-kinds");
            }
        }
    }
    let numbers = members.iter().any(|m| !matches!(m.statistic, Statistic::People | Statistic::Extreme));
    if numbers && repeats_rows(&aggregate.input) {
        holds.push("repeated-rows");
    }
    holds
}

/// Whether a count of rows' own numbers is of numbers that are multiples.
pub(super) fn is_multiple(parts: &Parts, measured: &Measured, aggregate: &Aggregate) -> bool {
    matches!(measured.statistic, Statistic::Count { .. } | Statistic::Rate)
        && matches!(parts.name, "sum" | "avg")
        && multiplies(parts.argument, &aggregate.input)
}

fn is_spread(member: &Member) -> bool {
    member.statistic == Statistic::Spread || member.function.starts_with("covar")
}

fn is_of_all(function: &str) -> bool {
    function.ends_with("_pop")
}

/// Whether some sets of keys cross one another, and none of them has all keys: what their totals have in common
/// is not among the groups.
pub(super) fn lacks_finest(aggregate: &Aggregate) -> Option<Vec<Vec<Expr>>> {
    let [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] = aggregate.group_expr.as_slice() else {
        return None;
    };
    let mut all: Vec<Expr> = Vec::new();
    for key in sets.iter().flatten() {
        if !all.contains(key) {
            all.push(key.clone());
        }
    }
    if sets.iter().any(|set| all.iter().all(|key| set.contains(key))) {
        return None;
    }
    let mut with = sets.clone();
    with.push(all);
    Some(with)
}

/// Where a number stands among the others.
struct Place {
    family: Option<u32>,
    /// Whether it counts people.
    people: bool,
    /// Which of all conditions are its own.
    conditions: Vec<usize>,
}

/// Whether numbers are over rows of several conditions.
fn several<'a>(places: impl Iterator<Item = &'a Place>) -> bool {
    places.flat_map(|place| &place.conditions).collect::<BTreeSet<_>>().len() > 1
}

impl Rewriter<'_> {
    /// The hidden aggregates that say how the rows behind a result's numbers overlap; none where all are over
    /// the same rows.
    pub(super) fn overlaps(
        &self,
        members: &[Member],
        person: &Column,
        schema: &DFSchemaRef,
        wanted: &mut Wanted,
        holds: &mut Vec<&'static str>,
    ) -> Result<Option<BoundaryOverlaps>> {
        let families = families(members);
        let mut conditions: Vec<&Expr> = Vec::new();
        let mut columns = Vec::new();
        for (member, family) in members.iter().zip(&families) {
            let mut places = Vec::new();
            for condition in &member.conditions {
                let place = conditions.iter().position(|c| *c == condition).unwrap_or_else(|| {
                    conditions.push(condition);
                    conditions.len() - 1
                });
                places.push(place);
            }
            let people = member.statistic == Statistic::People;
            columns.push(Place { family: *family, people, conditions: places });
        }
        let known: BTreeSet<u32> = families.iter().flatten().copied().collect();
        let rows = known.iter().any(|family| several(columns.iter().filter(|c| c.family == Some(*family))));
        let people = several(columns.iter().filter(|c| c.people));
        if !rows {
            return Ok(None);
        }
        if conditions.len() > CONDITIONS_MAX {
            holds.push("many-conditions");
            return Ok(None);
        }
        let mut arguments = vec![Expr::Column(person.clone())];
        for condition in &conditions {
            arguments.push(total(condition, schema)?.is_true());
        }
        let of =
            |of_people: bool| overlap(of_people, conditions.len(), self.people_min).call(arguments.clone());
        let of_rows = wanted.index(of(false));
        let of_people = people.then(|| wanted.index(of(true)));
        let columns = columns.into_iter().map(|place| {
            let conditions: Vec<u8> = place.conditions.iter().filter_map(|c| u8::try_from(*c).ok()).collect();
            let kin = |of_people| {
                let conditions = conditions.clone();
                place.family.map(|family| Kin { family, of_people, conditions })
            };
            let counted = (place.people && of_people.is_some()).then(|| kin(true)).flatten();
            kin(false).into_iter().chain(counted).collect()
        });
        Ok(Some(BoundaryOverlaps { columns: columns.collect(), of_rows, of_people }))
    }
}

/// A number for each family: counts are one, and so are statistics that are made of the same landed column. An
/// extreme has none: enough people have it.
fn families(members: &[Member]) -> Vec<Option<u32>> {
    let mut families: Vec<Option<u32>> = (1u32..)
        .zip(members)
        .map(|(number, member)| match member.statistic {
            statistic if is_count(statistic) => Some(0),
            Statistic::Extreme => None,
            _ => Some(number),
        })
        .collect();
    for (i, one) in members.iter().enumerate() {
        for (j, other) in members.iter().enumerate().take(i) {
            let (mine, theirs) = (families.get(i).copied().flatten(), families.get(j).copied().flatten());
            if one.is_kin_of(other) && mine != theirs {
                families.iter_mut().filter(|f| **f == mine).for_each(|f| *f = theirs);
            }
        }
    }
    families
}

/// How several results in one query have to do with one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Beside {
    /// Nothing is to be had by subtracting.
    Apart,
    /// Some are totals of others over the same rows.
    Totals,
    /// They may be of rows that overlap but for few people's.
    Overlapping,
}

/// Compares the results that a query finishes from.
pub(crate) fn beside(boundaries: &[Boundary]) -> Beside {
    let mut all = Beside::Apart;
    for (i, one) in boundaries.iter().enumerate() {
        for other in boundaries.iter().take(i) {
            all = all.max(two(one, other));
        }
    }
    all
}

fn two(one: &Boundary, other: &Boundary) -> Beside {
    let same_rows = one.rows == other.rows;
    if same_rows && one.asked == other.asked {
        return Beside::Apart;
    }
    let mut kin = one.members.iter().flat_map(|a| other.members.iter().map(move |b| (a, b)));
    let mut kin = kin.by_ref().filter(|(a, b)| a.is_kin_of(b)).peekable();
    if kin.peek().is_none() {
        return Beside::Apart;
    }
    let (fewer, more) = match one.asked.keys.len() < other.asked.keys.len() {
        true => (one, other),
        false => (other, one),
    };
    let totals = same_rows
        && !one.totals
        && !other.totals
        && fewer.asked.keys.iter().all(|key| more.asked.keys.contains(key))
        && kin.all(|(a, b)| a.is_same_of(b));
    if totals { Beside::Totals } else { Beside::Overlapping }
}

/// What a result was asked for, as text that is equal for equal questions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    keys: BTreeSet<String>,
    aggregates: Vec<String>,
}

impl Asked {
    pub(super) fn new(aggregate: &Aggregate) -> Self {
        let text = |e: &Expr| e.to_string();
        Self {
            keys: aggregate.group_expr.iter().map(text).collect(),
            aggregates: aggregate.aggr_expr.iter().map(text).collect(),
        }
    }
}
