//! Findings and the protected table.

use crate::class::{Classes, RowClass};
use crate::judgement::judge;
use crate::secondary::{Defence, defend};
use crate::together::round_together;
use crate::{Cell, ClassOutcome, Group, Policy, RoundingMethod, SmallGroups, Statistic, Table, Value};
use std::collections::{BTreeSet, HashSet};

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
    /// The table says of a whole group which category its people are in.
    ClassDisclosure,
    /// The policy shows no quantiles.
    Quantile,
    /// What the number derives from is rounded so far that nothing of it is left.
    Precision,
    /// The policy shows counts with noise only, and there is no key to draw it by.
    CellKey,
    /// Nothing is wrong with the cell, but others could be worked out from it.
    Secondary,
    /// With what was released before it would say something of too few people.
    Ledger,
}

impl Rule {
    /// Every rule. Cell states are kept by a rule's place here: new ones go to the end.
    pub const ALL: [Self; 16] = [
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
        Self::ClassDisclosure,
        Self::Quantile,
        Self::Precision,
        Self::CellKey,
        Self::Secondary,
        Self::Ledger,
    ];

    /// Whether the policy permits no number of this kind, whoever stands behind it.
    pub fn permits_none(self) -> bool {
        matches!(self, Self::Extreme | Self::Quantile)
    }

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
            Self::ClassDisclosure => "class-disclosure",
            Self::Quantile => "quantile",
            Self::Precision => "precision",
            Self::CellKey => "cell-key",
            Self::Secondary => "secondary",
            Self::Ledger => "ledger",
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
    /// A rule's finding is one that the policy has a checker judge.
    Finding(Rule),
    /// The policy rounds so that totals still add up, and here nothing does so.
    TotalsRoundedApart,
}

impl Hold {
    /// What holds an output under every policy.
    pub(crate) const ALWAYS: [Self; 4] =
        [Self::TooManyCells, Self::MeanWithSum, Self::TotalsBesideSuppressed, Self::TotalsRoundedApart];

