//! An attack by all relations at once: the least and the greatest that each number can be.

use crate::marker::Range;
use crate::outsider::{Derived, propagate};
use crate::table::Table;
use cloister_disclosure::{Compare, Program, Relation};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most cells that hang together and are attacked with all their relations at once.
const COMPONENT_MAX: usize = 400;
/// The most cells of a part of more, around one of them.
const NEAR_MAX: usize = 100;
/// The same of further passes, for cells of which something was found: what is found in one pass narrows the next.
const NARROWED_MAX: [usize; 2] = [200, 400];
/// Ranges up to this width are looked at again.
const NARROW: f64 = 12.0;
/// The most programs of an attack.
const PROGRAMS_MAX: usize = 400_000;

/// A relation's cells with their signs, as programs take them.
pub(super) fn terms(relation: &Relation) -> impl Iterator<Item = (usize, f64)> + '_ {
    relation.terms().map(|(cell, sign)| (cell, sign as f64))
}

/// An attack by all relations at once.
pub(super) struct Attack<'a> {
    table: &'a Table,
    known: &'a [Range],
    pub(super) derived: Vec<Derived>,
    /// The width up to which a number is as good as known: none of people; of amounts, what rounding leaves.
    exact: f64,
    programs: usize,
    /// For cells that several relations together give away: these, each with its factor.
    pub(super) because: BTreeMap<usize, Vec<(usize, f64)>>,
}

impl<'a> Attack<'a> {
    /// On numbers that are known so, and derived so by one relation after the other.
    pub(super) fn new(table: &'a Table, known: &'a [Range], derived: Vec<Derived>, exact: f64) -> Self {
        Self { table, known, derived, exact, programs: 0, because: BTreeMap::new() }
    }

    fn is_open(&self, cell: usize) -> bool {
        self.derived.get(cell).is_some_and(|d| d.range.high - d.range.low > self.exact)
    }

    fn is_narrow(&self, cell: usize) -> bool {
        let most = NARROW * if self.exact > 0.0 { self.exact } else { 1.0 };
        self.derived.get(cell).is_some_and(|d| d.range.high - d.range.low <= most)
    }

    /// Uses all relations of cells that hang together at once; where these are too many, those near each cell. Returns
    /// how many cells hang together with too many.
    pub(super) fn exactly(&mut self) -> usize {
        let mut left = 0;
        for (cells, relations) in self.components() {
            let programs = self.programs + 2 * cells.len();
            if programs > PROGRAMS_MAX {
                left += cells.len();
                continue;
            }
            self.programs = programs;
            if cells.len() <= COMPONENT_MAX {
                for cell in &cells {
                    self.bound(*cell, &cells, &relations);
                }
                continue;
            }
            left += cells.len();
            self.by_parts(&cells, &relations, NEAR_MAX);
            for near_max in NARROWED_MAX {
                let narrowed: Vec<usize> = cells.iter().copied().filter(|c| self.is_narrow(*c)).collect();
                self.by_parts(&narrowed, &relations, near_max);
            }
        }
        left
    }

    /// Bounds each cell of a large component by the relations near it, all at once, and then tells the others.
    fn by_parts(&mut self, cells: &[usize], relations: &[usize], near_max: usize) {
        let of = self.incidence(relations);
        let open: Vec<usize> = cells.iter().copied().filter(|cell| self.is_open(*cell)).collect();
        let attack = &*self;
        let found = in_parallel(&open, |cell| {
            let (near, relations) = attack.around(*cell, &of, near_max);
            let low = attack.extreme(*cell, &near, &relations, false);
            let high = attack.extreme(*cell, &near, &relations, true);
            (low, high, near, relations)
        });
        for (cell, (low, high, near, relations)) in open.iter().zip(found) {
            self.narrow(*cell, low, high, &near, &relations);
        }
        // What is known of one cell now says more of its neighbours.
        let ranges: Vec<Range> = self.derived.iter().map(|d| d.range).collect();
        if let Ok(derived) = propagate(&ranges, &self.table.relations) {
            for (old, new) in self.derived.iter_mut().zip(derived) {
                if new.range != old.range {
                    *old = Derived {
                        range: new.range,
                        low_by: new.low_by.or(old.low_by),
                        high_by: new.high_by.or(old.high_by),
                    };
                }
            }
        }
    }

    /// The relations that each open cell is in.
    fn incidence(&self, relations: &[usize]) -> BTreeMap<usize, Vec<usize>> {
        let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in relations {
            let terms = self.table.relations.get(*index).into_iter().flat_map(terms);
            for (cell, _) in terms.filter(|(cell, _)| self.is_open(*cell)) {
                of.entry(cell).or_default().push(*index);
            }
        }
        of
    }

    /// Open cells near one, and the relations that have no other open cells: what they tell is true, if not all.
    fn around(
        &self,
        cell: usize,
        of: &BTreeMap<usize, Vec<usize>>,
        near_max: usize,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut near = BTreeSet::from([cell]);
        let mut relations = BTreeSet::new();
        let mut waiting = VecDeque::from([cell]);
        while let Some(next) = waiting.pop_front() {
            for index in of.get(&next).into_iter().flatten() {
                let open = self.table.relations.get(*index).into_iter().flat_map(terms);
                let open: Vec<usize> = open.map(|t| t.0).filter(|c| self.is_open(*c)).collect();
                let new: Vec<usize> = open.iter().copied().filter(|c| !near.contains(c)).collect();
                if near.len() + new.len() > near_max {
                    continue;
                }
                relations.insert(*index);
                near.extend(&new);
                waiting.extend(new);
            }
        }
        (near.into_iter().collect(), relations.into_iter().collect())
    }

