//! Findings and the protected table.

use crate::{Cell, Group, Policy, SmallGroups, Statistic, Table, Value};
use std::collections::HashSet;

/// A rule, by its stable identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Too few people stand behind the cell.
    SmallCount,
    /// Too few people are in one branch of a condition inside the aggregate.
    SmallBranch,
    /// Too few people have the extreme value, or are on one side of the quantile.
    SmallSupport,
    /// One or two people make up too much of the total.
    Dominance,
    /// Whoever is second could work out too much of the first's part.
    PPercent,
    /// Too few people for a spread, a correlation or a regression.
    DegreesOfFreedom,
    /// The policy shows no least and greatest values.
    Extreme,
    /// Too few people make the difference to other numbers of the row.
    SmallDifference,
    /// The group is too small and its label is not public, so it was merged.
    SmallGroup,
    /// The statistic of merged groups is not known.
    Merged,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 10] = [
        Self::SmallCount,
        Self::SmallBranch,
        Self::SmallSupport,
        Self::SmallDifference,
        Self::Dominance,
        Self::PPercent,
        Self::DegreesOfFreedom,
        Self::Extreme,
        Self::SmallGroup,
        Self::Merged,
    ];

    /// The stable identifier.
    pub fn code(self) -> &'static str {
        match self {
            Self::SmallCount => "small-count",
            Self::SmallBranch => "small-branch",
            Self::SmallSupport => "small-support",
            Self::Dominance => "dominance",
            Self::PPercent => "p-percent",
            Self::DegreesOfFreedom => "degrees-of-freedom",
            Self::Extreme => "extreme",
            Self::SmallDifference => "small-difference",
            Self::SmallGroup => "small-group",
            Self::Merged => "merged-statistic",
        }
    }
}

/// A rule's objection to a cell. For checkers; a researcher sees only the states of what is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The input row.
    pub group: usize,
    /// The input column; `None` where the whole row is meant.
    pub column: Option<usize>,
    /// The distinct people that the rule counted.
    pub people: u64,
}

/// Why a person must look before anything leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The output has more cells than anybody reads.
    TooManyCells,
    /// A total and a mean of the same measure give the exact count, which is rounded elsewhere.
    MeanWithSum,
    /// A suppressed cell stands beside totals that it can be subtracted from.
    TotalsBesideSuppressed,
}

impl Hold {
    /// The stable identifier.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyCells => "too-many-cells",
            Self::MeanWithSum => "mean-with-sum",
            Self::TotalsBesideSuppressed => "totals-beside-suppressed",
        }
    }
}

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// Shown.
    Shown,
    /// Not shown, and why.
    Suppressed(Rule),
}

/// How a shown cell's number is to be written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// A genuine NULL.
    Null,
    /// A count, rounded.
    Count(i64),
    /// A share of rounded counts.
    Rate(f64),
    /// The number that the caller kept for this group and column.
    AsGiven,
    /// That number, to so many significant digits.
    Digits(u8),
}

/// A protected cell: a value, or the rule that took it away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProtectedCell {
    shown: Result<Shown, Rule>,
}

impl ProtectedCell {
    /// What became of it.
    pub fn state(&self) -> CellState {
        match self.shown {
            Ok(_) => CellState::Shown,
            Err(rule) => CellState::Suppressed(rule),
        }
    }

    /// The value; `None` where it is suppressed.
    pub fn shown(&self) -> Option<Shown> {
        self.shown.ok()
    }

    /// The count; `None` where it is suppressed or not a count.
    pub fn count(&self) -> Option<i64> {
        match self.shown {
            Ok(Shown::Count(n)) => Some(n),
            _ => None,
        }
    }
}

/// Where a protected row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The input row with this index, with its label.
    Group(usize),
    /// Several small rows whose labels are not shown.
    Other,
}

/// A protected row.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedRow {
    /// Where it comes from.
    pub origin: Origin,
    /// One cell per column.
    pub cells: Vec<ProtectedCell>,
}

/// A table that a policy has been applied to. Only [`protect`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Protected {
    rows: Vec<ProtectedRow>,
    findings: Vec<Finding>,
    holds: Vec<Hold>,
}

