//! Why a cell cannot be further from its value: relations, each some times over, that add up to a bound.
//!
//! If the sum of multiples of relations leaves the cell itself and other cells whose rooms are known, the rooms
//! bound the cell. The multipliers come from a linear program (the dual of the outsider's); the bound is computed
//! from them in whole numbers, so a wrong multiplier can only make it weaker.

use crate::additive::{Additive, Range, UNBOUNDED};
use crate::linear::{Compare, Program};
use crate::lockstep::Lockstep;
use crate::places::Places;
use std::collections::{BTreeMap, BTreeSet};

/// A bound with the relations that give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The relations that are added up, each with how many times (negative: subtracted), times the divisor.
    pub multipliers: Vec<(usize, i64)>,
    /// What the multipliers are to be divided by.
    pub divisor: i64,
    /// How far the cell can be from its value at most, in this direction.
    pub distance: i64,
}

/// Relations around a cell, with every cell of theirs that may move.
pub(crate) struct Argument<'a> {
    table: &'a Additive,
    rooms: &'a Places<Range>,
    cell: usize,
    relations: Vec<usize>,
    /// Its cells, ascending.
    order: Vec<usize>,
}

impl<'a> Argument<'a> {
    /// The relations nearest to a cell, until they have about `cells_max` cells that may move.
    pub fn around(table: &'a Additive, rooms: &'a Places<Range>, cell: usize, cells_max: usize) -> Self {
        let (mut cells, mut relations) = (BTreeSet::from([cell]), BTreeSet::new());
        let mut next = std::collections::VecDeque::from([cell]);
        while let Some(at) = next.pop_front() {
            if cells.len() >= cells_max {
                break;
            }
            for term in table.of(at) {
                if relations.insert(term.relation) {
                    for (other, _) in table.terms(term.relation) {
                        if rooms.get(other) != Range::default() && cells.insert(other) {
                            next.push_back(other);
                        }
                    }
                }
            }
        }
        let order = cells.into_iter().collect();
        Self { table, rooms, cell, relations: relations.into_iter().collect(), order }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The relations that leave nothing but the cell: its value is recovered by subtraction alone.
    pub fn subtraction(&self) -> Option<Bound> {
        let mut program = Program::minimise();
        let columns = self.multiplier_columns(&mut program, 1.0);
        self.for_each_cell(|cell, terms| {
            let terms =
                terms.iter().filter_map(|(relation, sign)| Some((columns.get(relation)?, *sign as f64)));
            let terms = terms.flat_map(|((plus, minus), sign)| [(*plus, sign), (*minus, -sign)]);
            program.row(terms, Compare::Equal, if cell == self.cell { 1.0 } else { 0.0 });
        });
        let solution = program.solve()?;
        self.checked(&self.multipliers(&columns, &solution), -1).filter(|bound| bound.distance == 0)
    }

    /// Whether these relations may leave the cell no `need` units in a direction: asked of the moves themselves, which is
    /// quicker than looking for the bound, and no proof.
    pub fn may_exclude(&self, up: bool, need: i64) -> bool {
        let place = |cell: usize| self.order.binary_search(&cell).ok();
        let rooms: Vec<Range> = self.order.iter().map(|cell| self.rooms.get(*cell)).collect();
        let row = |relation: &usize| -> Vec<(usize, i64)> {
            self.table.terms(*relation).filter_map(|(cell, sign)| Some((place(cell)?, sign))).collect()
        };
        let rows: Vec<Vec<(usize, i64)>> = self.relations.iter().map(row).collect();
        let lockstep = Lockstep::of(&rooms, &rows);
        let Some((group, sign)) = place(self.cell).and_then(|place| lockstep.group(place)) else {
            return true;
        };
        let sign = if up { sign } else { -sign };
        let mut program = Program::maximise();
        for (index, room) in lockstep.rooms().iter().enumerate() {
            let limit = |room: i64, grows: bool| {
                let most =
                    if index == group && grows == (sign > 0) { need } else { need.saturating_mul(FAR) };
                room.min(most) as f64
            };
            let weight = if index == group { sign as f64 } else { 0.0 };
            program.column(weight, -limit(room.down, false), limit(room.up, true));
        }
        for row in lockstep.rows() {
            program.row(row.iter().map(|(group, by)| (*group, *by as f64)), Compare::Equal, 0.0);
        }
        let moved = program.solve().and_then(|moves| moves.get(group).copied());
        moved.is_none_or(|by| by * (sign as f64) < need as f64 - 1e-6)
    }

    /// The best bound that these relations give: upwards or downwards.
    pub fn bound(&self, up: bool) -> Option<Bound> {
        let direction = if up { 1.0 } else { -1.0 };
        let mut program = Program::minimise();
        let columns = self.multiplier_columns(&mut program, 1e-6);
        self.for_each_cell(|cell, terms| {
            let room = self.rooms.get(cell);
            let weight = |room: i64| (room as f64, if room >= UNBOUNDED { 0.0 } else { f64::INFINITY });
            let ((up, up_most), (down, down_most)) = (weight(room.up), weight(room.down));
            let rises = program.column(if up_most > 0.0 { up } else { 0.0 }, 0.0, up_most);
            let falls = program.column(if down_most > 0.0 { down } else { 0.0 }, 0.0, down_most);
            let terms =
                terms.iter().filter_map(|(relation, sign)| Some((columns.get(relation)?, *sign as f64)));
            let terms = terms.flat_map(|((plus, minus), sign)| [(*plus, sign), (*minus, -sign)]);
            let terms = terms.chain([(rises, -1.0), (falls, 1.0)]);
            program.row(terms, Compare::Equal, if cell == self.cell { -direction } else { 0.0 });
        });
        let solution = program.solve()?;
        self.checked(&self.multipliers(&columns, &solution), if up { 1 } else { -1 })
    }

    fn multiplier_columns(&self, program: &mut Program, weight: f64) -> BTreeMap<usize, (usize, usize)> {
        let mut column = || program.column(weight, 0.0, f64::INFINITY);
        self.relations.iter().map(|relation| (*relation, (column(), column()))).collect()
    }

    fn multipliers(&self, columns: &BTreeMap<usize, (usize, usize)>, solution: &[f64]) -> Vec<(usize, f64)> {
        let value = |column: usize| solution.get(column).copied().unwrap_or_default();
        let multiplier =
            |(relation, (plus, minus)): (&usize, &(usize, usize))| (*relation, value(*plus) - value(*minus));
        columns.iter().map(multiplier).collect()
    }

    fn for_each_cell(&self, mut row: impl FnMut(usize, &[(usize, i64)])) {
        for cell in &self.order {
            let terms = self.table.of(*cell).iter();
            let terms = terms.filter(|t| self.relations.binary_search(&t.relation).is_ok());
            row(*cell, &terms.map(|t| (t.relation, t.sign)).collect::<Vec<_>>());
        }
    }

    /// What these multipliers prove, in whole numbers.
    fn checked(&self, multipliers: &[(usize, f64)], direction: i64) -> Option<Bound> {
        DIVISORS.iter().find_map(|divisor| {
            let mut whole = Vec::new();
            for (relation, by) in multipliers {
                let scaled = by * *divisor as f64;
                if (scaled - scaled.round()).abs() > 1e-5 || scaled.abs() > 1e9 {
                    return None;
                }
                if scaled.round() != 0.0 {
                    // Within bounds: checked the line before.
                    whole.push((*relation, scaled.round() as i64));
                }
            }
            let distance = distance(self.table, self.rooms, self.cell, direction, &whole, *divisor)?;
            Some(Bound { multipliers: whole, divisor: *divisor, distance })
        })
    }
}

/// No other cell need move further than so many times as far.
const FAR: i64 = 1_000;

/// As for certificates.
const DIVISORS: [i64; 8] = [1, 2, 3, 4, 5, 6, 8, 12];

impl Bound {
    /// What is left of each cell when the multiples are added up: the bound is how far these can move together.
    pub(crate) fn left_over(&self, table: &Additive, cell: usize, up: bool) -> BTreeMap<usize, i128> {
        left_over(table, cell, if up { 1 } else { -1 }, &self.multipliers, self.divisor)
    }
}

fn left_over(
    table: &Additive,
    cell: usize,
    direction: i64,
    multipliers: &[(usize, i64)],
    divisor: i64,
) -> BTreeMap<usize, i128> {
    let mut left: BTreeMap<usize, i128> = BTreeMap::from([(cell, i128::from(divisor * direction))]);
    for (relation, by) in multipliers {
        for (other, sign) in table.terms(*relation) {
            *left.entry(other).or_default() += i128::from(*by) * i128::from(sign);
        }
    }
    left
}

/// How far a cell can move in a direction if these multiples of relations hold: none if they do not say.
fn distance(
    table: &Additive,
    rooms: &Places<Range>,
    cell: usize,
    direction: i64,
    multipliers: &[(usize, i64)],
    divisor: i64,
) -> Option<i64> {
    let left = left_over(table, cell, direction, multipliers, divisor);
    let mut sum: i128 = 0;
    for (other, by) in left {
        let room = rooms.get(other);
        let room = if by > 0 { room.up } else { room.down };
        if by != 0 && room >= UNBOUNDED {
            return None;
        }
        sum += by.abs() * i128::from(room);
    }
    let divisor = i128::from(divisor);
    let down = sum / divisor;
    let rounded = if table.is_whole() || down * divisor == sum { down } else { down + 1 };
    i64::try_from(rounded).ok()
}
