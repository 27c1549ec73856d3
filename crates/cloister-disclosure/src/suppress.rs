//! Secondary suppression: as few more cells as needed until the attack on what is left fails.
//!
//! Cover what single relations demand, look for certificates, repair the goals that have none with the cheapest
//! moves among all cells, leave out again what no certificate needs, and prove the result anew. A [`Pattern`]
//! comes with its proof or not at all.

mod cleanup;
mod cover;
mod covering;
mod cuts;
pub(crate) mod repair;

use crate::additive::{Additive, Knowledge, Range};
use crate::attack::{self, Attack};
use crate::block::Block;
use crate::bounds::Bounds;
use crate::goal::{Goal, Proofs};
use crate::hunt::{self, Effort, Singly};
use crate::parallel;
use crate::places::Places;
use covering::Demand;
use repair::Repair;
use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;
use thiserror::Error;

/// How much may be tried. Counted in programs, never in seconds, so that the same table is suppressed the same
/// way on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear programs before the answer is to wait for a checker.
    pub programs_max: u64,
    /// Linear programs to find cells that need not be suppressed after all.
    pub cleanup_programs_max: u64,
    /// Linear programs to exchange two cells for one.
    pub exchange_programs_max: u64,
}

impl Limits {
    /// What is worth while for a table of so many cells: seconds, not minutes, up to 50,000 cells.
    pub fn for_cells(cells: usize) -> Self {
        let cells = u64::try_from(cells).unwrap_or(u64::MAX);
        Self {
            programs_max: 1_000_000,
            cleanup_programs_max: (cells / 4).clamp(1_000, 6_000),
            exchange_programs_max: if cells <= 5_000 { 800 } else { 0 },
        }
    }
}

/// How far suppression has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Goals without a certificate.
    pub open: usize,
    /// Secondary cells so far.
    pub secondary: usize,
    /// Linear programs so far.
    pub programs: u64,
}

/// What suppression does one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Choosing what single relations demand.
    Cover,
    /// Looking for certificates.
    Attack,
    /// Choosing cells for goals that have none.
    Repair,
    /// Leaving out cells that are not needed.
    Cleanup,
    /// Proving the result.
    Proof,
}

/// Why there is no pattern: the table waits for a checker.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Halt {
    /// Whoever was told the progress stopped it.
    #[error("suppression was stopped")]
    Stopped,
    /// The limit was reached.
    #[error("suppression took too many programs")]
    Limit,
    /// Some goals were neither reached nor shown to be impossible.
    #[error("{} goals are undecided", .0.len())]
    Undecided(Vec<Goal>),
}

/// A goal that no pattern reaches, and what is reached instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The goal.
    pub goal: Goal,
    /// How far its cell can be at most, whatever is suppressed.
    pub possible: i64,
    /// The relation that says so, with its other cells as they are known.
    pub because: Option<usize>,
}

/// Cells to suppress, with the attack that failed on them.
#[derive(Clone, Debug)]
pub struct Pattern {
    suppressed: Places<bool>,
    secondary: Vec<usize>,
    impossible: Vec<Impossible>,
    attack: Attack,
    programs: u64,
}

impl Pattern {
    /// Whether a cell is suppressed.
    pub fn is_suppressed(&self, cell: usize) -> bool {
        self.suppressed.get(cell)
    }

    /// The cells that are suppressed to protect others, ascending.
    pub fn secondary(&self) -> &[usize] {
        &self.secondary
    }

    /// The goals that no pattern reaches: each is protected as far as possible, and in full against an outsider
    /// who does not know that suppressed cells are not zero, if that is possible.
    pub fn impossible(&self) -> &[Impossible] {
        &self.impossible
    }

    /// The proof.
    pub fn attack(&self) -> &Attack {
        &self.attack
    }

    /// Linear programs that it took.
    pub fn programs(&self) -> u64 {
        self.programs
    }
}

