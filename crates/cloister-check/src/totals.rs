//! Which labels are totals of which: by a hierarchy, by their names, or by their sums; never by a guess.

use crate::error::{Fault, Problem};
use crate::grid::{Dimension, Grid};
use crate::hierarchy::Hierarchy;
use crate::measure::{Measure, is_total_name};
use crate::settings::Settings;

/// A dimension's labels as a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// The parts of each label; none for a leaf.
    pub(crate) children: Vec<Vec<usize>>,
    /// How the tree is known.
    pub(crate) source: Source,
}

/// How it is known which labels are totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// There are none.
    #[default]
    None,
    /// A file says so.
    Hierarchy,
    /// The label is that of a total, and the sums hold.
    Named,
    /// The sums hold.
    Detected,
}

impl Tree {
    fn of(parents: &[Option<usize>], source: Source) -> Self {
        let mut children = vec![Vec::new(); parents.len()];
        for (code, parent) in parents.iter().enumerate() {
            if let Some(parts) = parent.and_then(|p| children.get_mut(p)) {
                parts.push(code);
            }
        }
        Self { children, source }
    }

    /// A label's parts.
    pub(crate) fn parts(&self, code: usize) -> &[usize] {
        self.children.get(code).map_or(&[], Vec::as_slice)
    }

    /// Whether a label has no parts.
    pub(crate) fn is_leaf(&self, code: usize) -> bool {
        self.parts(code).is_empty()
    }

    /// How many levels a label is above its lowest leaf.
    pub(crate) fn height(&self, code: usize) -> usize {
        self.parts(code).iter().map(|part| self.height(*part) + 1).max().unwrap_or(0)
    }

    /// The leaves below a label; the label itself if it is one.
    pub(crate) fn leaves(&self, code: usize) -> Vec<usize> {
        let (mut leaves, mut open) = (Vec::new(), vec![code]);
        while let Some(next) = open.pop() {
            match self.parts(next) {
                [] => leaves.push(next),
                parts => open.extend(parts.iter().rev()),
            }
        }
        leaves
    }
}

/// One tree for each dimension.
pub(crate) fn trees(grid: &Grid, hierarchies: &[Hierarchy], settings: &Settings) -> Result<Vec<Tree>, Fault> {
    let mut given: Vec<Option<&Hierarchy>> = vec![None; grid.dimensions.len()];
    for hierarchy in hierarchies {
        let place = hierarchy.dimension(&grid.dimensions)?;
        match given.get_mut(place) {
            Some(free @ None) => *free = Some(hierarchy),
            _ => return Err(Problem::TwoGroups(hierarchy.dimension.clone()).whole()),
        }
    }
    let dimensions = grid.dimensions.iter().zip(given).enumerate();
    dimensions
        .map(|(place, (dimension, hierarchy))| match hierarchy {
            Some(hierarchy) => Ok(Tree::of(&hierarchy.parents(dimension)?, Source::Hierarchy)),
            None => tree(grid, place, dimension, settings),
        })
        .collect()
}

fn tree(grid: &Grid, place: usize, dimension: &Dimension, settings: &Settings) -> Result<Tree, Fault> {
    let count = dimension.codes.len();
    let is_total = |code: &String| match settings.totals.contains(code) {
        true => true,
        false => {
            !dimension.codes.iter().any(|c| settings.totals.contains(c))
                && (is_total_name(code) || code.is_empty())
        }
    };
    let totals: Vec<usize> =
        dimension.codes.iter().enumerate().filter(|(_, c)| is_total(c)).map(|(i, _)| i).collect();
    let sums = Sums::of(grid, place);
    let label = |code: usize| dimension.codes.get(code).map_or("", String::as_str);
    match totals.as_slice() {
        [] => detected(&sums, dimension),
        [_] if count == 1 => Ok(Tree::of(&vec![None; count], Source::None)),
        [total] => {
            let flat: Vec<Option<usize>> = (0..count).map(|c| (c != *total).then_some(*total)).collect();
            if !sums.is_known || sums.adds_up(*total, (0..count).filter(|c| c != total)) {
                return Ok(Tree::of(&flat, Source::Named));
            }
            // Subtotals between the total and the rest, if that explains every label.
            let nested = nested(&sums, count).filter(|p| roots(p) == [*total]);
            Ok(nested.map_or(Tree::of(&flat, Source::Named), |p| Tree::of(&p, Source::Detected)))
        }
        // A blank below another dimension's total is the same as this dimension's own total.
        [a, b] if label(*a).is_empty() || label(*b).is_empty() => {
            let (blank, total) = if label(*a).is_empty() { (*a, *b) } else { (*b, *a) };
            let parent = |code: usize| match code {
                c if c == blank => None,
                c if c == total => Some(blank),
                _ => Some(total),
            };
            Ok(Tree::of(&(0..count).map(parent).collect::<Vec<_>>(), Source::Named))
        }
        [_, second, ..] => {
            let (row, column) = dimension.places.get(*second).copied().unwrap_or_default();
            Err(Problem::TwoTotals.at(row, column))
        }
    }
}