    /// Open cells that hang together through relations, with these.
    fn components(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let all: Vec<usize> = (0..self.table.relations.len()).collect();
        let of = self.incidence(&all);
        let mut seen_cells = vec![false; self.derived.len()];
        let mut seen_relations = vec![false; self.table.relations.len()];
        let mut components = Vec::new();
        for start in of.keys() {
            if seen_cells.get(*start).copied().unwrap_or(true) {
                continue;
            }
            let (mut cells, mut relations, mut open) = (Vec::new(), Vec::new(), vec![*start]);
            while let Some(cell) = open.pop() {
                match seen_cells.get_mut(cell) {
                    Some(seen @ false) => *seen = true,
                    _ => continue,
                }
                cells.push(cell);
                for index in of.get(&cell).into_iter().flatten() {
                    match seen_relations.get_mut(*index) {
                        Some(seen @ false) => *seen = true,
                        _ => continue,
                    }
                    relations.push(*index);
                    let relation = self.table.relations.get(*index);
                    open.extend(
                        relation.into_iter().flat_map(terms).map(|t| t.0).filter(|c| self.is_open(*c)),
                    );
                }
            }
            cells.sort_unstable();
            relations.sort_unstable();
            components.push((cells, relations));
        }
        components
    }

    /// The least and the greatest that a cell can be, by all relations of its component.
    fn bound(&mut self, cell: usize, cells: &[usize], relations: &[usize]) {
        if !self.is_open(cell) {
            return;
        }
        let low = self.extreme(cell, cells, relations, false);
        let high = self.extreme(cell, cells, relations, true);
        self.narrow(cell, low, high, cells, relations);
    }

    /// Takes over what programs found of a cell, if it is news.
    fn narrow(
        &mut self,
        cell: usize,
        low: Option<f64>,
        high: Option<f64>,
        cells: &[usize],
        relations: &[usize],
    ) {
        let Some(derived) = self.derived.get_mut(cell) else { return };
        let mut changed = false;
        // People are whole; the solver's last digits are not. Of amounts, what is less than rounding leaves is no news.
        let people = self.exact == 0.0;
        let digits = |v: f64| 1e-9 * (1.0 + v.abs());
        let news = self.exact / 8.0;
        let low = low.map(|v| if people { (v - 1e-5).ceil() } else { v - digits(v) });
        if let Some(low) = low.filter(|v| *v > derived.range.low + news) {
            derived.range.low = low;
            changed = true;
        }
        let high = high.map(|v| if people { (v + 1e-5).floor() } else { v + digits(v) });
        if let Some(high) = high.filter(|v| *v < derived.range.high - news) {
            derived.range.high = high;
            changed = true;
        }
        if changed {
            let exact = derived.range.high - derived.range.low <= self.exact;
            let combination = if exact { self.combination(cell, cells, relations) } else { None };
            self.because.insert(cell, combination.unwrap_or_default());
        }
    }

    fn extreme(&self, cell: usize, cells: &[usize], relations: &[usize], up: bool) -> Option<f64> {
        let mut program = if up { Program::maximise() } else { Program::minimise() };
        let mut columns = BTreeMap::new();
        for other in cells {
            let range = self.known.get(*other)?;
            let derived = self.derived.get(*other)?.range;
            let weight = if *other == cell { 1.0 } else { 0.0 };
            let (low, high) = (range.low.max(derived.low), range.high.min(derived.high));
            columns.insert(*other, program.column(weight, low, high));
        }
        for index in relations {
            let relation = self.table.relations.get(*index)?;
            let (mut fixed, mut slack) = (0.0, 0.0);
            for (c, sign) in terms(relation).filter(|(c, _)| !columns.contains_key(c)) {
                let range = self.derived.get(c).map_or(Range::exactly(0.0), |d| d.range);
                fixed += sign * (range.low + range.high) / 2.0;
                slack += (range.high - range.low) / 2.0;
            }
            let row = terms(relation).filter_map(|(c, sign)| columns.get(&c).map(|column| (*column, sign)));
            let row: Vec<(usize, f64)> = row.collect();
            if slack > 0.0 {
                program.row(row.iter().copied(), Compare::AtLeast, -fixed - slack);
                program.row(row, Compare::AtMost, -fixed + slack);
            } else {
                program.row(row, Compare::Equal, -fixed);
            }
        }
        let solution = program.solve()?;
        columns.get(&cell).and_then(|column| solution.get(*column)).copied()
    }

    /// Factors of relations whose sum has no open cell but one.
    fn combination(&self, cell: usize, cells: &[usize], relations: &[usize]) -> Option<Vec<(usize, f64)>> {
        let mut program = Program::minimise();
        let mut rows: BTreeMap<usize, Vec<(usize, f64)>> = cells.iter().map(|c| (*c, Vec::new())).collect();
        for index in relations {
            let (plus, minus) = (program.column(1.0, 0.0, 1e6), program.column(1.0, 0.0, 1e6));
            for (other, sign) in self.table.relations.get(*index).into_iter().flat_map(terms) {
                if let Some(row) = rows.get_mut(&other) {
                    row.extend([(plus, sign), (minus, -sign)]);
                }
            }
        }
        for (other, row) in rows {
            program.row(row, Compare::Equal, if other == cell { 1.0 } else { 0.0 });
        }
        let solution = program.solve()?;
        let factors = relations.iter().zip(solution.chunks(2)).filter_map(|(index, pair)| match pair {
            [plus, minus] if (plus - minus).abs() > 1e-7 => Some((*index, plus - minus)),
            _ => None,
        });
        Some(factors.collect())
    }
}

/// The same of each item, by all cores, in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, of(item)));
        }
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        // A thread that broke off takes its results along, and the attack with it.
        all.extend(others.into_iter().flat_map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
        all
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}