/// Goals that no pattern reaches, as far as relations one after the other say so: quick, and not all that there may
/// be. [`suppress`] finds the others.
pub fn impossible(table: &Additive) -> Vec<Impossible> {
    feasible(table, &widest(table)).1
}

/// What bounds say of each cell if everything that may be suppressed is, for each outsider.
fn widest(table: &Additive) -> [Bounds; 2] {
    let suppressible = table.cells().iter().map(|c| c.suppressible || c.protect.is_some()).collect();
    OUTSIDERS.map(|knowledge| Bounds::of(table, table.rooms(&suppressible, knowledge)))
}

/// Suppresses as few more cells as needed to protect a table's primary cells.
///
/// # Errors
/// If the limit is reached, `progress` breaks, or a goal stays undecided: the table waits for a checker.
pub fn suppress(
    table: &Additive,
    limits: &Limits,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Pattern, Halt> {
    let mut work = Work::new(table, *limits);
    work.tell(Stage::Cover, progress)?;
    let primary = work.suppressed.clone();
    work.cover(&primary, &[]);
    work.tell(Stage::Attack, progress)?;
    work.certify();
    work.cut(&primary);
    while work.repair() {
        work.tell(Stage::Repair, progress)?;
    }
    let open: Vec<Goal> =
        work.proofs.open().into_iter().filter_map(|index| work.proofs.goal(index)).collect();
    if !open.is_empty() {
        return Err(Halt::Undecided(open));
    }
    let limit = work.programs + limits.cleanup_programs_max;
    for cell in cleanup::order(table, &work.suppressed, &work.weights) {
        if work.programs >= limit {
            break;
        }
        if work.leave_out(cell) {
            work.tell(Stage::Cleanup, progress)?;
        }
    }
    let limit = work.programs + limits.exchange_programs_max;
    for (first, second) in work.pairs() {
        if work.programs >= limit {
            break;
        }
        if work.exchange(first, second) {
            work.tell(Stage::Cleanup, progress)?;
        }
    }
    work.tell(Stage::Proof, progress)?;
    let attack = attack::proved(table, &work.suppressed, &work.proofs).map_err(Halt::Undecided)?;
    Ok(Pattern {
        secondary: work.secondary(),
        suppressed: work.suppressed,
        impossible: work.impossible,
        attack,
        programs: work.programs,
    })
}

/// The search for certificates while cells are being chosen.
const SEARCH: Effort = Effort { cells_max: 60, pooled_max: 6, singly: Singly::Nobody, all_or_nothing: false };

/// Goals that are repaired at once: a constant, so that the answer does not depend on the number of cores.
const WAVE: usize = 8;

#[derive(Clone)]
struct Work<'a> {
    table: &'a Additive,
    limits: Limits,
    suppressed: Places<bool>,
    proofs: Proofs,
    impossible: Vec<Impossible>,
    weights: Places<f64>,
    /// How far each cell could move if everything that may be were suppressed.
    widest: [Places<Range>; 2],
    /// Goals that no repair reached.
    given_up: Places<bool>,
    /// Goals to repair, those first that need most, and how many goals there were when they were put in order.
    queue: (VecDeque<usize>, usize),
    programs: u64,
}

/// What outsiders are played: the second for goals that are impossible against the first.
const OUTSIDERS: [Knowledge; 2] = [Knowledge::Lower, Knowledge::NotNegative];

impl<'a> Work<'a> {
    fn new(table: &'a Additive, limits: Limits) -> Self {
        let bounds = widest(table);
        let (goals, impossible) = feasible(table, &bounds);
        Self {
            table,
            limits,
            suppressed: table.cells().iter().map(|c| c.protect.is_some()).collect(),
            proofs: Proofs::new(table.cells().len(), goals),
            impossible,
            weights: table.cells().iter().map(|c| c.cost).collect(),
            widest: bounds.map(|b| b.rooms),
            given_up: Places::new(0),
            queue: (VecDeque::new(), 0),
            programs: 0,
        }
    }

