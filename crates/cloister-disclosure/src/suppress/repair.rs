//! Secondary cells for the goals that the cover left: the cheapest moves that reach each, among all cells.

use crate::additive::{Additive, Range};
use crate::block::Block;
use crate::certificate::Certificate;
use crate::goal::Goal;
use crate::hunt::Scale;
use crate::places::Places;

/// Cells of the neighbourhoods that are tried one after the other.
const NEIGHBOURHOODS: [usize; 5] = [120, 400, 800, 1_500, 4_000];
/// How often the weights are changed to make the moves few.
const REWEIGHTS_MAX: usize = 4;
/// What moving a cell costs that is suppressed anyway.
const SUPPRESSED_WEIGHT: f64 = 1e-4;

/// Up to this many cells moves in fractions are looked for in whole numbers before anything else.
const WHOLE_CELLS_MAX: usize = 600;
/// How often cells that moved by fractions are made dearer to find moves without.
const DETOURS_MAX: usize = 8;
/// Units whose fractions are tried: what bounds permit of the moves is rounded down to them.
const UNITS: [i64; 3] = [2, 6, 12];

/// What came of repairing a goal.
pub(crate) struct Repaired {
    /// Moves that reach the goal; the cells in it are to be suppressed.
    pub certificate: Option<Certificate>,
    /// How many programs that took.
    pub programs: u64,
}

/// What repairs have in common.
pub(crate) struct Repair<'a> {
    pub table: &'a Additive,
    /// What is suppressed so far.
    pub suppressed: &'a Places<bool>,
    /// How far each cell could move if everything that may be were suppressed.
    pub rooms: &'a Places<Range>,
    /// What suppressing each cell costs.
    pub weights: &'a Places<f64>,
}

impl Repair<'_> {
    /// The cheapest moves that reach a goal, in the smallest neighbourhood that has any.
    pub fn goal(&self, goal: &Goal) -> Repaired {
        self.near(goal, &NEIGHBOURHOODS)
    }

    /// The same, in neighbourhoods of so many cells.
    pub fn near(&self, goal: &Goal, neighbourhoods: &[usize]) -> Repaired {
        let mut repaired = Repaired { certificate: None, programs: 0 };
        for cells_max in neighbourhoods {
            let block = Block::around(self.table, self.rooms, goal.cell, *cells_max);
            if block.contains(goal.cell) {
                repaired.certificate = self.within(&block, goal, &mut repaired.programs);
            }
            if repaired.certificate.is_some() || block.is_complete() {
                break;
            }
        }
        repaired
    }

    fn within(&self, block: &Block, goal: &Goal, programs: &mut u64) -> Option<Certificate> {
        let scale = Scale::of(self.table, &[goal.wish()]);
        let base: Vec<f64> = block.cells().map(|cell| self.weight(cell)).collect();
        let (mut weights, mut best) = (base.clone(), None::<(f64, Vec<(usize, f64)>)>);
        for _ in 0..REWEIGHTS_MAX {
            *programs += 1;
            let Some(moves) = block.cheapest(goal.wish(), scale.unit, &weights, false) else { break };
            let moved = |(_, by): &&(usize, f64)| by.abs() > 1e-6;
            let new = |cell: &usize| !self.suppressed.get(*cell);
            let cost = moves.iter().filter(moved).map(|(cell, _)| *cell).filter(new);
            let cost: f64 = cost.map(|cell| self.weights.get(cell)).sum();
            if best.as_ref().is_some_and(|(least, _)| cost >= least - 1e-9) {
                break;
            }
            let need = (goal.need / scale.unit).max(1) as f64;
            let reweight = |(base, (_, by)): (&f64, &(usize, f64))| {
                if *base <= SUPPRESSED_WEIGHT { *base } else { base / (by.abs() / need + 1e-3) }
            };
            weights = base.iter().zip(&moves).map(reweight).collect();
            best = Some((cost, moves));
            if cost == 0.0 {
                break;
            }
        }
        let (_, moves) = best?;
        self.certificate(block, &moves, goal, scale.unit)
            .or_else(|| self.in_whole_numbers(block, &moves, goal, &scale, programs))
            .or_else(|| self.otherwise(block, &moves, goal, scale.unit, &base, programs))
    }

    /// The part of moves that reaches the goal, if it can be made.
    fn certificate(
        &self,
        block: &Block,
        moves: &[(usize, f64)],
        goal: &Goal,
        unit: i64,
    ) -> Option<Certificate> {
        let (found, _) = block.certificates(self.table, moves, unit, goal.knowledge);
        found.into_iter().find(|certificate| certificate.reaches(goal))
    }

    /// Moves in fractions: the same cells, and what is suppressed around them, in whole numbers.
    fn in_whole_numbers(
        &self,
        block: &Block,
        moves: &[(usize, f64)],
        goal: &Goal,
        scale: &Scale,
        programs: &mut u64,
    ) -> Option<Certificate> {
        let support = moves.iter().filter(|(_, by)| by.abs() > 1e-6).map(|(cell, _)| *cell);
        let suppressed = block.cells().filter(|cell| self.suppressed.get(*cell));
        let piece = Block::of(self.table, self.rooms, support.chain(suppressed));
        if piece.cells().count() > WHOLE_CELLS_MAX {
            return None;
        }
        *programs += 1;
        let moves = piece.push(&[goal.wish()], scale.unit, scale.reach, true);
        moves.and_then(|moves| self.certificate(&piece, &moves, goal, scale.unit))
    }

    /// Moves in fractions, though whole numbers are needed: moves of other cells may have none, and
    /// fractions of a larger unit may be whole numbers.
    fn otherwise(
        &self,
        block: &Block,
        moves: &[(usize, f64)],
        goal: &Goal,
        unit: i64,
        weights: &[f64],
        programs: &mut u64,
    ) -> Option<Certificate> {
        if !self.table.is_whole() {
            return None;
        }
        let (mut dearer, mut last) = (weights.to_vec(), moves.to_vec());
        for _ in 0..DETOURS_MAX {
            for (weight, (_, by)) in dearer.iter_mut().zip(&last) {
                if (by - by.round()).abs() > 1e-6 {
                    *weight *= 10.0;
                }
            }
            *programs += 1;
            last = block.cheapest(goal.wish(), unit, &dearer, false)?;
            let found = self.certificate(block, &last, goal, unit);
            if found.is_some() {
                return found;
            }
        }
        let found = UNITS.iter().find_map(|unit| {
            *programs += 1;
            let moves = block.cheapest(goal.wish(), *unit, weights, false)?;
            self.certificate(block, &moves, goal, *unit)
        });
        found.or_else(|| {
            *programs += 1;
            let moves = block.cheapest(goal.wish(), unit, weights, true)?;
            self.certificate(block, &moves, goal, unit)
        })
    }

    fn weight(&self, cell: usize) -> f64 {
        if self.suppressed.get(cell) { SUPPRESSED_WEIGHT } else { self.weights.get(cell) }
    }
}
