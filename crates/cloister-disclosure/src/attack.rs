//! The outsider's attack on a suppressed table, and what came of it.
//!
//! Two kinds of evidence meet: certificates show what an outsider cannot exclude, bounds show what an outsider
//! can. Where they meet the interval is exact; where they do not, the attack says so instead of guessing.

use crate::additive::{Additive, Knowledge, Range, UNBOUNDED};
use crate::bounds::Bounds;
use crate::certificate::Certificate;
use crate::dual::{Argument, Bound};
use crate::goal::{Goal, Proofs};
use crate::hunt::{self, Effort, Singly};
use crate::parallel;
use crate::places::Places;
use crate::suppress::repair::Repair;

/// What came of an attack.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    cells: Vec<Attacked>,
    reached: Vec<(Goal, Certificate)>,
    short: Vec<Goal>,
    undecided: Vec<Goal>,
}

/// What an outsider can say of a suppressed cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attacked {
    /// The cell's index.
    pub cell: usize,
    /// Values that cannot be excluded: the smallest and the largest that are certified.
    pub possible: (i64, i64),
    /// The smallest value that is not excluded, as far as was shown.
    pub least: i64,
    /// The largest value that is not excluded, as far as was shown; none if nothing bounds it.
    pub most: Option<i64>,
}

impl Attacked {
    /// Whether the outsider knows the value.
    pub fn is_recovered(&self) -> bool {
        self.most == Some(self.least)
    }
}

impl Attack {
    /// Every suppressed cell, ascending.
    pub fn cells(&self) -> &[Attacked] {
        &self.cells
    }

    /// The goals that are reached, each with the moves that an outsider cannot exclude.
    pub fn reached(&self) -> &[(Goal, Certificate)] {
        &self.reached
    }

    /// The goals that are shown not to be reached.
    pub fn short(&self) -> &[Goal] {
        &self.short
    }

    /// The goals of which neither was shown: to be treated as if they were short.
    pub fn undecided(&self) -> &[Goal] {
        &self.undecided
    }

    /// Whether every goal is reached.
    pub fn has_failed(&self) -> bool {
        self.short.is_empty() && self.undecided.is_empty()
    }

    /// The cells whose value is recovered.
    pub fn recovered(&self) -> impl Iterator<Item = usize> + '_ {
        self.cells.iter().filter(|c| c.is_recovered()).map(|c| c.cell)
    }
}

/// Searches that follow one another, each only for what the one before left.
const SEARCHES: [Effort; 2] = [
    Effort { cells_max: 60, pooled_max: 8, singly: Singly::Middle, all_or_nothing: false },
    Effort { cells_max: 200, pooled_max: 2, singly: Singly::Middle, all_or_nothing: false },
];

/// Cells of the arguments that are tried one after the other.
const ARGUMENTS: [usize; 3] = [60, 250, 1_200];

/// Attacks a table of which these cells are suppressed. Everything that is suppressed is examined, not only what
/// is primary.
pub fn attack(table: &Additive, suppressed: impl IntoIterator<Item = usize>, knowledge: Knowledge) -> Attack {
    let mut hidden = Places::new(table.cells().len());
    suppressed.into_iter().for_each(|cell| hidden.set(cell, true));
    let mut rooms = Bounds::of(table, table.rooms(&hidden, knowledge)).rooms;
    let primary: Vec<Goal> = Goal::of(table).into_iter().map(|goal| Goal { knowledge, ..goal }).collect();
    let mut proofs = Proofs::new(table.cells().len(), primary.clone());
    let mut settling =
        Settling { table, hidden: &hidden, first: rooms.clone(), rooms: &mut rooms, tried: 0, knowledge };
    settling.certify(&mut proofs);
    // Is there anything else that a cell could be?
    for up in [true, false] {
        let moved = proofs.reach(table.cells().len());
        for cell in hidden.chosen().filter(|cell| moved.get(*cell) == Range::default()) {
            proofs.add(Goal { cell, up, need: 1, knowledge });
        }
        settling.certify(&mut proofs);
    }
    let first = settling.first;
    let reach = proofs.reach(table.cells().len());
    let mut attack = Attack { cells: seen(table, &hidden, &reach, &rooms), ..Attack::default() };
    for (index, goal) in primary.iter().enumerate() {
        match proofs.certificate(index) {
            Some(certificate) if hidden.get(goal.cell) && certificate.holds(table, &first) => {
                attack.reached.push((*goal, certificate.clone()));
            }
            _ if beyond(goal, &rooms) => attack.undecided.push(*goal),
            _ => attack.short.push(*goal),
        }
    }
    attack
}

