//! What adds up in a table: the subtractions that are open to anybody who reads it.

use crate::error::{Fault, Problem};
use crate::grid::{Entry, Grid};
use crate::measure::Measure;
use crate::settings::Settings;
use crate::totals::Tree;
use cloister_disclosure::Relation;

/// Every relation between the cells of a table, and a check that they hold.
pub(crate) fn relations(grid: &Grid, trees: &[Tree], settings: &Settings) -> Result<Vec<Relation>, Fault> {
    complete(grid, trees, settings)?;
    let mut relations = Vec::new();
    for (total, cell) in grid.cells.iter().enumerate() {
        let mut decomposed = false;
        let mut has_parts = false;
        for (place, tree) in trees.iter().enumerate() {
            let Some(code) = cell.codes.get(place).copied() else { continue };
            if tree.is_leaf(code) {
                continue;
            }
            has_parts = true;
            let part = |code: &usize| {
                let mut codes = cell.codes.clone();
                if let Some(slot) = codes.get_mut(place) {
                    *slot = *code;
                }
                grid.find(&codes)
            };
            if let Some(parts) = tree.parts(code).iter().map(part).collect::<Option<Vec<usize>>>() {
                decomposed = true;
                relations.push(Relation { total, parts });
            }
        }
        // Some margins are not in the table: the total is that of the smallest cells.
        if has_parts && !decomposed {
            let parts = leaves(trees, &cell.codes).iter().filter_map(|codes| grid.find(codes)).collect();
            relations.push(Relation { total, parts });
        }
    }
    for relation in &relations {
        for measure in [Measure::Count, Measure::Value] {
            holds(grid, relation, measure)?;
        }
    }
    Ok(relations)
}

/// Every combination of leaves below some labels.
fn leaves(trees: &[Tree], codes: &[usize]) -> Vec<Vec<usize>> {
    let mut combinations: Vec<Vec<usize>> = vec![Vec::new()];
    for (tree, code) in trees.iter().zip(codes) {
        let leaves = tree.leaves(*code);
        let longer = combinations.iter().flat_map(|before| {
            leaves.iter().map(move |leaf| before.iter().copied().chain([*leaf]).collect::<Vec<usize>>())
        });
        combinations = longer.collect();
    }
    combinations
}

/// Every combination of leaves has a cell. The row of the error is the first one with the first label of a combination
/// that has none.
fn complete(grid: &Grid, trees: &[Tree], settings: &Settings) -> Result<(), Fault> {
    if settings.absent_is_zero {
        return Ok(());
    }
    let own: Vec<Vec<usize>> =
        trees.iter().map(|t| (0..t.children.len()).filter(|c| t.is_leaf(*c)).collect()).collect();
    let expected = own.iter().try_fold(1usize, |product, leaves| product.checked_mul(leaves.len()));
    let is_leaf = |codes: &[usize]| trees.iter().zip(codes).all(|(t, c)| t.is_leaf(*c));
    let there = grid.cells.iter().filter(|c| is_leaf(&c.codes)).count();
    if expected == Some(there) {
        return Ok(());
    }
    // There are fewer cells than combinations, so one is missing among the first few.
    let mut at = vec![0usize; own.len()];
    loop {
        let codes: Vec<usize> =
            own.iter().zip(&at).map(|(leaves, i)| leaves.get(*i).copied().unwrap_or_default()).collect();
        if grid.find(&codes).is_none() {
            return Err(missing(grid, codes.first().copied().unwrap_or_default()));
        }
        let mut place = own.len();
        loop {
            let Some(last) = place.checked_sub(1) else { return Ok(()) };
            place = last;
            let (Some(i), Some(leaves)) = (at.get_mut(place), own.get(place)) else { return Ok(()) };
            *i += 1;
            if *i < leaves.len() {
                break;
            }
            *i = 0;
        }
    }
}

fn missing(grid: &Grid, first: usize) -> Fault {
    let place = grid.dimensions.first().and_then(|d| d.places.get(first)).copied();
    place.map_or(Problem::MissingCombination.whole(), |(row, column)| {
        Problem::MissingCombination.at(row, column)
    })
}

/// A total and its parts can all be what they are shown as.
fn holds(grid: &Grid, relation: &Relation, measure: Measure) -> Result<(), Fault> {
    let entry = |cell: usize| grid.cells.get(cell).and_then(|c| c.entry(measure));
    let Some(total) = entry(relation.total) else { return Ok(()) };
    let Some(parts) = relation.parts.iter().map(|p| entry(*p)).collect::<Option<Vec<&Entry>>>() else {
        return Ok(());
    };
    let low: f64 = parts.iter().map(|p| p.range.low).sum();
    let high: f64 = parts.iter().map(|p| p.range.high).sum();
    // Each number may be half a unit of its last decimal off.
    let unit = |e: &Entry| e.number.map_or(0.0, |n| 0.5 * 10f64.powi(-n.decimals));
    let slack = match measure {
        Measure::Count => 0.0,
        _ => parts.iter().map(|p| unit(p)).sum::<f64>() + unit(total) + 1e-6 * total.range.low.abs(),
    };
    if low - slack > total.range.high || high + slack < total.range.low {
        return Err(Problem::TotalsDoNotAdd.at(total.row, total.column));
    }
    Ok(())
}
