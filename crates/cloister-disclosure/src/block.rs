//! A part of a table in which cells may move while everything around it stays where it is.
//!
//! A certificate found inside a block holds for the whole table: that is what keeps programs small.

use crate::additive::{Additive, Knowledge, Range};
use crate::certificate::Certificate;
use crate::linear::{Compare, Program};
use crate::lockstep::Lockstep;
use crate::places::Places;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::sync::OnceLock;

/// Cells of a table, with the relations that they are in.
pub(crate) struct Block {
    cells: Vec<Member>,
    /// Each relation's members with their signs.
    rows: Vec<Vec<(usize, i64)>>,
    /// Which of its cells move together: found when it is needed.
    lockstep: OnceLock<Lockstep>,
    /// Whether nothing outside it is connected with it.
    complete: bool,
}

#[derive(Clone)]
struct Member {
    cell: usize,
    room: Range,
    /// The rows that it is in, with its sign.
    rows: Vec<(usize, i64)>,
}

/// A wish: this cell, up (1) or down (-1), by at least this much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub cell: usize,
    pub direction: i64,
    pub need: i64,
}

impl Block {
    /// These cells.
    pub fn of(table: &Additive, rooms: &Places<Range>, cells: impl IntoIterator<Item = usize>) -> Self {
        let mut live: BTreeSet<usize> = cells.into_iter().collect();
        let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for cell in &live {
            for term in table.of(*cell) {
                rows.entry(term.relation).or_default().push(*cell);
            }
        }
        // A cell that is alone in a relation cannot move.
        let mut alone: Vec<usize> = rows.iter().filter(|(_, c)| c.len() == 1).map(|(r, _)| *r).collect();
        while let Some(row) = alone.pop() {
            let Some(cell) = rows.get(&row).and_then(|cells| cells.first()).copied() else { continue };
            live.remove(&cell);
            for term in table.of(cell) {
                if let Some(cells) = rows.get_mut(&term.relation) {
                    cells.retain(|c| *c != cell);
                    if cells.len() == 1 {
                        alone.push(term.relation);
                    }
                }
            }
        }
        rows.retain(|_, cells| !cells.is_empty());
        let row_places: BTreeMap<usize, usize> = rows.keys().enumerate().map(|(k, r)| (*r, k)).collect();
        let (cells, rows) = (Vec::with_capacity(live.len()), vec![Vec::new(); rows.len()]);
        let mut block = Self { cells, rows, lockstep: OnceLock::new(), complete: false };
        for (place, cell) in live.into_iter().enumerate() {
            let terms = table.of(cell).iter();
            let terms = terms.filter_map(|t| row_places.get(&t.relation).map(|k| (*k, t.sign)));
            let member = Member { cell, room: rooms.get(cell), rows: terms.collect() };
            for (row, sign) in &member.rows {
                if let Some(row) = block.rows.get_mut(*row) {
                    row.push((place, *sign));
                }
            }
            block.cells.push(member);
        }
        block
    }

    /// About `cells_max` cells around these: those first that leave the fewest relations half inside, and of them
    /// those with the most room.
    pub fn around(table: &Additive, rooms: &Places<Range>, start: usize, cells_max: usize) -> Self {
        let mut inside: BTreeSet<usize> = BTreeSet::new();
        let mut touched: HashSet<usize> = HashSet::new();
        let mut outside: HashMap<usize, Candidate> = HashMap::new();
        // Candidates as they were whenever they changed: only the latest of each counts.
        let mut order: BinaryHeap<Reverse<(Candidate, usize)>> = BinaryHeap::new();
        let mut next = Some((0, start));
        while let Some((depth, cell)) = next {
            inside.insert(cell);
            for term in table.of(cell) {
                if !touched.insert(term.relation) {
                    continue;
                }
                for (other, _) in table.terms(term.relation) {
                    let room = rooms.get(other);
                    if room == Range::default() || inside.contains(&other) {
                        continue;
                    }
                    let candidate = outside.entry(other).or_insert_with(|| Candidate {
                        open: table.of(other).len(),
                        depth: depth + 1,
                        tight: i64::MAX - room.down.min(room.up),
                    });
                    candidate.open = candidate.open.saturating_sub(1);
                    order.push(Reverse((*candidate, other)));
                }
            }
            if inside.len() >= cells_max {
                break;
            }
            next = None;
            while let Some(Reverse((candidate, cell))) = order.pop() {
                if outside.get(&cell) == Some(&candidate) {
                    outside.remove(&cell);
                    next = Some((candidate.depth, cell));
                    break;
                }
            }
        }
        Self { complete: outside.is_empty(), ..Self::of(table, rooms, inside) }
    }

