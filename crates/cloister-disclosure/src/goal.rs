//! What must stay possible: one primary cell, one direction, how far.

use crate::additive::{Additive, Knowledge, Range};
use crate::block::Wish;
use crate::certificate::Certificate;
use crate::places::Places;
use std::collections::BTreeSet;

/// That an outsider cannot exclude that a cell is `need` units away from its value, or further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The cell's index.
    pub cell: usize,
    /// Above its value rather than below.
    pub up: bool,
    /// How far: at least 1.
    pub need: i64,
    /// What the outsider knows.
    pub knowledge: Knowledge,
}

impl Goal {
    pub(crate) fn wish(&self) -> Wish {
        Wish { cell: self.cell, direction: if self.up { 1 } else { -1 }, need: self.need }
    }

    /// Every goal of a table's primary cells.
    pub(crate) fn of(table: &Additive) -> Vec<Self> {
        let knowledge = Knowledge::Lower;
        let of_cell = |(cell, c): (usize, &crate::AdditiveCell)| {
            let range = c.protect.unwrap_or_default();
            let goal = |up, need| Self { cell, up, need, knowledge };
            [goal(false, range.down), goal(true, range.up)]
        };
        table.cells().iter().enumerate().flat_map(of_cell).filter(|g| g.need > 0).collect()
    }
}

/// Goals and the certificates that reach them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs {
    goals: Vec<Goal>,
    /// For each cell its goals.
    at: Vec<Vec<usize>>,
    /// For each goal the certificate that reaches it.
    by: Places<Option<usize>>,
    certificates: Vec<Certificate>,
    withdrawn: BTreeSet<usize>,
    /// For each certificate the goals that it was admitted for.
    reached: Vec<Vec<usize>>,
    /// For each cell the certificates that move it.
    moving: Vec<Vec<usize>>,
}

impl Proofs {
    /// Nothing is proved yet.
    pub fn new(cells: usize, goals: Vec<Goal>) -> Self {
        let mut at = vec![Vec::new(); cells];
        for (index, goal) in goals.iter().enumerate() {
            if let Some(goals) = at.get_mut(goal.cell) {
                goals.push(index);
            }
        }
        let by = Places::new(goals.len());
        let moving = vec![Vec::new(); cells];
        Self { goals, at, by, moving, ..Self::default() }
    }

    /// All goals.
    pub fn goals(&self) -> &[Goal] {
        &self.goals
    }

    /// Whether a goal was taken back.
    pub fn is_withdrawn(&self, index: usize) -> bool {
        self.withdrawn.contains(&index)
    }

    /// A goal by its index.
    pub fn goal(&self, index: usize) -> Option<Goal> {
        self.goals.get(index).copied()
    }

    /// The goals that nothing reaches, by index.
    pub fn open(&self) -> Vec<usize> {
        let open = self.by.iter().enumerate().filter(|(_, by)| by.is_none()).map(|(index, _)| index);
        open.filter(|index| !self.withdrawn.contains(index)).collect()
    }

    /// Whether a goal is reached.
    pub fn is_reached(&self, index: usize) -> bool {
        self.by.get(index).is_some()
    }

    /// The goals of a cell, by index.
    pub fn at(&self, cell: usize) -> &[usize] {
        self.at.get(cell).map_or(&[], Vec::as_slice)
    }

    /// The certificate that reaches a goal.
    pub fn certificate(&self, index: usize) -> Option<&Certificate> {
        self.certificates.get(self.by.get(index)?)
    }

    /// Takes a certificate that holds for the goals that it is the first to reach.
    pub fn admit(&mut self, certificate: Certificate) {
        let reached: Vec<usize> = certificate
            .moves()
            .iter()
            .flat_map(|(cell, _)| self.at(*cell))
            .copied()
            .filter(|index| !self.is_reached(*index))
            .filter(|index| self.goal(*index).is_some_and(|goal| certificate.reaches(&goal)))
            .collect();
        if reached.is_empty() {
            return;
        }
        let place = self.certificates.len();
        for index in &reached {
            self.by.set(*index, Some(place));
        }
        for (cell, _) in certificate.moves() {
            if let Some(moving) = self.moving.get_mut(*cell) {
                moving.push(place);
            }
        }
        self.reached.push(reached);
        self.certificates.push(certificate);
    }

    /// How far each cell is moved by some certificate.
    pub fn reach(&self, cells: usize) -> Places<Range> {
        let mut reach: Places<Range> = Places::new(cells);
        for certificate in &self.certificates {
            for (cell, by) in certificate.moves() {
                let (before, by) = (reach.get(*cell), by / certificate.divisor());
                reach.set(*cell, Range { down: before.down.max(-by), up: before.up.max(by) });
            }
        }
        reach
    }

    /// Takes a goal back: it is no longer open, and nothing proves it.
    pub fn withdraw(&mut self, index: usize) {
        self.withdrawn.insert(index);
    }

    /// Adds a goal.
    pub fn add(&mut self, goal: Goal) {
        if let Some(goals) = self.at.get_mut(goal.cell) {
            goals.push(self.goals.len());
            self.goals.push(goal);
            self.by.push(None);
        }
    }

    /// The goals whose proof moves a cell.
    pub fn resting_on(&self, cell: usize) -> BTreeSet<usize> {
        let certificates = self.moving.get(cell).into_iter().flatten();
        let goals = certificates.flat_map(|place| {
            let goals = self.reached.get(*place).into_iter().flatten();
            goals.filter(|goal| self.by.get(**goal) == Some(*place))
        });
        goals.copied().collect()
    }

    /// Forgets the proofs of these goals; what to give [`Proofs::restore`].
    pub fn reopen(&mut self, goals: &BTreeSet<usize>) -> Vec<(usize, Option<usize>)> {
        let before = goals.iter().map(|index| (*index, self.by.get(*index))).collect();
        goals.iter().for_each(|index| self.by.set(*index, None));
        before
    }

    /// Takes back a [`Proofs::reopen`].
    pub fn restore(&mut self, before: Vec<(usize, Option<usize>)>) {
        before.into_iter().for_each(|(index, by)| self.by.set(index, by));
    }
}

impl Certificate {
    /// Whether it moves a goal's cell far enough, for an outsider who knows as much or less.
    pub(crate) fn reaches(&self, goal: &Goal) -> bool {
        let Ok(place) = self.moves().binary_search_by_key(&goal.cell, |(cell, _)| *cell) else {
            return false;
        };
        let by = self.moves().get(place).map_or(0, |(_, by)| *by) * goal.wish().direction;
        self.knowledge() <= goal.knowledge && by >= goal.need.saturating_mul(self.divisor())
    }
}
