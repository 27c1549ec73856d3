//! The policy's rules on each cell by itself, before anybody subtracts.

use crate::grid::GridCell;
use crate::measure::Measure;
use crate::table::Table;
use cloister_disclosure::{
    Cell, Column, Contributions, Group, Place, Policy, Protected, Shown, Statistic, Value, protect,
};

/// The measures that are judged. What one or two people contribute is never shown, so there is nothing to judge.
const JUDGED: [Measure; 3] = [Measure::Count, Measure::Value, Measure::Mean];

/// What became of a number by the policy's rules alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It may be shown so.
    Show(Shown),
    /// It may not, by the rule with this code.
    Forbid(&'static str),
}

/// What the rules say of a table.
pub(crate) struct Primary {
    /// The measures that the table has, of those that are judged.
    pub(crate) measures: Vec<Measure>,
    protected: Protected,
}

impl Primary {
    /// Applies a policy to every cell.
    pub(crate) fn of(table: &Table, policy: &Policy) -> Self {
        let measures: Vec<Measure> = JUDGED.into_iter().filter(|m| table.grid.has(*m)).collect();
        let columns = measures.iter().map(|measure| {
            let statistic = match measure {
                Measure::Value => Statistic::Sum,
                Measure::Mean => Statistic::Mean,
                _ => Statistic::People,
            };
            // A mean beside its sum gives the count away, which matters where counts are rounded.
            let argument = if policy.rounding_base() > 1 { "value" } else { measure.name() };
            Column { name: measure.name().to_owned(), statistic, argument: argument.to_owned() }
        });
        let groups = table.grid.cells.iter().map(|cell| group(cell, &measures)).collect();
        let judged = cloister_disclosure::Table {
            columns: columns.collect(),
            // Every combination of labels has a cell, so a label says nothing of who is there.
            labels_public: true,
            groups,
            places: places(table),
            ..cloister_disclosure::Table::default()
        };
        Self { protected: protect(&judged, policy), measures }
    }

    /// What became of a cell's number.
    pub(crate) fn verdict(&self, cell: usize, measure: Measure) -> Verdict {
        let place = self.measures.iter().position(|m| *m == measure);
        let row = self.protected.rows().iter();
        // Public labels keep every row in its place.
        let cell = place.and_then(|place| row.clone().nth(cell).and_then(|r| r.cells.get(place)));
        match cell.map(|c| (c.shown(), c.state())) {
            Some((Some(shown), _)) => Verdict::Show(shown),
            Some((None, cloister_disclosure::CellState::Suppressed(rule)))
            | Some((None, cloister_disclosure::CellState::NotPermitted(rule))) => {
                Verdict::Forbid(rule.code())
            }
            _ => Verdict::Forbid("single-contribution"),
        }
    }

    /// Why a checker must look.
    pub(crate) fn holds(&self) -> Vec<&'static str> {
        self.protected.holds().iter().map(cloister_disclosure::Hold::code).collect()
    }

    /// Whether every cell has kept its row.
    pub(crate) fn is_whole(&self, cells: usize) -> bool {
        self.protected.rows().len() == cells
    }
}

fn group(cell: &GridCell, measures: &[Measure]) -> Group {
    let number = |measure| cell.entry(measure).and_then(|e| e.number);
    let count = number(Measure::Count).and_then(|n| n.whole).unwrap_or(0);
    let people = u64::try_from(count).unwrap_or(0);
    let contributions = match (number(Measure::Top1), number(Measure::Top2), magnitude(cell)) {
        (Some(first), Some(second), Some(total)) => Some(Contributions {
            largest: first.value.max(second.value),
            second: first.value.min(second.value),
            total,
        }),
        _ => None,
    };
    let cells = measures.iter().map(|measure| match measure {
        Measure::Count => Cell::count(count, people),
        _ => Cell {
            value: if number(*measure).is_some() { Value::Measure } else { Value::Null },
            contributors: people,
            branches: Vec::new(),
            support: None,
            record_keys: None,
            // Nobody has no share of nothing.
            contributions: if people == 0 {
                Some(Contributions { largest: 0.0, second: 0.0, total: 0.0 })
            } else {
                contributions
            },
        },
    });
    Group { people, few: None, cells: cells.collect() }
}

/// A cell's sum: as it is given, or its mean times its people.
pub(crate) fn magnitude(cell: &GridCell) -> Option<f64> {
    let number = |measure| cell.entry(measure).and_then(|e| e.number).map(|n| n.value);
    number(Measure::Value).or_else(|| Some(number(Measure::Mean)? * number(Measure::Count)?))
}

/// Where each cell stands. Not told where there are subtotals: their people would count twice.
fn places(table: &Table) -> Option<Vec<Place>> {
    let flat =
        |tree: &crate::totals::Tree| (0..tree.children.len()).filter(|c| !tree.is_leaf(*c)).count() < 2;
    if !table.trees.iter().all(flat) {
        return None;
    }
    let place = |cell: &GridCell| {
        let codes = cell.codes.iter().zip(&table.trees);
        let codes = codes.map(|(c, tree)| if tree.is_leaf(*c) { u32::try_from(*c).ok() } else { None });
        Place { codes: codes.collect() }
    };
    Some(table.grid.cells.iter().map(place).collect())
}
