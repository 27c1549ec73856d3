//! Leaving out secondary cells that are not needed after all.

use super::{OUTSIDERS, Work};
use crate::additive::Additive;
use crate::hunt::{self, Effort, Singly};
use crate::places::Places;

/// The search for other certificates when a cell is left out.
const AGAIN: Effort = Effort { cells_max: 100, pooled_max: 4, singly: Singly::Middle, all_or_nothing: true };

/// A cell whose absence would need more goals proved again is kept untried.
const GOALS_MAX: usize = 60;

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

impl Work<'_> {
    /// Shows a cell after all if every goal whose proof moves it has another; whether it does.
    pub(super) fn leave_out(&mut self, cell: usize) -> bool {
        let resting = self.proofs.resting_on(cell);
        if resting.len() > GOALS_MAX {
            return false;
        }
        self.suppressed.set(cell, false);
        let before = self.proofs.reopen(&resting);
        let goals: Vec<usize> = resting.into_iter().collect();
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