    /// Its cells, ascending.
    pub fn cells(&self) -> impl Iterator<Item = usize> + '_ {
        self.cells.iter().map(|m| m.cell)
    }

    /// Whether a larger one around the same cell would be the same.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    fn place(&self, cell: usize) -> Option<usize> {
        self.cells.binary_search_by_key(&cell, |m| m.cell).ok()
    }

    /// Whether a cell is in it.
    pub fn contains(&self, cell: usize) -> bool {
        self.place(cell).is_some()
    }

    /// The wishes of which no two push the same relation the same way, so that one program can grant them all.
    pub fn compatible(&self, wishes: &[Wish]) -> Vec<Wish> {
        let mut pushed: BTreeSet<(usize, i64)> = BTreeSet::new();
        let mut moved: BTreeSet<usize> = BTreeSet::new();
        let mut chosen = Vec::new();
        for wish in wishes {
            let Some(member) = self.place(wish.cell).and_then(|p| self.cells.get(p)) else { continue };
            let pushes = || member.rows.iter().map(|(row, sign)| (*row, sign * wish.direction));
            if !moved.contains(&wish.cell) && pushes().all(|push| !pushed.contains(&push)) {
                moved.insert(wish.cell);
                pushed.extend(pushes());
                chosen.push(*wish);
            }
        }
        chosen
    }

    /// Which cells move together.
    fn lockstep(&self) -> &Lockstep {
        self.lockstep.get_or_init(|| {
            let rooms: Vec<Range> = self.cells.iter().map(|m| m.room).collect();
            Lockstep::of(&rooms, &self.rows)
        })
    }

    /// A cell's group, and which way the cell moves with it.
    fn group(&self, cell: usize) -> Option<(usize, i64)> {
        self.lockstep().group(self.place(cell)?)
    }

    /// Each cell with its move, by the groups' moves.
    fn moves(&self, groups: &[f64]) -> Vec<(usize, f64)> {
        self.cells.iter().map(|m| m.cell).zip(self.lockstep().moves(groups)).collect()
    }

    /// Moves that grant as much of these wishes as can be granted together, with nothing moving further than
    /// `reach` units.
    pub fn push(&self, wishes: &[Wish], unit: i64, reach: i64, whole: bool) -> Option<Vec<(usize, f64)>> {
        let mut program = Program::maximise().nodes_max(NODES_MAX);
        let limit = |room: i64| (room / unit).min(reach);
        for room in self.lockstep().rooms() {
            let (least, most) = (-limit(room.down), limit(room.up));
            match (whole, i32::try_from(least), i32::try_from(most)) {
                (true, Ok(least), Ok(most)) => program.whole(0.0, least, most),
                _ => program.column(0.0, least as f64, most as f64),
            };
        }
        for row in self.lockstep().rows() {
            let terms = row.iter().map(|(group, by)| (*group, *by as f64));
            program.row(terms, Compare::Equal, 0.0);
        }
        let mut possible = false;
        for wish in wishes {
            // What cannot move grants nothing.
            let Some((group, sign)) = self.group(wish.cell) else { continue };
            possible = true;
            let need = units(wish.need, unit) as f64;
            let granted = program.column(1.0 / need, f64::NEG_INFINITY, need);
            program.row([(granted, 1.0), (group, -(sign * wish.direction) as f64)], Compare::AtMost, 0.0);
        }
        let moves = if possible { program.solve()? } else { return None };
        Some(self.moves(&moves))
    }

    /// Moves as certificates: one for each part of them that stands alone.
    pub fn certificates(
        &self,
        table: &Additive,
        moves: &[(usize, f64)],
        unit: i64,
        knowledge: Knowledge,
    ) -> (Vec<Certificate>, Vec<Vec<usize>>) {
        let mut open: BTreeMap<usize, f64> =
            moves.iter().filter(|(_, by)| by.abs() > 1e-5).copied().collect();
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        while let Some((cell, by)) = open.pop_first() {
            let mut piece = vec![(cell, by)];
            let mut next = vec![cell];
            while let Some(cell) = next.pop() {
                let rows = self.place(cell).and_then(|p| self.cells.get(p)).map_or(&[][..], |m| &m.rows);
                let members = rows.iter().filter_map(|(row, _)| self.rows.get(*row)).flatten();
                for other in members.filter_map(|(place, _)| self.cells.get(*place)) {
                    if let Some(by) = open.remove(&other.cell) {
                        piece.push((other.cell, by));
                        next.push(other.cell);
                    }
                }
            }
            match Certificate::balanced(table, &piece, unit, knowledge) {
                Some(certificate) => found.push(certificate),
                None => broken.push(piece.into_iter().map(|(cell, _)| cell).collect()),
            }
        }
        (found, broken)
    }

    /// The cheapest moves that grant a wish; each cell's unit costs its weight.
    pub fn cheapest(&self, wish: Wish, unit: i64, weights: &[f64], whole: bool) -> Option<Vec<(usize, f64)>> {
        let mut program = Program::minimise().nodes_max(NODES_MAX);
        let need = units(wish.need, unit) as f64;
        let limit = |room: i64| ((room / unit) as f64).min(8.0 * need);
        let mut column = |weight: f64, (least, most): (f64, f64)| {
            if whole {
                // Needs are far below two billion, where an outsider knows that values are whole.
                program.whole(weight, least as i32, most as i32)
            } else {
                program.column(weight, least, most)
            }
        };
        let (wished, sign) = self.group(wish.cell)?;
        let lockstep = self.lockstep();
        for (group, (room, weight)) in lockstep.rooms().iter().zip(lockstep.weights(weights)).enumerate() {
            let (up, down) = (limit(room.up), limit(room.down));
            if group == wished {
                let rises = sign * wish.direction > 0;
                if need > if rises { up } else { down } {
                    return None;
                }
                let both = [(need, need), (0.0, 0.0)];
                let [up, down] = if rises { both } else { [(0.0, 0.0), (need, need)] };
                column(0.0, up);
                column(0.0, down);
            } else {
                column(weight, (0.0, up));
                column(weight, (0.0, down));
            }
        }
        for row in lockstep.rows() {
            let terms = row.iter();
            let terms = terms.flat_map(|(g, by)| [(2 * g, *by as f64), (2 * g + 1, -(*by as f64))]);
            program.row(terms, Compare::Equal, 0.0);
        }
        let moves = program.solve()?;
        let up = moves.iter().step_by(2);
        let down = moves.iter().skip(1).step_by(2);
        let groups: Vec<f64> = up.zip(down).map(|(up, down)| up - down).collect();
        Some(self.moves(&groups))
    }
}

/// Branches that a program with whole columns may take.
const NODES_MAX: u64 = 20;

/// A need in units, rounded up.
fn units(need: i64, unit: i64) -> i64 {
    need / unit + i64::from(need % unit != 0)
}

/// How near a cell is to a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Its relations that the block does not touch.
    open: usize,
    depth: usize,
    /// Less for more room.
    tight: i64,
}