impl Protected {
    /// The rows, in the order of the input; merged ones last.
    pub fn rows(&self) -> &[ProtectedRow] {
        &self.rows
    }

    /// Every rule's objection, in the order of the input.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Why a person must look.
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }
}

/// Applies a policy to a table.
pub fn protect(table: &Table, policy: &Policy) -> Protected {
    let mut protected = Protected { rows: Vec::new(), findings: Vec::new(), holds: Vec::new() };
    let mut merged = Vec::new();
    for (index, group) in table.groups.iter().enumerate() {
        // A label with no number beside it says only that somebody is there: a public domain does not help.
        let label_tells = !table.labels_public || table.columns.is_empty();
        if label_tells && group.people < policy.contributors_min() {
            protected.findings.push(Finding {
                rule: Rule::SmallGroup,
                group: index,
                column: None,
                people: group.people,
            });
            merged.push(group);
            continue;
        }
        let mut seen: Vec<usize> = Vec::new();
        let cells = group.cells.iter().enumerate().map(|(column, cell)| {
            let statistic = table.columns.get(column).map(|c| c.statistic);
            let tells = || table.overlaps.as_ref().and_then(|o| o.tells(index, &seen, column, policy));
            let shown = protect_cell(cell, statistic, policy).and_then(|shown| match tells() {
                Some(people) => Err((Rule::SmallDifference, people)),
                None => Ok(shown),
            });
            match shown {
                Ok(_) => seen.push(column),
                Err((rule, people)) => {
                    protected.findings.push(Finding { rule, group: index, column: Some(column), people });
                }
            }
            ProtectedCell { shown: shown.map_err(|(rule, _)| rule) }
        });
        let cells = cells.collect();
        protected.rows.push(ProtectedRow { origin: Origin::Group(index), cells });
    }
    let merges = policy.small_groups() == SmallGroups::Merge && !table.totals;
    if merges && !merged.is_empty() && !table.columns.is_empty() {
        protected.rows.push(merge(table, &merged, policy));
    }
    let cells = (protected.rows.len() as u64).saturating_mul(table.columns.len().max(1) as u64);
    if cells > policy.cells_max() {
        protected.holds.push(Hold::TooManyCells);
    }
    if table.totals && !protected.findings.is_empty() {
        protected.holds.push(Hold::TotalsBesideSuppressed);
    }
    let with = |statistic| table.columns.iter().filter(move |c| c.statistic == statistic);
    if with(Statistic::Sum).any(|sum| with(Statistic::Mean).any(|mean| mean.argument == sum.argument)) {
        protected.holds.push(Hold::MeanWithSum);
    }
    protected
}

/// The value to show, or the rule that forbids it and the people it counted.
fn protect_cell(cell: &Cell, statistic: Option<Statistic>, policy: &Policy) -> Result<Shown, (Rule, u64)> {
    if !policy.permits(cell.contributors) {
        return Err((Rule::SmallCount, cell.contributors));
    }
    if let Some(people) = cell.branches.iter().copied().find(|people| !policy.permits(*people)) {
        return Err((Rule::SmallBranch, people));
    }
    // Nobody stands at the value only where there is none.
    if let Some(people) = cell.support
        && people < policy.contributors_min()
        && cell.contributors > 0
    {
        return Err((Rule::SmallSupport, people));
    }
    if let Some(rule) = statistic.and_then(|statistic| objection(cell, statistic, policy)) {
        return Err((rule, cell.contributors));
    }
    Ok(match cell.value {
        Value::Null => Shown::Null,
        Value::Count(n) => Shown::Count(policy.round(n)),
        Value::Rate { numerator, denominator } => match policy.round(denominator) {
            0 => Shown::Null,
            shown => Shown::Rate(policy.round(numerator) as f64 / shown as f64),
        },
        Value::Measure => match statistic {
            // All digits of a mean tell the number that it was divided by, where measures have few decimals;
            // those of a spread do too, and those of a quantile are one or two people's own.
            Some(Statistic::Mean | Statistic::Spread | Statistic::Association | Statistic::Quantile)
            | None => Shown::Digits(policy.mean_digits()),
            Some(Statistic::People | Statistic::Count { .. } | Statistic::Rate) => Shown::Null,
            // Enough people have an extreme for it to be nobody's own.
            Some(Statistic::Sum | Statistic::Extreme) => Shown::AsGiven,
        },
    })
}