    fn secondary(&self) -> Vec<usize> {
        let primary = |cell: &usize| self.table.cells().get(*cell).is_some_and(|c| c.protect.is_some());
        self.suppressed.chosen().filter(|cell| !primary(cell)).collect()
    }

    fn tell(&self, stage: Stage, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<(), Halt> {
        if self.programs > self.limits.programs_max {
            return Err(Halt::Limit);
        }
        let (open, secondary) = (self.proofs.open().len(), self.secondary().len());
        match progress(Progress { stage, open, secondary, programs: self.programs }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Halt::Stopped),
        }
    }

    fn widest(&self, knowledge: Knowledge) -> &Places<Range> {
        let [lower, not_negative] = &self.widest;
        if knowledge == Knowledge::Lower { lower } else { not_negative }
    }

    /// Suppresses the primary cells and the cheapest cover of what is demanded of them.
    fn cover(&mut self, primary: &Places<bool>, cuts: &[Demand]) {
        let cells = self.table.cells();
        // Between equals always the same ones, but not neighbours.
        let tie = |cell: usize| 1.0 + 1e-4 * ((cell * 7_919 % 1_000) as f64 / 1_000.0);
        let costs = cells.iter().enumerate().map(|(cell, c)| c.cost * tie(cell)).collect();
        let rooms = self.widest(Knowledge::Lower);
        let taken = cover::cover(self.table, self.proofs.goals(), primary, rooms, &costs, cuts);
        for (cell, c) in cells.iter().enumerate() {
            let share = taken.get(cell);
            if self.suppressed.get(cell) && !primary.get(cell) && share < 0.5 {
                self.suppressed.set(cell, false);
                let resting = self.proofs.resting_on(cell);
                self.proofs.reopen(&resting);
            }
            self.suppressed.set(cell, primary.get(cell) || share >= 0.5);
            // What the cover liked is cheap when goals are repaired.
            self.weights.set(cell, c.cost * (1.0 - 0.9 * share.clamp(0.0, 1.0)));
        }
    }

    /// Looks for certificates of open goals with what is suppressed now.
    fn certify(&mut self) {
        let open = self.proofs.open();
        for knowledge in OUTSIDERS {
            let rooms = Bounds::of(self.table, self.table.rooms(&self.suppressed, knowledge)).rooms;
            self.programs += hunt::certify(self.table, &rooms, knowledge, &mut self.proofs, &open, SEARCH);
        }
    }

    /// Repairs some open goals; whether there were any.
    fn repair(&mut self) -> bool {
        let jobs = self.next_repairs();
        let found = parallel::map(&jobs, |(_, goal)| {
            let (table, suppressed, weights) = (self.table, &self.suppressed, &self.weights);
            Repair { table, suppressed, rooms: self.widest(goal.knowledge), weights }.goal(goal)
        });
        let mut rooms = OUTSIDERS.map(|knowledge| (knowledge, None::<Places<Range>>));
        for ((index, goal), repaired) in jobs.iter().zip(found) {
            self.programs += repaired.programs;
            let Some(certificate) = repaired.certificate else {
                self.give_up(*index, goal);
                continue;
            };
            for (cell, by) in certificate.moves() {
                // What is shown, rounded, leaves some room of itself.
                let room = self.table.room(*cell, false, goal.knowledge);
                let room = if *by > 0 { room.up } else { room.down };
                if by.abs() > room.saturating_mul(certificate.divisor()) && !self.suppressed.get(*cell) {
                    self.suppressed.set(*cell, true);
                    for (knowledge, rooms) in &mut rooms {
                        if let Some(rooms) = rooms {
                            rooms.set(*cell, self.table.room(*cell, true, *knowledge));
                        }
                    }
                }
            }
            let rooms = rooms.iter_mut().find(|(knowledge, _)| *knowledge == goal.knowledge);
            let Some((knowledge, rooms)) = rooms else { continue };
            let rooms = rooms.get_or_insert_with(|| self.table.rooms(&self.suppressed, *knowledge));
            for certificate in hunt::both_ways(&certificate, rooms, goal.need) {
                self.proofs.admit(certificate);
            }
            // Found and yet not enough: once is tried, never twice.
            if !self.proofs.is_reached(*index) {
                self.given_up.set(*index, true);
            }
        }
        !jobs.is_empty()
    }

