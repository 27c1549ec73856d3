//! Covering at the least cost: exactly where it is small, greedily where it is large.

use crate::linear::{Compare, Program};
use crate::places::Places;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// That the taken ones of these cells sum to at least 1; if `by` is named, only if that one is taken.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub terms: Vec<(usize, f64)>,
    pub by: Option<usize>,
}

/// Up to this many cells are decided in whole numbers.
const WHOLE_MAX: usize = 800;
/// Branches of such a decision.
const NODES_MAX: u64 = 60;
/// Up to this many cells are decided by rounding fractions.
const FRACTIONS_MAX: usize = 2_500;

impl Demand {
    pub fn cells(&self) -> impl Iterator<Item = usize> + '_ {
        self.terms.iter().map(|(cell, _)| *cell).chain(self.by)
    }

    fn is_met(&self, taken: &BTreeSet<usize>) -> bool {
        self.by.is_some_and(|by| !taken.contains(&by)) || self.lacks(taken) <= 1e-9
    }

    /// What is missing to 1.
    fn lacks(&self, taken: &BTreeSet<usize>) -> f64 {
        1.0 - self.terms.iter().filter(|(cell, _)| taken.contains(cell)).map(|(_, share)| share).sum::<f64>()
    }
}

/// How much of each cell to take.
pub(super) fn cheapest(demands: &[Demand], costs: &Places<f64>) -> Vec<(usize, f64)> {
    let cells: BTreeSet<usize> = demands.iter().flat_map(Demand::cells).collect();
    let shares = if cells.len() <= FRACTIONS_MAX {
        program(demands, &cells, costs, cells.len() <= WHOLE_MAX)
    } else {
        None
    };
    let shares = shares.unwrap_or_default();
    let taken = shares.iter().filter(|(_, share)| **share >= 0.5).map(|(cell, _)| *cell).collect();
    let taken = without_spares(demands, greedy(demands, taken, costs), costs);
    cells
        .into_iter()
        .map(|cell| {
            let share = shares.get(&cell).copied().unwrap_or_default();
            (cell, if taken.contains(&cell) { 1.0 } else { share.min(0.49) })
        })
        .collect()
}

fn program(
    demands: &[Demand],
    cells: &BTreeSet<usize>,
    costs: &Places<f64>,
    whole: bool,
) -> Option<BTreeMap<usize, f64>> {
    let mut program = Program::minimise().nodes_max(NODES_MAX);
    let mut columns = BTreeMap::new();
    for cell in cells {
        let cost = costs.get(*cell);
        let column = if whole { program.whole(cost, 0, 1) } else { program.column(cost, 0.0, 1.0) };
        columns.insert(*cell, column);
    }
    for demand in demands {
        let terms = demand.terms.iter().copied();
        let terms = terms.chain(demand.by.map(|by| (by, -1.0)));
        let terms = terms.filter_map(|(cell, share)| Some((*columns.get(&cell)?, share)));
        program.row(terms, Compare::AtLeast, if demand.by.is_some() { 0.0 } else { 1.0 });
    }
    let shares = program.solve()?;
    Some(cells.iter().copied().zip(shares).collect())
}

/// Takes cells until every demand is met that can be: always the one that meets most for its cost.
fn greedy(demands: &[Demand], mut taken: BTreeSet<usize>, costs: &Places<f64>) -> BTreeSet<usize> {
    let naming = naming(demands);
    let gain = |cell: usize, taken: &BTreeSet<usize>| -> i64 {
        let demands = naming.get(&cell).into_iter().flatten().filter_map(|index| demands.get(*index));
        let gains = demands.filter(|d| !d.is_met(taken)).map(|d| {
            let share = d.terms.iter().find(|(c, _)| *c == cell).map_or(0.0, |(_, share)| *share);
            share.min(d.lacks(taken))
        });
        // Whole numbers, so that they can be put in order.
        (gains.sum::<f64>() / costs.get(cell) * 1e9) as i64
    };
    let mut heap: BinaryHeap<(i64, Reverse<usize>)> = naming
        .keys()
        .filter(|cell| !taken.contains(cell))
        .map(|cell| (gain(*cell, &taken), Reverse(*cell)))
        .collect();
    while let Some((was, Reverse(cell))) = heap.pop() {
        let is = gain(cell, &taken);
        if is <= 0 || taken.contains(&cell) {
            continue;
        }
        if is < was && heap.peek().is_some_and(|(next, _)| is < *next) {
            heap.push((is, Reverse(cell)));
            continue;
        }
        taken.insert(cell);
        // Cells that a new demand names may be worth more than they were.
        let new = naming.get(&cell).into_iter().flatten().filter_map(|index| demands.get(*index));
        for demand in new.filter(|d| d.by == Some(cell) && !d.is_met(&taken)) {
            for (other, _) in &demand.terms {
                heap.push((gain(*other, &taken), Reverse(*other)));
            }
        }
    }
    taken
}

/// Leaves out cells that no demand needs, the dearest first.
fn without_spares(demands: &[Demand], mut taken: BTreeSet<usize>, costs: &Places<f64>) -> BTreeSet<usize> {
    let naming = naming(demands);
    let mut order: Vec<usize> = taken.iter().copied().collect();
    order.sort_by(|a, b| costs.get(*b).total_cmp(&costs.get(*a)).then(a.cmp(b)));
    for cell in order {
        let named = || naming.get(&cell).into_iter().flatten().filter_map(|index| demands.get(*index));
        let met: Vec<bool> = named().map(|d| d.is_met(&taken)).collect();
        taken.remove(&cell);
        if named().zip(met).any(|(demand, met)| met && !demand.is_met(&taken)) {
            taken.insert(cell);
        }
    }
    taken
}

/// For each cell the demands that name it.
fn naming(demands: &[Demand]) -> BTreeMap<usize, Vec<usize>> {
    let mut naming: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, demand) in demands.iter().enumerate() {
        for cell in demand.cells() {
            naming.entry(cell).or_default().push(index);
        }
    }
    naming
}
