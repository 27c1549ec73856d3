//! Cells that nothing protects: which, why, and which labels are too fine.
//!
//! A small number stays uncertain only if the numbers that it adds up with can make up for it. Where all of them
//! together are a handful of people, no choice of suppressed cells does that: coarser labels do.

use crate::table::Table;
use cloister_disclosure::{Additive, AdditiveCell, Impossible, Relation, impossible};
use std::collections::{BTreeMap, BTreeSet};

/// What cannot be protected, whatever is suppressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unprotectable {
    /// Each cell with what it cannot be protected against, in words.
    pub cells: Vec<UnprotectableCell>,
    /// What coarser labels would come to, the best first; without those that change nothing.
    pub coarser: Vec<Coarser>,
}

/// A cell that cannot be protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnprotectableCell {
    /// Its labels.
    pub labels: String,
    /// Whether readers could tell that it is no larger than some number, more closely than the policy permits.
    pub above: bool,
    /// As `above`, of smaller numbers.
    pub below: bool,
    /// The labels of the total whose sum says so, and the column along which it is summed.
    pub because: Option<(String, String)>,
    /// Whether that total is the cell itself.
    pub is_total: bool,
}

/// A table with coarser labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coarser {
    /// The column whose labels are joined.
    pub column: String,
    /// Whether nothing is left of the column but its total.
    pub only_total: bool,
    /// How many cells would still be such that nothing protects them.
    pub left: usize,
}

impl Unprotectable {
    /// Of goals that no pattern reaches.
    pub(crate) fn of(table: &Table, additive: &Additive, goals: &[Impossible]) -> Self {
        let mut cells: BTreeMap<usize, UnprotectableCell> = BTreeMap::new();
        for found in goals {
            let relation = found.because.and_then(|index| additive.relations().get(index));
            let cell = cells.entry(found.goal.cell).or_insert_with(|| UnprotectableCell {
                labels: table.grid.labels(found.goal.cell),
                above: false,
                below: false,
                is_total: relation.is_some_and(|r| r.total == found.goal.cell),
                because: relation.and_then(|r| Some((table.grid.labels(r.total), along(table, r)?))),
            });
            cell.above |= found.goal.up;
            cell.below |= !found.goal.up;
        }
        let before = cells.len();
        let mut coarser: Vec<Coarser> =
            (0..table.trees.len()).filter_map(|place| Coarser::of(table, additive, place)).collect();
        coarser.retain(|c| c.left < before);
        coarser.sort_by_key(|c| c.left);
        Self { cells: cells.into_values().collect(), coarser }
    }
}

/// The column along which a relation sums.
fn along(table: &Table, relation: &Relation) -> Option<String> {
    let codes = |cell: usize| table.grid.cells.get(cell).map(|c| c.codes.as_slice());
    let (total, part) = (codes(relation.total)?, codes(*relation.parts.first()?)?);
    let place = total.iter().zip(part).position(|(total, part)| total != part)?;
    table.grid.dimensions.get(place).map(|d| d.name.clone())
}

impl Coarser {
    /// The table without the lowest labels of one column; none where it would be the same, or nothing.
    fn of(table: &Table, additive: &Additive, place: usize) -> Option<Self> {
        let tree = table.trees.get(place)?;
        let stays = |cell: usize| {
            let code = table.grid.cells.get(cell).and_then(|c| c.codes.get(place));
            code.is_some_and(|code| !tree.is_leaf(*code))
        };
        let kept: Vec<usize> = (0..additive.cells().len()).filter(|cell| stays(*cell)).collect();
        if kept.is_empty() {
            return None;
        }
        let new: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let cells: Vec<AdditiveCell> =
            kept.iter().filter_map(|cell| additive.cells().get(*cell).cloned()).collect();
        let relation = |r: &Relation| {
            let parts = r.parts.iter().map(|part| new.get(part).copied()).collect::<Option<Vec<usize>>>()?;
            Some(Relation { total: *new.get(&r.total)?, parts })
        };
        let relations = additive.relations().iter().filter_map(relation).collect();
        let coarser = Additive::new(cells, relations).ok()?;
        let coarser = if additive.is_whole() { coarser } else { coarser.fractional() };
        let left: BTreeSet<usize> = impossible(&coarser).iter().map(|found| found.goal.cell).collect();
        let above = (0..tree.children.len()).filter(|code| !tree.is_leaf(*code)).count();
        let column = table.grid.dimensions.get(place)?.name.clone();
        Some(Self { column, only_total: above == 1, left: left.len() })
    }
}

impl UnprotectableCell {
    /// Why, in words; without any number.
    pub fn words(&self) -> String {
        let what = match (self.above, self.below) {
            (true, true) => "what it is",
            (true, false) => "that it is no larger",
            (false, _) => "that it is no smaller",
        };
        let why = match &self.because {
            Some((_, column)) if self.is_total && !self.above => format!(
                "it is the total, by `{column}`, of several numbers that are not zero, and each of them is at least 1"
            ),
            Some((total, column)) => format!(
                "all numbers that add up to {total} by `{column}`, that one included, are too small to leave it open"
            ),
            None => "the totals around it are too small to leave it open".to_owned(),
        };
        format!("{}: readers could tell {what} more closely than the policy permits: {why}", self.labels)
    }
}

impl Coarser {
    /// What to do and what it would come to, in words.
    pub fn words(&self) -> String {
        let what = if self.only_total {
            format!("leave `{}` out (keep its total only)", self.column)
        } else {
            format!("join the lowest labels of `{}` into those above them", self.column)
        };
        match self.left {
            0 => format!("{what}: then every cell can be protected, as far as single totals tell"),
            1 => format!("{what}: then 1 cell is left that nothing protects"),
            left => format!("{what}: then {left} cells are left that nothing protects"),
        }
    }
}