    /// The stable identifier.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyCells => "too-many-cells",
            Self::MeanWithSum => "mean-with-sum",
            Self::TotalsBesideSuppressed => "totals-beside-suppressed",
            Self::Finding(rule) => rule.code(),
            Self::TotalsRoundedApart => "totals-rounded-apart",
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
    /// Not shown, because the policy permits no number of this kind.
    NotPermitted(Rule),
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
            Err(rule) if rule.permits_none() => CellState::NotPermitted(rule),
            Err(rule) => CellState::Suppressed(rule),
        }
    }

    /// The value; `None` where it is suppressed.
    pub fn shown(&self) -> Option<Shown> {
        self.shown.ok()
    }

    pub(crate) fn show(&mut self, shown: Shown) {
        self.shown = Ok(shown);
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Protected {
    rows: Vec<ProtectedRow>,
    findings: Vec<Finding>,
    holds: Vec<Hold>,
    defences: Vec<Defence>,
}

impl Protected {
    /// For each column of a table with totals, the attack that failed on what is shown; none where nothing had to be
    /// defended, or nothing could be.
    pub fn defences(&self) -> &[Defence] {
        &self.defences
    }

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
    protect_withholding(table, policy, &BTreeSet::new())
}

/// The same, with cells that are not shown whatever stands behind them, by their rows and columns in the input: what was
/// released before tells too much beside them.
pub fn protect_withholding(table: &Table, policy: &Policy, withheld: &BTreeSet<(usize, usize)>) -> Protected {
    let mut protected = Protected::default();
    let hidden: Vec<bool> = table.groups.iter().map(|group| is_hidden(table, group, policy)).collect();
    let classes = Classes::of(table, &hidden, policy);
    let mut merged = Vec::new();
    for (index, group) in table.groups.iter().enumerate() {
        if hidden.get(index) == Some(&true) {
            protected.findings.push(Finding {
                rule: Rule::SmallGroup,
                group: index,
                column: None,
                people: group.people,
            });
            merged.push(group);
            continue;
        }
        match classes.of_row(index) {
            RowClass::None => {}
            RowClass::Found => protected.findings.push(classes.finding(index, group)),
            RowClass::LeftOut => {
                protected.findings.push(classes.finding(index, group));
                continue;
            }
            RowClass::Suppressed => {
                protected.findings.push(classes.finding(index, group));
                let cells = vec![ProtectedCell { shown: Err(Rule::ClassDisclosure) }; group.cells.len()];
                protected.rows.push(ProtectedRow { origin: Origin::Group(index), cells });
                continue;
            }
        }
        let mut seen: Vec<usize> = Vec::new();
        let cells = group.cells.iter().enumerate().map(|(column, cell)| {
            let statistic = table.columns.get(column).map(|c| c.statistic);
            let tells = || table.overlaps.as_ref().and_then(|o| o.tells(index, &seen, column, policy));
            let shown = judge(cell, statistic, policy).and_then(|shown| match tells() {
                Some(people) => Err((Rule::SmallDifference, people)),
                None if withheld.contains(&(index, column)) => Err((Rule::Ledger, cell.contributors)),
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
    let class_holds = policy.class_disclosure().is_some_and(|(outcome, _)| outcome == ClassOutcome::Hold);
    // What a checker only looks at takes nothing away that could be subtracted.
    let takes = |finding: &Finding| !(class_holds && finding.rule == Rule::ClassDisclosure);
    let subtractable = table.totals
        && protected.findings.iter().any(takes)
        && !hide_more(table, policy, withheld, &mut protected);
    protected.holds = holds(table, &protected, classes.unknown, policy);
    if subtractable {
        protected.holds.push(Hold::TotalsBesideSuppressed);
    }
    let together = policy.rounding_method() == RoundingMethod::Controlled && policy.rounding_base() > 1;
    if table.totals && together && !round_together(table, policy, &mut protected.rows) {
        protected.holds.push(Hold::TotalsRoundedApart);
    }
    protected
}

/// Takes away what others could be worked out from; whether nothing hidden can be worked out then.
fn hide_more(
    table: &Table,
    policy: &Policy,
    withheld: &BTreeSet<(usize, usize)>,
    protected: &mut Protected,
) -> bool {
    let mut hidden: Vec<Vec<bool>> = table.groups.iter().map(|g| vec![true; g.cells.len()]).collect();
    let mut gone = vec![true; table.groups.len()];
    for row in &protected.rows {
        let Origin::Group(group) = row.origin else { continue };
        if let (Some(hidden), Some(gone)) = (hidden.get_mut(group), gone.get_mut(group)) {
            *hidden = row.cells.iter().map(|cell| cell.state() != CellState::Shown).collect();
            *gone = false;
        }
    }
    let Some(defended) = defend(table, policy, withheld, &hidden, &gone) else { return false };
    for row in &mut protected.rows {
        let Origin::Group(group) = row.origin else { continue };
        for (column, cell) in row.cells.iter_mut().enumerate() {
            if defended.more.contains(&(group, column)) && cell.state() == CellState::Shown {
                cell.shown = Err(Rule::Secondary);
                let people = table.groups.get(group).map_or(0, |g| g.people);
                let column = Some(column);
                protected.findings.push(Finding { rule: Rule::Secondary, group, column, people });
            }
        }
    }
    protected.defences = defended.defences;
    defended.complete
}

/// Whether a group's label is not shown. A label with no number beside it says only that somebody is there: a public
/// domain does not help.
fn is_hidden(table: &Table, group: &Group, policy: &Policy) -> bool {
    let label_tells = !table.labels_public || table.columns.is_empty();
    label_tells && group.people < policy.contributors_min()
}

/// Why a person must look at what came out.
fn holds(table: &Table, protected: &Protected, classes_unknown: bool, policy: &Policy) -> Vec<Hold> {
    let mut holds = Vec::new();
    let cells = (protected.rows.len() as u64).saturating_mul(table.columns.len().max(1) as u64);
    if cells > policy.cells_max() {
        holds.push(Hold::TooManyCells);
    }
    let found = |rule| protected.findings.iter().any(|f| f.rule == rule);
    let class_holds = policy.class_disclosure().is_some_and(|(outcome, _)| outcome == ClassOutcome::Hold);
    let with = |statistic| table.columns.iter().filter(move |c| c.statistic == statistic);
    if with(Statistic::Sum).any(|sum| with(Statistic::Mean).any(|mean| mean.argument == sum.argument)) {
        holds.push(Hold::MeanWithSum);
    }
    let of_class = |rule| rule == Rule::ClassDisclosure && (classes_unknown || (class_holds && found(rule)));
    let held = Rule::ALL.into_iter().filter(|rule| of_class(*rule) || (policy.holds(*rule) && found(*rule)));
    holds.extend(held.map(Hold::Finding));
    holds
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
        if policy.cell_key().is_some() {
            return Err(Rule::CellKey);
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
    // A condition that all of one group meet and nobody of another has some of the union on either side.
    let met = |cell: Option<&Cell>| cell.map(|c| c.branches.iter().map(|n| *n > 0).collect::<Vec<_>>());
    let mut conditions = cells().map(|(_, cell)| met(cell));
    let first = conditions.next();
    if cells().all(everybody) && conditions.all(|met| Some(met) == first) {
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