    /// Open goals that are not near each other, those first that need most.
    fn next_repairs(&mut self) -> Vec<(usize, Goal)> {
        let goals = self.proofs.goals().len();
        self.given_up.grow(goals);
        if self.queue.1 != goals || self.queue.0.is_empty() {
            let mut open: Vec<usize> =
                self.proofs.open().into_iter().filter(|index| !self.given_up.get(*index)).collect();
            let need = |index: usize| self.proofs.goal(index).map_or(0, |goal| goal.need);
            open.sort_by_key(|index| (std::cmp::Reverse(need(*index)), *index));
            self.queue = (open.into(), goals);
        }
        let mut covered: BTreeSet<usize> = BTreeSet::new();
        let (mut jobs, mut later) = (Vec::new(), Vec::new());
        while jobs.len() < WAVE {
            let Some(index) = self.queue.0.pop_front() else { break };
            let Some(goal) = self.proofs.goal(index) else { continue };
            if self.proofs.is_reached(index) || self.proofs.is_withdrawn(index) || self.given_up.get(index) {
                continue;
            }
            if covered.contains(&goal.cell) {
                later.push(index);
                continue;
            }
            let near = Block::around(self.table, self.widest(goal.knowledge), goal.cell, NEAR);
            covered.extend(near.cells());
            jobs.push((index, goal));
        }
        later.into_iter().rev().for_each(|index| self.queue.0.push_front(index));
        jobs
    }
}

impl Work<'_> {
    /// A goal that no neighbourhood reaches: if that can be shown, what is possible becomes the goal.
    fn give_up(&mut self, index: usize, goal: &Goal) {
        self.given_up.set(index, true);
        let shown = attack::bound(self.table, self.widest(goal.knowledge), goal.cell, goal.up, 0);
        let Some(shown) = shown.filter(|bound| bound.distance < goal.need) else { return };
        let possible = shown.distance;
        let because = shown.multipliers.first().map(|(relation, _)| *relation);
        if goal.knowledge == Knowledge::Lower {
            self.impossible.push(Impossible { goal: *goal, possible, because });
            self.proofs.add(Goal { knowledge: Knowledge::NotNegative, ..*goal });
        }
        self.proofs.withdraw(index);
        if possible > 0 {
            self.proofs.add(Goal { need: possible, ..*goal });
        }
    }
}

/// Cells near a goal, which are not repaired at the same time.
const NEAR: usize = 60;

/// The goals that bounds do not exclude, and those that they do.
fn feasible(table: &Additive, bounds: &[Bounds; 2]) -> (Vec<Goal>, Vec<Impossible>) {
    let (mut goals, mut impossible) = (Vec::new(), Vec::new());
    let [lower, not_negative] = bounds;
    let possible = |bounds: &Bounds, goal: &Goal| {
        let room = bounds.rooms.get(goal.cell);
        if goal.up { room.up } else { room.down }
    };
    for goal in Goal::of(table) {
        let far = possible(lower, &goal);
        if far >= goal.need {
            goals.push(goal);
            continue;
        }
        let (below, above) = lower.because.get(goal.cell);
        impossible.push(Impossible { goal, possible: far, because: if goal.up { above } else { below } });
        goals.push(Goal { need: far, ..goal });
        let need = goal.need.min(possible(not_negative, &goal));
        if need > far {
            goals.push(Goal { need, knowledge: Knowledge::NotNegative, ..goal });
        }
    }
    goals.retain(|goal| goal.need > 0);
    (goals, impossible)
}

#[cfg(test)]
#[path = "suppress/property.rs"]
mod property;