/// Cells of the neighbourhoods in which each goal is tried that an argument leaves possible.
const NEIGHBOURHOODS: [&[usize]; 3] = [&[120, 400], &[800, 1_500], &[4_000]];

/// What searches and bounds settle together.
struct Settling<'a> {
    table: &'a Additive,
    hidden: &'a Places<bool>,
    /// How far each cell can be by one relation after the other.
    first: Places<Range>,
    /// How far each cell can be, as far as that is shown.
    rooms: &'a mut Places<Range>,
    /// How many goals have been tried one by one.
    tried: usize,
    knowledge: Knowledge,
}

/// What came of a goal that no pool reached.
struct Settled {
    certificate: Option<Certificate>,
    bound: Option<Bound>,
}

/// Goals that are settled at once: a constant, so that the answer does not depend on the number of cores.
const WAVE: usize = 32;

impl Settling<'_> {
    /// Reaches what it can: many goals to a program first, and then each that is left by its own cheapest moves, unless
    /// the relations near it exclude it.
    fn certify(&mut self, proofs: &mut Proofs) {
        for effort in SEARCHES {
            let open = proofs.open();
            hunt::certify(self.table, &self.first, self.knowledge, proofs, &open, effort);
        }
        while self.tried < proofs.goals().len() {
            let mut jobs = Vec::new();
            while let Some(goal) = proofs.goal(self.tried).filter(|_| jobs.len() < WAVE) {
                if !proofs.is_reached(self.tried) && beyond(&goal, self.rooms) {
                    jobs.push((self.tried, goal));
                }
                self.tried += 1;
            }
            for ((index, goal), settled) in jobs.iter().zip(parallel::map(&jobs, |(_, g)| self.settle(g))) {
                self.take(proofs, *index, goal, settled);
            }
        }
    }

    fn settle(&self, goal: &Goal) -> Settled {
        let weights = Places::new(0);
        let repair =
            Repair { table: self.table, suppressed: self.hidden, rooms: &self.first, weights: &weights };
        let mut settled = Settled { certificate: None, bound: None };
        let mut before = 0;
        for (cells_max, neighbourhoods) in ARGUMENTS.into_iter().zip(NEIGHBOURHOODS) {
            let argument = Argument::around(self.table, &self.first, goal.cell, cells_max);
            // The nearest relations are bounded at once: that is quicker than asking first.
            if before == 0 || argument.len() > before && argument.may_exclude(goal.up, goal.need) {
                let bounds = [settled.bound, argument.bound(goal.up)];
                settled.bound = bounds.into_iter().flatten().min_by_key(|bound| bound.distance);
            }
            before = argument.len();
            if settled.bound.as_ref().is_some_and(|bound| bound.distance < goal.need) {
                break;
            }
            settled.certificate = repair.near(goal, neighbourhoods).certificate;
            if settled.certificate.is_some() {
                break;
            }
        }
        settled
    }

    fn take(&mut self, proofs: &mut Proofs, index: usize, goal: &Goal, settled: Settled) {
        if let Some(certificate) = settled.certificate {
            for certificate in hunt::both_ways(&certificate, &self.first, goal.need) {
                proofs.admit(certificate);
            }
        }
        let Some(distance) = settled.bound.map(|bound| bound.distance) else { return };
        tighten(self.rooms, goal.cell, goal.up, distance);
        // What is possible instead is worth knowing exactly.
        if distance < goal.need && distance > 0 {
            proofs.withdraw(index);
            proofs.add(Goal { need: distance, ..*goal });
        }
    }
}

/// Takes a bound over.
fn tighten(rooms: &mut Places<Range>, cell: usize, up: bool, distance: i64) {
    let room = rooms.get(cell);
    let tighter = if up {
        Range { up: room.up.min(distance), ..room }
    } else {
        Range { down: room.down.min(distance), ..room }
    };
    rooms.set(cell, tighter);
}

