//! The search for certificates: goals pooled in blocks, many to a program.

use crate::additive::{Additive, Knowledge, Range};
use crate::block::{Block, Wish};
use crate::certificate::Certificate;
use crate::goal::{Goal, Proofs};
use crate::parallel;
use crate::places::Places;
use std::collections::BTreeSet;

/// How much is tried before a goal is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Cells of a block.
    pub cells_max: usize,
    /// Programs of a block in which goals are pooled.
    pub pooled_max: usize,
    /// Which goals that no pool reached get a program of their own.
    pub singly: Singly,
    /// Whether to stop at the first goal that is not reached.
    pub all_or_nothing: bool,
}

/// Goals of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Singly {
    /// None.
    Nobody,
    /// The one that the block is around.
    Middle,
}

/// Blocks that are searched at once: a constant, so that the answer does not depend on the number of cores.
const WAVE: usize = 32;

/// Pieces with fractions are solved again in whole numbers up to this many cells.
const WHOLE_CELLS_MAX: usize = 60;

/// What came of searching a block.
struct Found {
    certificates: Vec<Certificate>,
    programs: u64,
}

/// Searches blocks around these goals until each is reached or was in the middle of a block. Returns how many
/// programs that took.
pub(crate) fn certify(
    table: &Additive,
    rooms: &Places<Range>,
    knowledge: Knowledge,
    proofs: &mut Proofs,
    goals: &[usize],
    effort: Effort,
) -> u64 {
    let mut tried: BTreeSet<usize> = BTreeSet::new();
    let mut programs = 0;
    loop {
        let mut covered: BTreeSet<usize> = BTreeSet::new();
        let mut jobs = Vec::new();
        for index in goals.iter().copied().filter(|index| !proofs.is_reached(*index)) {
            let Some(goal) = proofs.goal(index).filter(|g| g.knowledge == knowledge) else { continue };
            if effort.all_or_nothing && tried.contains(&index) {
                return programs;
            }
            if tried.contains(&index) || covered.contains(&goal.cell) {
                continue;
            }
            let room = rooms.get(goal.cell);
            if (if goal.up { room.up } else { room.down }) < goal.need {
                tried.insert(index);
                continue;
            }
            let block = Block::around(table, rooms, goal.cell, effort.cells_max);
            if !block.contains(goal.cell) {
                tried.insert(index);
                continue;
            }
            covered.extend(block.cells());
            jobs.push((index, block));
            if jobs.len() == WAVE {
                break;
            }
        }
        if jobs.is_empty() {
            return programs;
        }
        let search = Search { table, rooms, knowledge, proofs, effort };
        tried.extend(jobs.iter().map(|(index, _)| *index));
        for found in parallel::map(&jobs, |(middle, block)| search.block(block, *middle)) {
            programs += found.programs;
            found.certificates.into_iter().for_each(|certificate| proofs.admit(certificate));
        }
    }
}

struct Search<'a> {
    table: &'a Additive,
    rooms: &'a Places<Range>,
    knowledge: Knowledge,
    proofs: &'a Proofs,
    effort: Effort,
}

impl Search<'_> {
    fn block(&self, block: &Block, middle: usize) -> Found {
        let mut open: Vec<(usize, Goal)> = block
            .cells()
            .flat_map(|cell| self.proofs.at(cell))
            .filter(|index| !self.proofs.is_reached(**index))
            .filter_map(|index| Some((*index, self.proofs.goal(*index)?)))
            .filter(|(_, goal)| goal.knowledge == self.knowledge)
            .collect();
        let mut found = Found { certificates: Vec::new(), programs: 0 };
        let (mut fruitless, mut shuffle) = (0, Shuffle(middle as u64));
        for round in 0..self.effort.pooled_max {
            shuffle.mix(&mut open);
            if round == 0 {
                open.sort_by_key(|(index, _)| *index != middle);
            }
            let wishes: Vec<Wish> = open.iter().map(|(_, goal)| goal.wish()).collect();
            let wishes = block.compatible(&wishes);
            if wishes.is_empty() || fruitless == 2 {
                break;
            }
            let before = open.len();
            self.program(block, &wishes, &mut open, &mut found);
            fruitless = if before - open.len() > wishes.len() / 4 { 0 } else { fruitless + 1 };
        }
        let left = open.iter().find(|(index, _)| *index == middle).map(|(_, goal)| goal.wish());
        if let Some(wish) = left.filter(|_| self.effort.singly == Singly::Middle) {
            self.program(block, &[wish], &mut open, &mut found);
        }
        found
    }

    /// Solves one program and strikes the goals that its certificates reach.
    fn program(&self, block: &Block, wishes: &[Wish], open: &mut Vec<(usize, Goal)>, found: &mut Found) {
        let scale = Scale::of(self.table, wishes);
        found.programs += 1;
        let Some(moves) = block.push(wishes, scale.unit, scale.reach, false) else { return };
        let (mut certificates, broken) = block.certificates(self.table, &moves, scale.unit, self.knowledge);
        for cells in
            broken.into_iter().filter(|cells| self.table.is_whole() && cells.len() <= WHOLE_CELLS_MAX)
        {
            let piece = Block::of(self.table, self.rooms, cells);
            let wishes: Vec<Wish> = wishes.iter().filter(|w| piece.contains(w.cell)).copied().collect();
            found.programs += 1;
            if let Some(moves) = piece.push(&wishes, scale.unit, scale.reach, true) {
                certificates.extend(piece.certificates(self.table, &moves, scale.unit, self.knowledge).0);
            }
        }
        for certificate in certificates {
            for certificate in both_ways(&certificate, self.rooms, scale.repeats) {
                let before = open.len();
                open.retain(|(_, goal)| !certificate.reaches(goal));
                if open.len() < before {
                    found.certificates.push(certificate);
                }
            }
        }
    }
}

/// A certificate, and its reverse, each as often as it can be made.
pub(crate) fn both_ways(
    certificate: &Certificate,
    rooms: &Places<Range>,
    repeats_max: i64,
) -> impl Iterator<Item = Certificate> {
    let (forth, back) = certificate.repeats(rooms, repeats_max);
    [forth, -back].into_iter().filter(|n| *n != 0).map(|n| certificate.times(n))
}

/// The unit and the reach of a program: moves are counted in units so that large values stay exact.
pub(crate) struct Scale {
    pub unit: i64,
    pub reach: i64,
    pub repeats: i64,
}

impl Scale {
    pub fn of(table: &Additive, wishes: &[Wish]) -> Self {
        let least = wishes.iter().map(|w| w.need).min().unwrap_or(1);
        let most = wishes.iter().map(|w| w.need).max().unwrap_or(1);
        let unit = if table.is_whole() { 1 } else { (least / UNITS).max(1) };
        Self { unit, reach: most.saturating_mul(4) / unit + 4, repeats: most }
    }
}

/// A need is at least this many units, where values may be fractions anyway.
const UNITS: i64 = 500;

/// The same order on every machine.
struct Shuffle(u64);

impl Shuffle {
    fn mix<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            // Knuth's MMIX generator.
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let j = (self.0 >> 33) as usize % (i + 1);
            items.swap(i, j);
        }
    }
}