/// What a statistic is judged by besides how many people are behind it.
fn objection(cell: &Cell, statistic: Statistic, policy: &Policy) -> Option<Rule> {
    if cell.value == Value::Null {
        return None;
    }
    let freed = |parameters| policy.frees(cell.contributors, parameters);
    match statistic {
        Statistic::Spread if !freed(1) => Some(Rule::DegreesOfFreedom),
        Statistic::Association if !freed(2) => Some(Rule::DegreesOfFreedom),
        Statistic::Sum | Statistic::Mean | Statistic::Spread => policy.concentrated(cell.contributions),
        Statistic::Extreme if !policy.extremes_shown() => Some(Rule::Extreme),
        Statistic::People
        | Statistic::Count { .. }
        | Statistic::Rate
        | Statistic::Extreme
        | Statistic::Quantile
        | Statistic::Association => None,
    }
}

/// One row for all small groups. Only what is known exactly of the union is shown: its people and
/// the counts that add up.
fn merge(table: &Table, groups: &[&Group], policy: &Policy) -> ProtectedRow {
    let known = groups.iter().all(|g| g.few.as_ref().is_some_and(|few| few.len() as u64 == g.people));
    let people: HashSet<u32> = groups.iter().filter_map(|g| g.few.as_ref()).flatten().copied().collect();
    let people = people.len() as u64;
    let cells = table.columns.iter().enumerate().map(|(column, description)| {
        if !known || people < policy.contributors_min() {
            return Err(Rule::SmallCount);
        }
        let count = |n: i64| Ok(Shown::Count(policy.round(n)));
        match description.statistic {
            Statistic::People | Statistic::Count { additive: true } => match taken_in(groups, column) {
                TakenIn::Nobody if policy.permits(0) => count(0),
                TakenIn::Nobody | TakenIn::Some => Err(Rule::Merged),
                TakenIn::Everybody if description.statistic == Statistic::People => {
                    count(i64::try_from(people).unwrap_or(i64::MAX))
                }
                TakenIn::Everybody => {
                    let mut counts = groups.iter().map(|g| match g.cells.get(column).map(|c| c.value) {
                        Some(Value::Count(n)) => Some(n),
                        _ => None,
                    });
                    let sum = counts.try_fold(0i64, |sum, n| sum.checked_add(n?));
                    sum.map_or(Err(Rule::Merged), count)
                }
            },
            Statistic::Count { additive: false }
            | Statistic::Rate
            | Statistic::Sum
            | Statistic::Mean
            | Statistic::Extreme
            | Statistic::Quantile
            | Statistic::Spread
            | Statistic::Association => Err(Rule::Merged),
        }
    });
    ProtectedRow { origin: Origin::Other, cells: cells.map(|shown| ProtectedCell { shown }).collect() }
}

/// Whom of several groups a column's numbers take in.
enum TakenIn {
    /// All of their people: the union of the groups is theirs.
    Everybody,
    /// None of them.
    Nobody,
    /// Some: how many of the union is not known.
    Some,
}

fn taken_in(groups: &[&Group], column: usize) -> TakenIn {
    let cells = || groups.iter().map(|g| (g.people, g.cells.get(column)));
    let everybody = |(people, cell): (u64, Option<&Cell>)| {
        cell.is_some_and(|c| {
            c.contributors == people && c.branches.iter().all(|branch| [0, people].contains(branch))
        })
    };
    if cells().all(everybody) {
        return TakenIn::Everybody;
    }
    if cells().all(|(_, cell)| cell.is_some_and(|c| c.contributors == 0)) {
        return TakenIn::Nobody;
    }
    TakenIn::Some
}

#[cfg(test)]
#[path = "protect/tests.rs"]
mod tests;
