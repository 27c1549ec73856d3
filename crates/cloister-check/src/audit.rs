//! The attack on a table that somebody has suppressed: what subtraction tells of each number that is not shown.

mod attack;
mod words;

use crate::error::{CheckError, Problem};
use crate::grid::GridCell;
use crate::marker::Range;
use crate::measure::Measure;
use crate::outsider::propagate;
use crate::table::Table;
use attack::Attack;
use cloister_disclosure::{Contributions, Policy};
use words::Words;

pub(crate) use words::shown;

/// What can be worked out of a number that is not shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// The row, counted from 1 with the header.
    pub row: usize,
    /// The column, counted from 1.
    pub column: usize,
    /// What the number is: `count` or `value`.
    pub measure: &'static str,
    /// The cell's labels.
    pub labels: String,
    /// The numbers that it can be.
    pub range: Range,
    /// How it is worked out, in words.
    pub because: String,
}

impl Recovered {
    /// Whether it is known exactly.
    pub fn is_exact(&self) -> bool {
        self.range.low == self.range.high
    }
}

/// What an attack found.
#[derive(Clone, Debug)]
pub struct Audited {
    pub(crate) table: Table,
    /// Cells that are known exactly, or more closely than the policy allows, in the order of the file.
    pub found: Vec<Recovered>,
    /// Cells that are not shown.
    pub suppressed: usize,
    /// Of them, those that hang together with too many others, and were attacked with the relations near them only: what
    /// was found of them is true, but may not be all.
    pub bounded_only: usize,
    /// Sums that are not shown nor recovered, and whose greatest contributions the file does not give: whether readers can
    /// work out one person's amount too closely is not judged.
    pub amounts_unjudged: usize,
}

/// Attacks a suppressed table, whose reader knows the policy: the numbers of people, and the sums of amounts.
///
/// An amount is found if it is known but for rounding; or, where the file gives the two greatest contributions, if
/// whoever contributed the second greatest can work out the greatest more closely than the policy's rules on shares
/// permit (the upper protection level of the p % and (n, k) rules).
///
/// # Errors
/// Where the numbers that are shown contradict each other.
pub fn audit(table: Table, policy: &Policy) -> Result<Audited, CheckError> {
    let mut audited =
        Audited { found: Vec::new(), suppressed: 0, bounded_only: 0, amounts_unjudged: 0, table };
    for measure in [Measure::Count, Measure::Value] {
        if audited.table.grid.has(measure) {
            let task = Task::of(&audited.table, policy, measure);
            let found = task.attack()?;
            audited.suppressed += found.suppressed;
            audited.bounded_only += found.bounded_only;
            audited.amounts_unjudged += found.unjudged;
            audited.found.extend(found.found);
        }
    }
    audited.found.sort_by_key(|f| (f.row, f.column));
    Ok(audited)
}

/// One measure of a table.
struct Task<'a> {
    table: &'a Table,
    policy: &'a Policy,
    measure: Measure,
    /// The width up to which a number is as good as known.
    exact: f64,
    decimals: i32,
}

/// What came of one measure.
#[derive(Default)]
struct Found {
    found: Vec<Recovered>,
    suppressed: usize,
    bounded_only: usize,
    unjudged: usize,
}

impl<'a> Task<'a> {
    fn of(table: &'a Table, policy: &'a Policy, measure: Measure) -> Self {
        let numbers = table.grid.cells.iter().filter_map(|c| c.entry(measure).and_then(|e| e.number));
        let decimals = numbers.clone().map(|n| n.decimals).max().unwrap_or(0);
        let coarsest = numbers.map(|n| n.decimals).min().unwrap_or(0);
        // Each number of a sum may be off by half a unit of its last decimal.
        let parts = table.relations.iter().map(|r| r.parts.len() + 1).max().unwrap_or(0) + 1;
        let exact = if measure == Measure::Count { 0.0 } else { 10f64.powi(-coarsest) * parts as f64 };
        Self { table, policy, measure, exact, decimals }
    }

