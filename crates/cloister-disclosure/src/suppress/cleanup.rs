//! Leaving out secondary cells that are not needed after all.

use super::{OUTSIDERS, Work};
use crate::additive::{Additive, Knowledge};
use crate::block::Block;
use crate::hunt::{self, Effort, Singly};
use crate::places::Places;

/// The search for other certificates when a cell is left out.
const AGAIN: Effort = Effort { cells_max: 100, pooled_max: 3, singly: Singly::Middle, all_or_nothing: true };

/// A cell whose absence would need more goals proved again is kept untried.
const GOALS_MAX: usize = 25;

/// Secondary cells, those first that are dearest and least liked by the cover.
pub(super) fn order(table: &Additive, suppressed: &Places<bool>, weights: &Places<f64>) -> Vec<usize> {
    let cells = table.cells();
    let mut order: Vec<usize> =
        suppressed.chosen().filter(|cell| cells.get(*cell).is_some_and(|c| c.protect.is_none())).collect();
    let value = |cell: usize| cells.get(cell).map_or(0, |c| c.value);
    order.sort_by(|a, b| {
        let by_weight = weights.get(*b).total_cmp(&weights.get(*a));
        by_weight.then(value(*b).cmp(&value(*a))).then(a.cmp(b))
    });
    order
}

/// Cells around one that may be exchanged together with it.
const NEAR: usize = 40;

impl Work<'_> {
    /// Secondary cells that are near each other.
    pub(super) fn pairs(&self) -> Vec<(usize, usize)> {
        let rooms = self.table.rooms(&self.suppressed, Knowledge::NotNegative);
        let secondary = self.secondary();
        let near = |first: usize| {
            let block = Block::around(self.table, &rooms, first, NEAR);
            let others =
                secondary.iter().copied().filter(|second| *second > first && block.contains(*second));
            others.map(|second| (first, second)).collect::<Vec<_>>()
        };
        secondary.iter().flat_map(|first| near(*first)).collect()
    }

    /// Shows two cells after all, if at most one other has to be suppressed for them; whether that is so.
    pub(super) fn exchange(&mut self, first: usize, second: usize) -> bool {
        if !self.suppressed.get(first) || !self.suppressed.get(second) {
            return false;
        }
        let (before, cost) = (self.clone(), self.cost());
        let mut resting = self.proofs.resting_on(first);
        resting.extend(self.proofs.resting_on(second));
        self.suppressed.set(first, false);
        self.suppressed.set(second, false);
        self.proofs.reopen(&resting);
        self.queue.0.clear();
        self.certify();
        while self.cost() < cost && self.repair() {}
        if self.cost() < cost && self.proofs.open().is_empty() {
            return true;
        }
        let programs = self.programs;
        *self = Self { programs, ..before };
        false
    }

    /// What the secondary cells cost.
    fn cost(&self) -> f64 {
        self.secondary().iter().filter_map(|cell| self.table.cells().get(*cell)).map(|c| c.cost).sum()
    }

    /// Shows a cell after all if every goal whose proof moves it has another; whether it does.
    pub(super) fn leave_out(&mut self, cell: usize) -> bool {
        let resting = self.proofs.resting_on(cell);
        if resting.len() > GOALS_MAX {
            return false;
        }
        self.suppressed.set(cell, false);
        let before = self.proofs.reopen(&resting);
        let mut goals: Vec<usize> = resting.into_iter().collect();
        goals.sort_by_key(|goal| std::cmp::Reverse(self.proofs.goal(*goal).map(|g| g.need)));
        for knowledge in OUTSIDERS {
            if goals.iter().any(|g| self.proofs.goal(*g).is_some_and(|g| g.knowledge == knowledge)) {
                let rooms = self.table.rooms(&self.suppressed, knowledge);
                self.programs +=
                    hunt::certify(self.table, &rooms, knowledge, &mut self.proofs, &goals, AGAIN);
            }
        }
        let done = goals.iter().all(|goal| self.proofs.is_reached(*goal));
        if !done {
            self.proofs.restore(before);
            self.suppressed.set(cell, true);
        }
        done
    }
}
