//! Cells of a block that can only move together, and what is left of its relations when they are taken as one.
//!
//! A relation with two cells that may move ties them: one moves as far as the other, the same way or the other way
//! round. In tables of several dimensions most relations of a block are like that, so programs over groups of such
//! cells have a fraction of the columns and rows. Nothing is lost: the moves are the same.

use crate::additive::Range;
use std::collections::BTreeSet;

/// Groups of cells, and rows of groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lockstep {
    /// For each cell its group, and whether it moves as the group does (1) or the other way (-1); none if it cannot
    /// move.
    of: Vec<Option<(usize, i64)>>,
    /// How far each group can move.
    rooms: Vec<Range>,
    /// Each row's groups with their factors, which add up to nothing.
    rows: Vec<Vec<(usize, i64)>>,
}

impl Lockstep {
    /// Of cells with these rooms, in rows of cells with signs.
    pub fn of(rooms: &[Range], rows: &[Vec<(usize, i64)>]) -> Self {
        let mut ties = Ties::new(rooms, rows);
        while let Some(row) = ties.short.pop_first() {
            ties.shorten(row);
        }
        ties.groups()
    }

    /// A cell's group, and which way it moves with it.
    pub fn group(&self, cell: usize) -> Option<(usize, i64)> {
        self.of.get(cell).copied().flatten()
    }

    /// How far each group can move.
    pub fn rooms(&self) -> &[Range] {
        &self.rooms
    }

    /// Each row's groups with their factors.
    pub fn rows(&self) -> &[Vec<(usize, i64)>] {
        &self.rows
    }

    /// Each group's cells' weights together.
    pub fn weights(&self, cells: &[f64]) -> Vec<f64> {
        let mut weights = vec![0.0; self.rooms.len()];
        for (group, weight) in self.of.iter().zip(cells) {
            if let Some(sum) = group.and_then(|(group, _)| weights.get_mut(group)) {
                *sum += weight;
            }
        }
        weights
    }

    /// Each cell's move, by its group's.
    pub fn moves(&self, groups: &[f64]) -> Vec<f64> {
        let by = |(group, sign): (usize, i64)| groups.get(group).copied().unwrap_or_default() * sign as f64;
        self.of.iter().map(|group| group.map_or(0.0, by)).collect()
    }
}

/// Cells while they are being tied: each group is named by one of its cells.
struct Ties {
    /// For each cell the one that it was tied to, and which way; itself for the cell that names a group.
    to: Vec<(usize, i64)>,
    rooms: Vec<Range>,
    rows: Vec<Vec<(usize, i64)>>,
    /// For each cell that names a group, the rows that it may be in.
    within: Vec<Vec<usize>>,
    /// Rows of at most two groups that nobody has looked at.
    short: BTreeSet<usize>,
}

impl Ties {
    fn new(rooms: &[Range], rows: &[Vec<(usize, i64)>]) -> Self {
        let mut within = vec![Vec::new(); rooms.len()];
        for (index, row) in rows.iter().enumerate() {
            for (cell, _) in row {
                if let Some(rows) = within.get_mut(*cell) {
                    rows.push(index);
                }
            }
        }
        let short = rows.iter().enumerate().filter(|(_, row)| row.len() <= 2).map(|(index, _)| index);
        let short = short.collect();
        let to = (0..rooms.len()).map(|cell| (cell, 1)).collect();
        Self { to, rooms: rooms.to_vec(), rows: rows.to_vec(), within, short }
    }

    fn shorten(&mut self, row: usize) {
        match self.rows.get(row).map(Vec::as_slice) {
            Some([(cell, _)]) => self.fix(*cell),
            // Others would move in other proportions, which whole numbers need not permit.
            Some([(one, by), (other, times)]) if by.abs() == times.abs() => {
                let (one, other, sign) = (*one, *other, if by.signum() == times.signum() { -1 } else { 1 });
                let rows = |cell: usize| self.within.get(cell).map_or(0, Vec::len);
                let (kept, tied) = if rows(one) >= rows(other) { (one, other) } else { (other, one) };
                self.tie(kept, tied, sign);
            }
            _ => {}
        }
    }

