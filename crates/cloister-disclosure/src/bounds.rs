//! Bounds by subtraction alone: what one relation after the other says of each of its cells.

use crate::additive::{Additive, Range, UNBOUNDED};
use crate::places::Places;
use std::collections::VecDeque;

/// How often a relation may be looked at: bounds are right at any time, they only stop getting better.
const VISITS_MAX: u8 = 40;

/// What an outsider knows of each cell by bounds alone, and the relation that said so last.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// How far each cell could be from its value, at most.
    pub rooms: Places<Range>,
    /// The relations that bound each cell from below and from above.
    pub because: Places<(Option<usize>, Option<usize>)>,
}

impl Bounds {
    /// The tightest bounds that follow from relations one at a time.
    pub fn of(table: &Additive, rooms: Places<Range>) -> Self {
        let because = Places::new(rooms.len());
        let mut bounds = Self { rooms, because };
        let mut queue: VecDeque<usize> = (0..table.relations().len()).collect();
        let mut queued: Places<bool> = queue.iter().map(|_| true).collect();
        let mut visits: Places<u8> = Places::new(queue.len());
        while let Some(relation) = queue.pop_front() {
            queued.set(relation, false);
            visits.set(relation, visits.get(relation) + 1);
            for cell in bounds.look_at(table, relation) {
                for term in table.of(cell) {
                    let other = term.relation;
                    if !queued.get(other) && visits.get(other) < VISITS_MAX {
                        queued.set(other, true);
                        queue.push_back(other);
                    }
                }
            }
        }
        bounds
    }

    /// Tightens the cells of one relation; those that it tightened.
    fn look_at(&mut self, table: &Additive, relation: usize) -> Vec<usize> {
        // How far the sum can be pushed down and up by all cells together.
        let (mut down, mut up) = (Sum::default(), Sum::default());
        for (cell, sign) in table.terms(relation) {
            let room = toward(self.rooms.get(cell), sign);
            down.add(room.down);
            up.add(room.up);
        }
        let mut tightened = Vec::new();
        for (cell, sign) in table.terms(relation) {
            let before = self.rooms.get(cell);
            let room = toward(before, sign);
            // It can go up only as far as the others can go down.
            let most = Range { down: up.without(room.up), up: down.without(room.down) };
            let most = toward(most, sign);
            let after = Range { down: before.down.min(most.down), up: before.up.min(most.up) };
            if after != before {
                let (mut below, mut above) = self.because.get(cell);
                if after.down < before.down {
                    below = Some(relation);
                }
                if after.up < before.up {
                    above = Some(relation);
                }
                self.because.set(cell, (below, above));
                self.rooms.set(cell, after);
                tightened.push(cell);
            }
        }
        // The sums were taken before: what was tightened since is only wider in them than it is.
        tightened
    }
}

/// A cell's room as its relation's sum sees it.
fn toward(room: Range, sign: i64) -> Range {
    if sign > 0 { room } else { Range { down: room.up, up: room.down } }
}

/// A sum of rooms of which some have no bound.
#[derive(Clone, Copy, Default)]
struct Sum {
    bounded: i64,
    unbounded: usize,
}

impl Sum {
    fn add(&mut self, room: i64) {
        if room >= UNBOUNDED { self.unbounded += 1 } else { self.bounded = self.bounded.saturating_add(room) }
    }

    fn without(self, room: i64) -> i64 {
        match (self.unbounded, room >= UNBOUNDED) {
            (0, _) => (self.bounded - room).min(UNBOUNDED),
            (1, true) => self.bounded.min(UNBOUNDED),
            _ => UNBOUNDED,
        }
    }
}
