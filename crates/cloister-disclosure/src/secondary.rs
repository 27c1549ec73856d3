//! Secondary suppression of a table with totals: further cells are hidden so that no hidden one can be worked out.
//!
//! Each column of counts is a table of its own: its rows by their places, hidden rows among them, and a relation for
//! each total. A cell that a rule took away must stay as uncertain as the policy's threshold asks; what is shown is
//! taken to be known exactly. Rounding would often hide enough by itself, but how much depends on the last digits of
//! what is hidden, and so would the pattern. The attack that failed comes with the result.
//!
//! A release says of every cell which rule took it away, so that the outsider knows that a cell hidden for others'
//! sake is no small one.

use crate::additive::{Additive, AdditiveCell, Range, Visible};
use crate::layout::Layout;
use crate::{Attack, Limits, Policy, Statistic, Table, Value, suppress};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// The most groups that are defended while a query waits; a greater table is held. All programs of such a table are
/// small, so that none takes for ever.
const GROUPS_MAX: usize = 500;
/// The most programs: a few seconds. No table of that size has needed half as many.
const PROGRAMS_MAX: u64 = 50_000;

/// An outsider's attack on a column, which failed: of no hidden cell can more be said than the policy permits. It
/// counts what the release shows anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defence {
    /// The column.
    pub column: usize,
    /// Cells that are shown as suppressed by a rule.
    pub primary: usize,
    /// Cells that were taken away beside them.
    pub secondary: usize,
    /// For each hidden row the other hidden rows that keep it uncertain: with them it can be more or less than it is,
    /// while every total that is shown stays as it is. That is the proof, and for checkers only.
    pub neighbours: BTreeMap<usize, BTreeSet<usize>>,
}

/// What came of a table.
pub(crate) struct Defended {
    /// The rows and columns to take away.
    pub(crate) more: BTreeSet<(usize, usize)>,
    pub(crate) defences: Vec<Defence>,
    /// Whether nothing that is hidden can be worked out. Where not, a checker looks.
    pub(crate) complete: bool,
}

/// Finds what else to take away. `withheld` are those that are hidden for the
/// ledger's sake, `hidden` says of every row and column whether it is hidden already, and `gone` of
/// every row whether it is not there at all.
pub(crate) fn defend(
    table: &Table,
    policy: &Policy,
    withheld: &BTreeSet<(usize, usize)>,
    hidden: &[Vec<bool>],
    gone: &[bool],
) -> Option<Defended> {
    let secondary = policy.secondary().filter(|s| s.on)?;
    // Where zeros are not shown, whether somebody is there may not be told by whether a table waits.
    if table.groups.len() > GROUPS_MAX || !policy.permits(0) {
        return None;
    }
    // With noise or rounding that depends on the whole table, what is shown says other things than here.
    if policy.cell_key().is_some() {
        return None;
    }
    let places = table.places.as_ref().filter(|p| p.len() == table.groups.len())?;
    let code = |code: &Option<u32>| code.map(|code| code.to_string());
    let keys: Vec<Vec<Option<String>>> =
        places.iter().map(|place| place.codes.iter().map(code).collect()).collect();
    let relations = Layout::of_grouping_sets(&keys);
    let mut defended = Defended {
        more: BTreeSet::new(),
        defences: Vec::new(),
        // Numbers of several columns may be subtracted from one another, and totals that nothing relates are not
        // understood.
        complete: table.columns.len() == 1 && !relations.is_empty(),
    };
    for (column, description) in table.columns.iter().enumerate() {
        let is_hidden = |row: usize| hidden.get(row).and_then(|row| row.get(column)).copied().unwrap_or(true);
        let adds_up = match description.statistic {
            Statistic::Count { additive } => additive,
            Statistic::People => true,
            _ => false,
        };
        if !adds_up {
            defended.complete &= !(0..table.groups.len()).any(is_hidden);
            continue;
        }
        let counts = table.groups.iter().map(|group| match group.cells.get(column).map(|cell| cell.value) {
            Some(Value::Count(n)) => Some(n),
            _ => None,
        });
        let counts = counts.collect::<Option<Vec<i64>>>()?;
        let sum = |rows: &[usize]| rows.iter().filter_map(|row| counts.get(*row)).sum::<i64>();
        // People in several groups add up to more than their total. Nobody subtracts then, but bounds remain.
        let known = relations.iter().filter(|r| sum(&[r.total]) == sum(&r.parts));
        let known: Vec<_> = known.cloned().collect();
        defended.complete &= known.len() == relations.len();
        let cells = counts.iter().enumerate().map(|(row, count)| {
            let contributors =
                table.groups.get(row).and_then(|g| g.cells.get(column)).map(|c| c.contributors);
            let total = places.get(row).is_some_and(|place| place.codes.iter().any(Option::is_none));
            let is_gone = gone.get(row).copied().unwrap_or(true);
            let least = match is_hidden(row) {
                true => i64::from(secondary.outsider_knows_zeros && *count > 0 && !is_gone),
                // What no rule took away has people enough behind it.
                false => threshold(policy).min(*count),
            };
            AdditiveCell {
                value: *count,
                lower: least,
                protect: is_hidden(row).then(|| match withheld.contains(&(row, column)) {
                    true => beside_released(*count, policy),
                    false => range(*count, contributors.unwrap_or_default(), policy),
                }),
                cost: if total && secondary.protect_totals { 10.0 } else { 1.0 },
                suppressible: *count > 0,
                shown: Visible::Exactly,
            }
        });
        let defence = Additive::new(cells.collect(), known).ok().and_then(|additive| {
            let limits = Limits { programs_max: PROGRAMS_MAX, ..Limits::for_cells(counts.len()) };
            suppress(&additive, &limits, &mut |_| ControlFlow::Continue(())).ok()
        });
        let Some(pattern) = defence else {
            defended.complete = false;
            continue;
        };
        defended.complete &= pattern.impossible().is_empty();
        defended.more.extend(pattern.secondary().iter().map(|row| (*row, column)));
        defended.defences.push(Defence {
            column,
            primary: gone.iter().enumerate().filter(|(row, gone)| !**gone && is_hidden(*row)).count(),
            secondary: pattern.secondary().len(),
            neighbours: neighbours(pattern.attack()),
        });
    }
    Some(defended)
}

/// What each goal was reached with, but for its own cell.
fn neighbours(attack: &Attack) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut of: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (goal, certificate) in attack.reached() {
        let others = certificate.moves().iter().map(|(cell, _)| *cell).filter(|cell| *cell != goal.cell);
        of.entry(goal.cell).or_default().extend(others);
    }
    of
}

fn threshold(policy: &Policy) -> i64 {
    i64::try_from(policy.contributors_min()).unwrap_or(i64::MAX)
}

/// How far an outsider must be left guessing. A number of people: from one to one less than are shown. A greater
/// number, of few people's rows: from half of it to its double.
fn range(count: i64, contributors: u64, policy: &Policy) -> Range {
    let few = threshold(policy).saturating_sub(1);
    match count {
        0 if contributors == 0 => Range { down: 0, up: few },
        count if count <= few => Range { down: count.saturating_sub(1).max(0), up: few - count },
        count => Range { down: count / 2, up: count },
    }
}

/// How far an outsider must be left guessing of a number that was near a released one: by all that is too few.
fn beside_released(count: i64, policy: &Policy) -> Range {
    let few = threshold(policy).saturating_sub(1);
    Range { down: few.min(count), up: few }
}

#[cfg(test)]
#[path = "secondary/tests.rs"]
mod tests;