    /// A group cannot move.
    fn fix(&mut self, cell: usize) {
        if let Some(room) = self.rooms.get_mut(cell) {
            *room = Range::default();
        }
        for row in self.within.get_mut(cell).map(std::mem::take).unwrap_or_default() {
            self.add(row, cell, None);
        }
    }

    /// Ties a group to another one.
    fn tie(&mut self, kept: usize, tied: usize, sign: i64) {
        if let Some(to) = self.to.get_mut(tied) {
            *to = (kept, sign);
        }
        let theirs = self.rooms.get(tied).copied().unwrap_or_default();
        let theirs = if sign > 0 { theirs } else { Range { down: theirs.up, up: theirs.down } };
        let mut stuck = false;
        if let Some(room) = self.rooms.get_mut(kept) {
            *room = Range { down: room.down.min(theirs.down), up: room.up.min(theirs.up) };
            stuck = *room == Range::default();
        }
        let rows = self.within.get_mut(tied).map(std::mem::take).unwrap_or_default();
        for row in &rows {
            self.add(*row, tied, Some((kept, sign)));
        }
        if let Some(within) = self.within.get_mut(kept) {
            within.extend(rows);
        }
        if stuck {
            self.fix(kept);
        }
    }

    /// Takes a group out of a row, and puts another one in its place.
    fn add(&mut self, row: usize, out: usize, place: Option<(usize, i64)>) {
        let Some(terms) = self.rows.get_mut(row) else { return };
        let Some(at) = terms.iter().position(|(cell, _)| *cell == out) else { return };
        let (_, by) = terms.swap_remove(at);
        if let Some((cell, sign)) = place {
            match terms.iter().position(|(other, _)| *other == cell) {
                Some(at) => {
                    if let Some((_, sum)) = terms.get_mut(at) {
                        *sum += by * sign;
                        if *sum == 0 {
                            terms.swap_remove(at);
                        }
                    }
                }
                None => terms.push((cell, by * sign)),
            }
        }
        if terms.len() <= 2 {
            self.short.insert(row);
        }
    }

    /// The cell that names a cell's group, and which way the cell moves with it.
    fn name(&self, cell: usize) -> (usize, i64) {
        let (mut at, mut sign) = (cell, 1);
        while let Some((to, by)) = self.to.get(at).copied().filter(|(to, _)| *to != at) {
            at = to;
            sign *= by;
        }
        (at, sign)
    }

    fn groups(&self) -> Lockstep {
        let mut numbers = vec![None; self.to.len()];
        let mut groups = Lockstep::default();
        for cell in 0..self.to.len() {
            let (name, sign) = self.name(cell);
            let room = self.rooms.get(name).copied().unwrap_or_default();
            let number = numbers.get_mut(name).filter(|_| room != Range::default()).map(|number| {
                *number.get_or_insert_with(|| {
                    groups.rooms.push(room);
                    groups.rooms.len() - 1
                })
            });
            groups.of.push(number.map(|number| (number, sign)));
        }
        // Rows that say the same say it once.
        let mut rows = BTreeSet::new();
        for row in &self.rows {
            let number = |cell: usize| numbers.get(cell).copied().flatten();
            let mut row: Vec<(usize, i64)> =
                row.iter().filter_map(|(cell, by)| Some((number(*cell)?, *by))).collect();
            row.sort_unstable();
            if row.first().is_some_and(|(_, by)| *by < 0) {
                row.iter_mut().for_each(|(_, by)| *by = -*by);
            }
            if !row.is_empty() {
                rows.insert(row);
            }
        }
        groups.rows = rows.into_iter().collect();
        groups
    }
}

#[cfg(test)]
#[path = "lockstep/tests.rs"]
mod tests;
