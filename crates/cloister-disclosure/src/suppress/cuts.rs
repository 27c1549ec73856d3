//! What goals demand that stayed open under a cover: capacity cuts of Fischetti and Salazar (2001).
//!
//! The relations that bound an open goal's cell bound it under every pattern, by what the pattern lets move.

use super::Work;
use super::covering::Demand;
use crate::additive::{Knowledge, Range, UNBOUNDED};
use crate::dual::Argument;
use crate::goal::Goal;
use crate::parallel;
use crate::places::Places;

/// Covers that are tried one after the other.
const ROUNDS_MAX: usize = 10;
/// In larger tables a cover with cuts takes too long to be found, or comes out worse than repairs.
const TABLE_MAX: usize = 1_000;
/// With more open goals than this, repairing each is better.
const GOALS_MAX: usize = 120;
/// Cells of the argument that bounds a goal.
const CELLS_MAX: usize = 300;

impl Work<'_> {
    /// Covers again and again with what the goals demand that stayed open.
    pub(super) fn cut(&mut self, primary: &Places<bool>) {
        if self.table.cells().len() > TABLE_MAX {
            return;
        }
        let mut cuts: Vec<Demand> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let open: Vec<Goal> = self
                .proofs
                .open()
                .into_iter()
                .filter_map(|index| self.proofs.goal(index))
                .filter(|goal| goal.knowledge == Knowledge::Lower)
                .collect();
            if open.is_empty() || open.len() > GOALS_MAX {
                break;
            }
            let rooms = self.table.rooms(&self.suppressed, Knowledge::Lower);
            self.programs += open.len() as u64;
            let found = parallel::map(&open, |goal| self.demand(goal, &rooms, primary));
            let before = cuts.len();
            cuts.extend(found.into_iter().flatten());
            if cuts.len() == before {
                break;
            }
            self.cover(primary, &cuts);
            self.certify();
        }
    }

    /// What has to be suppressed so that the relations that bound an open goal no longer do.
    fn demand(&self, goal: &Goal, rooms: &Places<Range>, primary: &Places<bool>) -> Option<Demand> {
        let argument = Argument::around(self.table, rooms, goal.cell, CELLS_MAX);
        let bound = argument.bound(goal.up).filter(|bound| bound.distance < goal.need)?;
        let widest = self.widest(Knowledge::Lower);
        let (mut rest, mut terms) = (i128::from(goal.need) * i128::from(bound.divisor), Vec::new());
        for (cell, by) in bound.left_over(self.table, goal.cell, goal.up) {
            let room = if by > 0 { widest.get(cell).up } else { widest.get(cell).down };
            if by == 0 || room == 0 {
                continue;
            }
            if primary.get(cell) {
                rest -= by.abs() * i128::from(room);
            } else {
                terms.push((cell, if room >= UNBOUNDED { i128::MAX } else { by.abs() * i128::from(room) }));
            }
        }
        let share = |capacity: i128| (capacity.min(rest) as f64 / rest as f64).min(1.0);
        let terms: Vec<(usize, f64)> = terms.into_iter().map(|(cell, by)| (cell, share(by))).collect();
        let possible = terms.iter().map(|(_, share)| share).sum::<f64>() >= 1.0 - 1e-9;
        (rest > 0 && possible).then_some(Demand { terms, by: None })
    }
}