    fn attack(&self) -> Result<Found, CheckError> {
        let known: Vec<Range> = self.table.grid.cells.iter().map(|cell| self.known(cell)).collect();
        let derived =
            propagate(&known, &self.table.relations).map_err(|relation| self.contradiction(relation))?;
        let mut attack = Attack::new(self.table, &known, derived, self.exact);
        let mut found = Found { bounded_only: attack.exactly(), ..Found::default() };
        let Attack { derived, because, .. } = attack;
        let decimals = usize::try_from(self.decimals).unwrap_or(0);
        let words = Words { table: self.table, derived: &derived, exact: self.exact, decimals };
        for (cell, numbers) in self.table.grid.cells.iter().enumerate() {
            let Some(entry) = numbers.entry(self.measure).filter(|e| e.number.is_none()) else { continue };
            let (Some(before), Some(after)) = (known.get(cell), derived.get(cell)) else { continue };
            if before.low == before.high {
                continue;
            }
            found.suppressed += 1;
            let exact = after.range.high - after.range.low <= self.exact;
            let narrowed = match (self.measure, self.needed(numbers)) {
                (Measure::Count, _) => narrowed(*before, after.range, self.policy),
                (_, Some(needed)) => after.range.high < needed - 1e-9 * (1.0 + needed),
                (_, None) => {
                    found.unjudged += usize::from(!exact);
                    false
                }
            };
            if exact || narrowed {
                found.found.push(Recovered {
                    row: entry.row + 1,
                    column: entry.column + 1,
                    measure: self.measure.name(),
                    labels: self.table.grid.labels(cell),
                    range: words.rounded(after.range),
                    because: words.of(cell, after, because.get(&cell)),
                });
            }
        }
        Ok(found)
    }

    /// What the file tells of a number by itself.
    fn known(&self, cell: &GridCell) -> Range {
        let Some(entry) = cell.entry(self.measure) else { return Range::ANY };
        if self.measure == Measure::Count {
            let policy = self.policy;
            let knows = policy.permits(0) && policy.secondary().is_none_or(|s| s.outsider_knows_zeros);
            let Range { low, high } = entry.range;
            // Zeros are shown: what is not shown is somebody.
            let somebody = low == 0.0 && high > 0.0 && knows && entry.number.is_none();
            return Range { low: if somebody { 1.0 } else { low }, high };
        }
        match entry.number {
            Some(number) => {
                let half = 0.5 * 10f64.powi(-number.decimals);
                Range { low: (number.value - half).max(0.0), high: number.value + half }
            }
            // Markers speak of people. No sum is less than what two contributed to it.
            None => {
                let given = |m| cell.entry(m).and_then(|e| e.number).map_or(0.0, |n| n.value);
                Range { low: given(Measure::Top1) + given(Measure::Top2), high: f64::INFINITY }
            }
        }
    }

    /// The greatest value that readers must be left with of an amount, where the file gives its two greatest
    /// contributions.
    fn needed(&self, cell: &GridCell) -> Option<f64> {
        let given = |m| cell.entry(m).and_then(|e| e.number).map(|n| n.value);
        let (first, second) = (given(Measure::Top1)?, given(Measure::Top2)?);
        let total = first + second;
        let given = Contributions { largest: first.max(second), second: first.min(second), total };
        // The level is above the sum, whatever the sum is.
        Some(total + self.policy.upper_protection(given))
    }

    fn contradiction(&self, relation: usize) -> CheckError {
        let total = self.table.relations.get(relation).and_then(|r| self.table.grid.cells.get(r.total));
        let fault = match total.and_then(|cell| cell.entry(self.measure)) {
            Some(entry) => Problem::TotalsDoNotAdd.at(entry.row, entry.column),
            None => Problem::TotalsDoNotAdd.whole(),
        };
        fault.of(&self.table.name)
    }
}

/// Whether a small number's range is smaller than the policy leaves it, or than its own marker says.
fn narrowed(before: Range, after: Range, policy: &Policy) -> bool {
    let zero: f64 = if policy.permits(0) { 1.0 } else { 0.0 };
    // Thresholds are small.
    let most = policy.contributors_min() as f64 - 1.0;
    let (low, high) = (zero.max(before.low), most.min(before.high));
    let may_be_small = after.low <= high && after.high >= low;
    may_be_small && (after.low > low || after.high < high)
}
