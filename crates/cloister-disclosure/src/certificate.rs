//! What an outsider cannot exclude: another table with the same published numbers.

use crate::additive::{Additive, Knowledge, Range};
use crate::places::Places;
use std::collections::BTreeMap;

/// Moves that leave every relation and every published number as it is.
///
/// An outsider who knows nothing but these cannot tell the true table from the one where every cell named here
/// is moved by its share. Checked in whole numbers, so it needs no trust in whoever found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    moves: Vec<(usize, i64)>,
    divisor: i64,
    knowledge: Knowledge,
}

impl Certificate {
    /// The moved cells in ascending order, each with its move times the divisor.
    pub fn moves(&self) -> &[(usize, i64)] {
        &self.moves
    }

    /// What the moves are to be divided by: 1 for a table of whole numbers.
    pub fn divisor(&self) -> i64 {
        self.divisor
    }

    /// What the outsider knows whom it holds against.
    pub fn knowledge(&self) -> Knowledge {
        self.knowledge
    }

    /// Moves found by a program: none if they are not balanced in whole numbers after one of a few divisions.
    pub(crate) fn balanced(
        table: &Additive,
        moves: &[(usize, f64)],
        unit: i64,
        knowledge: Knowledge,
    ) -> Option<Self> {
        // Fractions of a larger unit can still be whole numbers.
        let divisors = DIVISORS.iter().filter(|divisor| !table.is_whole() || unit % **divisor == 0);
        divisors.copied().find_map(|divisor| {
            let moves = rounded(moves, divisor)?;
            let (unit, divisor) = if table.is_whole() { (unit / divisor, 1) } else { (unit, divisor) };
            let moves = moves.into_iter().map(|(cell, by)| (cell, by * unit)).collect();
            let certificate = Self { moves, divisor, knowledge };
            certificate.is_balanced(table).then_some(certificate)
        })
    }

    /// The same moves several times over, in the same or (negative) in the other direction.
    pub(crate) fn times(&self, factor: i64) -> Self {
        let moves = self.moves.iter().map(|(cell, by)| (*cell, by * factor)).collect();
        Self { moves, ..self.clone() }
    }

    /// How often it can be made in the same and in the other direction: at most `most` times.
    pub(crate) fn repeats(&self, rooms: &Places<Range>, most: i64) -> (i64, i64) {
        let repeats = |direction: i64| {
            let fits = |(cell, by): &(usize, i64)| {
                let (room, by) = (rooms.get(*cell), by * direction);
                let room = if by > 0 { room.up } else { room.down };
                room.saturating_mul(self.divisor) / by.abs().max(1)
            };
            self.moves.iter().map(fits).min().unwrap_or(0).clamp(0, most)
        };
        (repeats(1), repeats(-1))
    }

    /// Whether every move stays within its room and every relation still holds.
    pub(crate) fn holds(&self, table: &Additive, rooms: &Places<Range>) -> bool {
        self.divisor > 0 && self.repeats(rooms, 1).0 == 1 && self.is_balanced(table)
    }

    fn is_balanced(&self, table: &Additive) -> bool {
        let mut sums: BTreeMap<usize, i128> = BTreeMap::new();
        for (cell, by) in &self.moves {
            for term in table.of(*cell) {
                *sums.entry(term.relation).or_default() += i128::from(*by) * i128::from(term.sign);
            }
        }
        sums.values().all(|sum| *sum == 0)
    }
}

/// Corners of these programs rarely have other denominators.
const DIVISORS: [i64; 7] = [1, 2, 3, 4, 6, 8, 12];

fn rounded(moves: &[(usize, f64)], divisor: i64) -> Option<Vec<(usize, i64)>> {
    let mut whole = Vec::with_capacity(moves.len());
    for (cell, by) in moves {
        let scaled = by * divisor as f64;
        let nearest = scaled.round();
        if (scaled - nearest).abs() > 1e-4 || nearest.abs() > 1e12 {
            return None;
        }
        if nearest != 0.0 {
            // Within bounds: checked the line before.
            whole.push((*cell, nearest as i64));
        }
    }
    whole.sort_unstable();
    (!whole.is_empty()).then_some(whole)
}
