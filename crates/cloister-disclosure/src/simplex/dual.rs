//! Steps from a point that is better than any permitted one, to the best that is permitted.
//!
//! Where every column starts at the bound that its weight prefers, no permitted point weighs less than the first one.
//! Each step then puts right one sum that is outside its bounds, at the least price: the programs that ask for the
//! cheapest moves take as many steps as there are sums to put right, where the other way takes several times as many.
//! A column that is not enough goes to its other bound at once, and the next one follows (the bound flipping ratio
//! test; Maros 2003, "Computational Techniques of the Simplex Method", chapter 10).

use super::{FEASIBLE, NONE, PIVOT, Simplex};

/// What a step came to.
pub(super) enum Step {
    /// One sum less is outside its bounds, or at least it weighs more.
    Moved,
    /// Every sum is within its bounds.
    Permitted,
    /// A sum cannot come within its bounds, whatever moves.
    Impossible,
}

/// A column that could put a sum right.
struct Candidate {
    place: usize,
    /// What a unit of the sum costs by it.
    price: f64,
    factor: f64,
    /// How far it is to its other bound.
    range: f64,
}

impl Simplex {
    /// Whether every column is at the bound that its weight prefers.
    pub(super) fn is_preferred(&self) -> bool {
        self.outside.iter().all(|(index, weight)| {
            let variable = self.variable(*index);
            (*weight >= -NONE || variable.value >= variable.most)
                && (*weight <= NONE || variable.value <= variable.least)
        })
    }

    /// Puts the sum right that is furthest outside its bounds.
    pub(super) fn put_right(&mut self) -> Step {
        let Some((at, bound)) = self.furthest() else { return Step::Permitted };
        let Some((mut candidates, lacks)) = self.candidates(at, bound) else { return Step::Permitted };
        candidates.sort_by(|a, b| {
            a.price
                .total_cmp(&b.price)
                .then(b.factor.abs().total_cmp(&a.factor.abs()))
                .then(a.place.cmp(&b.place))
        });
        let (mut left, mut flips, mut entering) = (lacks.abs(), Vec::new(), None);
        for candidate in candidates {
            let gain = candidate.factor.abs() * candidate.range;
            if gain >= left - NONE {
                entering = Some(candidate);
                break;
            }
            left -= gain;
            flips.push(candidate.place);
        }
        let Some(entering) = entering else { return Step::Impossible };
        flips.into_iter().for_each(|place| self.flip(place));
        let value = self.basis.get(at).map_or(0.0, |row| self.variable(row.variable).value);
        self.degenerate = if entering.price > NONE { 0 } else { self.degenerate + 1 };
        self.shift(entering.place, (bound - value) / entering.factor);
        if let Some(row) = self.basis.get(at) {
            self.set(row.variable, bound);
        }
        self.pivot(at, entering.place);
        Step::Moved
    }

    /// The row that is furthest outside, and the bound that it is to come to; after many steps that cost nothing, the
    /// one whose variable comes first.
    fn furthest(&self) -> Option<(usize, f64)> {
        let mut found: Option<(usize, f64)> = None;
        let (mut most, mut first) = (FEASIBLE, usize::MAX);
        for (at, row) in self.basis.iter().enumerate() {
            let variable = self.variable(row.variable);
            let (by, bound) = if variable.value < variable.least {
                (variable.least - variable.value, variable.least)
            } else {
                (variable.value - variable.most, variable.most)
            };
            let better = if self.is_stuck() { by > FEASIBLE && row.variable < first } else { by > most };
            if better {
                (most, first) = (by, row.variable);
                found = Some((at, bound));
            }
        }
        found
    }

    /// The columns that bring a row nearer to its bound, and how far it is to that.
    fn candidates(&self, at: usize, bound: f64) -> Option<(Vec<Candidate>, f64)> {
        let row = self.basis.get(at)?;
        let lacks = bound - self.variable(row.variable).value;
        let candidate = |(place, (factor, (index, weight))): (usize, (&f64, &(usize, f64)))| {
            if factor.abs() <= PIVOT {
                return None;
            }
            let variable = self.variable(*index);
            let rises = factor * lacks > 0.0;
            let free = if rises { variable.value < variable.most } else { variable.value > variable.least };
            let range = if rises { variable.most - variable.value } else { variable.value - variable.least };
            free.then(|| Candidate { place, price: weight.abs() / factor.abs(), factor: *factor, range })
        };
        let places = row.factors.iter().zip(&self.outside).enumerate();
        Some((places.filter_map(candidate).collect(), lacks))
    }

    /// A column goes from one bound to the other.
    fn flip(&mut self, place: usize) {
        let Some((index, _)) = self.outside.get(place).copied() else { return };
        let variable = self.variable(index);
        let to = if variable.value > variable.least { variable.least } else { variable.most };
        self.shift(place, to - variable.value);
        self.set(index, to);
    }
}