/// Whether bounds leave a goal possible.
fn beyond(goal: &Goal, rooms: &Places<Range>) -> bool {
    let room = rooms.get(goal.cell);
    (if goal.up { room.up } else { room.down }) >= goal.need
}

/// The best bound that growing arguments give: none can be better than what is certified to be possible.
pub(crate) fn bound(
    table: &Additive,
    rooms: &Places<Range>,
    cell: usize,
    up: bool,
    certified: i64,
) -> Option<Bound> {
    let (mut best, mut before) = (None::<Bound>, 0);
    for cells_max in ARGUMENTS {
        let argument = Argument::around(table, rooms, cell, cells_max);
        if argument.len() == before {
            break;
        }
        before = argument.len();
        let found = argument.bound(up);
        best = [best, found].into_iter().flatten().min_by_key(|bound| bound.distance);
        if best.as_ref().is_some_and(|bound| bound.distance <= certified) {
            break;
        }
    }
    best
}

fn seen(
    table: &Additive,
    hidden: &Places<bool>,
    reach: &Places<Range>,
    rooms: &Places<Range>,
) -> Vec<Attacked> {
    let of_cell = |cell: usize| {
        let value = table.cells().get(cell)?.value;
        let (reach, room) = (reach.get(cell), rooms.get(cell));
        Some(Attacked {
            cell,
            possible: (value - reach.down, value + reach.up),
            least: value - room.down,
            most: (room.up < UNBOUNDED).then_some(value + room.up),
        })
    };
    hidden.chosen().filter_map(of_cell).collect()
}

/// The proof that every goal is reached, checked in whole numbers against the table as it would be shown; or the
/// goals that are not.
pub(crate) fn proved(
    table: &Additive,
    suppressed: &Places<bool>,
    proofs: &Proofs,
) -> Result<Attack, Vec<Goal>> {
    let rooms = [Knowledge::Lower, Knowledge::NotNegative].map(|k| table.rooms(suppressed, k));
    let [lower, not_negative] = &rooms;
    let (mut reached, mut open) = (Vec::new(), Vec::new());
    for (index, goal) in proofs.goals().iter().enumerate() {
        if proofs.is_withdrawn(index) {
            continue;
        }
        let certificate = proofs.certificate(index).filter(|certificate| {
            let rooms = if certificate.knowledge() == Knowledge::Lower { lower } else { not_negative };
            certificate.reaches(goal) && certificate.holds(table, rooms)
        });
        match certificate {
            Some(certificate) => reached.push((*goal, certificate.clone())),
            None => open.push(*goal),
        }
    }
    if !open.is_empty() {
        return Err(open);
    }
    let bounds = Bounds::of(table, lower.clone());
    let reach = proofs.reach(table.cells().len());
    Ok(Attack { cells: seen(table, suppressed, &reach, &bounds.rooms), reached, ..Attack::default() })
}

/// How an outsider comes by a suppressed cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// By subtraction alone: these relations leave nothing but the cell.
    Subtraction(Bound),
    /// By bounds: how far below and above its value the cell can be, as far as that is shown.
    Bounds {
        /// Below.
        below: Option<Bound>,
        /// Above.
        above: Option<Bound>,
    },
}

/// How an outsider comes by a cell, in relations to add and to subtract.
pub fn explain(
    table: &Additive,
    suppressed: impl IntoIterator<Item = usize>,
    cell: usize,
    knowledge: Knowledge,
) -> Explanation {
    let mut hidden = Places::new(table.cells().len());
    suppressed.into_iter().for_each(|cell| hidden.set(cell, true));
    let rooms = table.rooms(&hidden, knowledge);
    for cells_max in ARGUMENTS {
        if let Some(found) = Argument::around(table, &rooms, cell, cells_max).subtraction() {
            return Explanation::Subtraction(found);
        }
    }
    let bound = |up: bool| bound(table, &rooms, cell, up, 0);
    Explanation::Bounds { below: bound(false), above: bound(true) }
}

#[cfg(test)]
#[path = "attack/tests.rs"]
mod tests;