/// A total that has no name, but is the sum of all others everywhere; or one with subtotals.
fn detected(sums: &Sums, dimension: &Dimension) -> Result<Tree, Fault> {
    let count = dimension.codes.len();
    let none = Tree::of(&vec![None; count], Source::None);
    // Two equal numbers are each the sum of the other; a single slice adds up by chance too often.
    if count < 3 || !sums.is_known || sums.slices_with_people() == 0 {
        return Ok(none);
    }
    let fitting: Vec<usize> =
        (0..count).filter(|t| sums.adds_up(*t, (0..count).filter(|c| c != t))).collect();
    match fitting.as_slice() {
        [total] => {
            let flat: Vec<Option<usize>> = (0..count).map(|c| (c != *total).then_some(*total)).collect();
            Ok(Tree::of(&flat, Source::Detected))
        }
        [] if sums.slices_with_people() > 1 => {
            Ok(nested(sums, count).map_or(none, |parents| Tree::of(&parents, Source::Detected)))
        }
        [] => Ok(none),
        [_, second, ..] => {
            let (row, column) = dimension.places.get(*second).copied().unwrap_or_default();
            Err(Problem::AmbiguousTotal.at(row, column))
        }
    }
}

fn roots(parents: &[Option<usize>]) -> Vec<usize> {
    parents.iter().enumerate().filter(|(_, p)| p.is_none()).map(|(i, _)| i).collect()
}

/// Subtotals that stand right before their parts, or right after them.
fn nested(sums: &Sums, count: usize) -> Option<Vec<Option<usize>>> {
    let forwards: Vec<usize> = (0..count).collect();
    let backwards: Vec<usize> = (0..count).rev().collect();
    [forwards, backwards].iter().find_map(|order| {
        let mut parents = vec![None; count];
        let mut at = 0;
        while at < order.len() {
            at = subtree(sums, order, at, &mut parents, 0);
        }
        parents.iter().any(Option::is_some).then_some(parents)
    })
}

/// Finds the parts of the label at a place: labels, with their own parts, that follow it and add up to it. Returns the
/// place behind them.
fn subtree(sums: &Sums, order: &[usize], at: usize, parents: &mut [Option<usize>], depth: usize) -> usize {
    const DEPTH_MAX: usize = 8;
    let Some(code) = order.get(at).copied() else { return at + 1 };
    if depth == DEPTH_MAX {
        return at + 1;
    }
    let mut trial = parents.to_vec();
    let (mut next, mut parts) = (at + 1, Vec::new());
    while let Some(part) = order.get(next).copied() {
        next = subtree(sums, order, next, &mut trial, depth + 1);
        parts.push(part);
        if !sums.at_most(code, &parts) {
            break;
        }
        if parts.len() > 1 && sums.adds_up(code, parts.iter().copied()) {
            for part in parts {
                if let Some(slot) = trial.get_mut(part) {
                    *slot = Some(code);
                }
            }
            parents.copy_from_slice(&trial);
            return next;
        }
    }
    at + 1
}

/// The counts of one dimension's labels, slice by slice: a slice is a combination of the other dimensions' labels.
struct Sums {
    /// For each slice, each label's count.
    slices: Vec<Vec<Option<i64>>>,
    /// Whether every number is shown.
    is_known: bool,
}

impl Sums {
    fn of(grid: &Grid, place: usize) -> Self {
        let count = grid.dimensions.get(place).map_or(0, |d| d.codes.len());
        let mut slices: std::collections::BTreeMap<Vec<usize>, Vec<Option<i64>>> = Default::default();
        let mut is_known = true;
        for cell in &grid.cells {
            let mut others = cell.codes.clone();
            let code = if place < others.len() { others.remove(place) } else { 0 };
            let number = cell.entry(Measure::Count).and_then(|e| e.number).and_then(|n| n.whole);
            is_known &= number.is_some();
            let slice = slices.entry(others).or_insert_with(|| vec![None; count]);
            if let Some(slot) = slice.get_mut(code) {
                *slot = number;
            }
        }
        Self { slices: slices.into_values().collect(), is_known }
    }

    fn slices_with_people(&self) -> usize {
        self.slices.iter().filter(|s| s.iter().flatten().any(|n| *n > 0)).count()
    }

    /// Compares a label's count with its parts' in every slice that has all of them; there must be one.
    fn compare(&self, total: usize, parts: &[usize], holds: impl Fn(i64, i64) -> bool) -> bool {
        let mut compared = false;
        for slice in &self.slices {
            let get = |code: usize| slice.get(code).copied().flatten();
            let sum = parts.iter().try_fold(0i64, |sum, part| sum.checked_add(get(*part)?));
            if let (Some(total), Some(sum)) = (get(total), sum) {
                compared = true;
                if !holds(total, sum) {
                    return false;
                }
            }
        }
        compared
    }

    fn adds_up(&self, total: usize, parts: impl Iterator<Item = usize>) -> bool {
        self.compare(total, &parts.collect::<Vec<_>>(), |total, sum| total == sum)
    }

    fn at_most(&self, total: usize, parts: &[usize]) -> bool {
        self.compare(total, parts, |total, sum| sum <= total)
    }
}
