//! The first choice of secondary cells: what single relations demand, without any attack.
//!
//! If a primary cell is to move, the other cells of each of its relations must be able to make up for it. That is
//! a first-order form of the capacity cuts of Fischetti and Salazar (2001), read off the relations; covering them
//! at the least cost leaves little for the attack to find.

use super::covering::{Demand, cheapest};
use crate::additive::{Additive, Range};
use crate::goal::Goal;
use crate::parallel;
use crate::places::Places;
use std::collections::{BTreeMap, BTreeSet};

/// How often cells that would be alone in a relation get company.
const ROUNDS_MAX: usize = 12;

/// How much of each cell the cheapest cover takes: from 0 to 1.
pub(super) fn cover(
    table: &Additive,
    goals: &[Goal],
    suppressed: &Places<bool>,
    rooms: &Places<Range>,
    costs: &Places<f64>,
    cuts: &[Demand],
) -> Places<f64> {
    let mut demands = demands(table, goals, suppressed, rooms);
    demands.extend_from_slice(cuts);
    let mut taken: Places<f64> = Places::new(table.cells().len());
    let mut accompanied: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut fresh_from = 0;
    for _ in 0..ROUNDS_MAX {
        let groups = groups(&demands);
        let groups: Vec<Vec<Demand>> = groups
            .into_iter()
            .filter(|group| group.iter().any(|index| *index >= fresh_from))
            .map(|group| group.into_iter().filter_map(|index| demands.get(index).cloned()).collect())
            .collect();
        for found in parallel::map(&groups, |group| cheapest(group, costs)) {
            found.into_iter().for_each(|(cell, share)| taken.set(cell, share));
        }
        fresh_from = demands.len();
        for cell in 0..taken.len() {
            if taken.get(cell) <= 1e-6 {
                continue;
            }
            for term in table.of(cell) {
                let others = || table.terms(term.relation).map(|(c, _)| c).filter(|c| *c != cell);
                if others().any(|c| suppressed.get(c)) || !accompanied.insert((cell, term.relation)) {
                    continue;
                }
                let terms = others().filter(|c| rooms.get(*c).up > 0).map(|c| (c, 1.0)).collect();
                demands.push(Demand { terms, by: Some(cell) });
            }
        }
        if demands.len() == fresh_from {
            break;
        }
    }
    taken
}

/// What each goal's relations demand beyond the cells that are suppressed already.
fn demands(
    table: &Additive,
    goals: &[Goal],
    suppressed: &Places<bool>,
    rooms: &Places<Range>,
) -> Vec<Demand> {
    let mut demands = Vec::new();
    for goal in goals {
        for term in table.of(goal.cell) {
            let (mut base, mut terms) = (0, Vec::new());
            for (cell, sign) in table.terms(term.relation).filter(|(cell, _)| *cell != goal.cell) {
                let room = rooms.get(cell);
                let rises = term.sign * sign * goal.wish().direction < 0;
                let capacity = (if rises { room.up } else { room.down }).min(goal.need);
                if suppressed.get(cell) {
                    base += capacity;
                } else if capacity > 0 {
                    terms.push((cell, capacity));
                }
            }
            let rest = goal.need - base;
            let possible: i64 = terms.iter().map(|(_, capacity)| (*capacity).min(rest)).sum();
            if rest > 0 && possible >= rest {
                let share = |capacity: i64| (capacity as f64 / rest as f64).min(1.0);
                let terms = terms.into_iter().map(|(cell, capacity)| (cell, share(capacity))).collect();
                demands.push(Demand { terms, by: None });
            }
        }
    }
    demands
}

/// Demands that share no cell with those of another group, by index.
fn groups(demands: &[Demand]) -> Vec<Vec<usize>> {
    let mut naming: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, demand) in demands.iter().enumerate() {
        for cell in demand.cells() {
            naming.entry(cell).or_default().push(index);
        }
    }
    let mut seen: Places<bool> = Places::new(demands.len());
    let mut groups = Vec::new();
    for start in 0..demands.len() {
        if seen.get(start) {
            continue;
        }
        seen.set(start, true);
        let (mut group, mut next) = (Vec::new(), vec![start]);
        while let Some(index) = next.pop() {
            group.push(index);
            for cell in demands.get(index).into_iter().flat_map(Demand::cells) {
                for other in naming.remove(&cell).into_iter().flatten() {
                    if !seen.get(other) {
                        seen.set(other, true);
                        next.push(other);
                    }
                }
            }
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups
}
