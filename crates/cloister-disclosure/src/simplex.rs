//! A simplex method for small programs, in a bounded number of steps.
//!
//! The programs here have a few dozen to a few hundred columns, most of their numbers are 0, 1 or -1, and nothing may
//! move to begin with: columns start at 0 or at the bound next to it, which is a point that most of these programs
//! permit. So the whole tableau is kept, and each step touches only what is not zero in it. A program that takes more
//! steps than are ever needed has no answer: steps are counted, so that every machine answers alike.

mod dual;

/// Columns with bounds, rows of sums with bounds, and weights of which the sum is to be as small as possible.
pub(crate) struct Simplex {
    /// Each variable's bounds and value: the columns, then the rows' sums.
    variables: Vec<Variable>,
    /// For each place that is not in the basis, its variable and what it adds to the objective.
    outside: Vec<(usize, f64)>,
    basis: Vec<Row>,
    degenerate: usize,
}

#[derive(Clone, Copy, Default)]
struct Variable {
    least: f64,
    most: f64,
    value: f64,
}

/// A variable of the basis as a sum over those outside.
struct Row {
    variable: usize,
    factors: Vec<f64>,
}

/// Differences that are taken to be none.
const NONE: f64 = 1e-9;
/// How far a value may be outside its bounds.
const FEASIBLE: f64 = 1e-7;
/// The smallest number to divide by.
const PIVOT: f64 = 1e-7;

impl Variable {
    fn new(least: f64, most: f64) -> Self {
        Self { least, most, value: 0.0f64.min(most).max(least) }
    }

    /// Below its bounds (-1), above (1), or within.
    fn outside(&self) -> f64 {
        if self.value < self.least - FEASIBLE {
            -1.0
        } else if self.value > self.most + FEASIBLE {
            1.0
        } else {
            0.0
        }
    }
}

/// A variable that enters the basis, and whether it grows.
struct Entering {
    place: usize,
    direction: f64,
}

/// How far an entering variable goes, and the row that stops it unless it is its own bound.
struct Step {
    length: f64,
    row: Option<(usize, f64)>,
}

/// What one step came to.
enum Outcome {
    Moved,
    Optimal,
    Unbounded,
}

impl Simplex {
    /// A program without rows: each column's weight and bounds.
    pub fn new(columns: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let (mut variables, mut outside) = (Vec::new(), Vec::new());
        for (index, (weight, least, most)) in columns.into_iter().enumerate() {
            variables.push(Variable::new(least, most));
            outside.push((index, weight));
        }
        Self { variables, outside, basis: Vec::new(), degenerate: 0 }
    }

    /// Adds a row: a sum of columns, from `least` to `most`. Only before it is solved.
    pub fn row(&mut self, terms: &[(usize, f64)], least: f64, most: f64) {
        let mut factors = vec![0.0; self.outside.len()];
        let mut value = 0.0;
        for (column, factor) in terms {
            if let (Some(place), Some(variable)) = (factors.get_mut(*column), self.variables.get(*column)) {
                *place += factor;
                value += factor * variable.value;
            }
        }
        self.basis.push(Row { variable: self.variables.len(), factors });
        self.variables.push(Variable { least, most, value });
    }

    /// The columns' values at an optimum: none if there is no optimum, or if finding it takes too many steps.
    pub fn solve(mut self) -> Option<Vec<f64>> {
        let columns = self.outside.len();
        let steps_max = STEPS_EACH * (columns + self.basis.len()) + STEPS_MORE;
        if self.is_preferred() {
            for _ in 0..steps_max {
                match self.put_right() {
                    dual::Step::Moved => {}
                    dual::Step::Permitted => break,
                    dual::Step::Impossible => return None,
                }
            }
            self.degenerate = 0;
        }
        // Whatever is left to do: often nothing.
        for _ in 0..steps_max {
            let infeasible = self.infeasible();
            match self.step(infeasible.as_deref()) {
                Outcome::Moved => {}
                Outcome::Optimal if infeasible.is_none() => {
                    self.settle();
                    return Some(self.variables.iter().take(columns).map(|v| v.value).collect());
                }
                Outcome::Optimal | Outcome::Unbounded => return None,
            }
        }
        None
    }

    fn variable(&self, index: usize) -> Variable {
        self.variables.get(index).copied().unwrap_or_default()
    }

    fn set(&mut self, index: usize, value: f64) {
        if let Some(variable) = self.variables.get_mut(index) {
            variable.value = value;
        }
    }

    /// What each place outside adds to how far the basis is outside its bounds; none if it is within.
    fn infeasible(&self) -> Option<Vec<f64>> {
        let mut sum: Option<Vec<f64>> = None;
        for row in &self.basis {
            let by = self.variable(row.variable).outside();
            if by != 0.0 {
                let sum = sum.get_or_insert_with(|| vec![0.0; row.factors.len()]);
                sum.iter_mut().zip(&row.factors).for_each(|(sum, factor)| *sum += by * factor);
            }
        }
        sum
    }

    fn step(&mut self, infeasible: Option<&[f64]>) -> Outcome {
        let Some(entering) = self.entering(infeasible) else { return Outcome::Optimal };
        let step = self.longest(&entering);
        if !step.length.is_finite() {
            return Outcome::Unbounded;
        }
        self.degenerate = if step.length > NONE { 0 } else { self.degenerate + 1 };
        self.go(&entering, &step);
        Outcome::Moved
    }

    /// After many steps of no length the first that is any good is taken instead of the best (Bland): that rule never
    /// comes back to where it was.
    fn is_stuck(&self) -> bool {
        self.degenerate > self.basis.len() + STEPS_STUCK
    }

    fn entering(&self, infeasible: Option<&[f64]>) -> Option<Entering> {
        let (mut best, mut found) = (NONE, None);
        let mut first = usize::MAX;
        for (place, (index, weight)) in self.outside.iter().enumerate() {
            let weight = infeasible.map_or(*weight, |sums| sums.get(place).copied().unwrap_or_default());
            if weight.abs() <= best {
                continue;
            }
            let variable = self.variable(*index);
            let free =
                if weight < 0.0 { variable.value < variable.most } else { variable.value > variable.least };
            if !free {
                continue;
            }
            let direction = -weight.signum();
            if self.is_stuck() {
                if *index < first {
                    first = *index;
                    found = Some(Entering { place, direction });
                }
            } else {
                best = weight.abs();
                found = Some(Entering { place, direction });
            }
        }
        found
    }

    /// How far the entering variable can go until something is at a bound.
    fn longest(&self, entering: &Entering) -> Step {
        let own =
            self.outside.get(entering.place).map(|(index, _)| self.variable(*index)).unwrap_or_default();
        let length = if entering.direction > 0.0 { own.most - own.value } else { own.value - own.least };
        let mut step = Step { length, row: None };
        let (mut pivot, mut leaving) = (0.0, usize::MAX);
        for (at, row) in self.basis.iter().enumerate() {
            let factor = row.factors.get(entering.place).copied().unwrap_or_default();
            if factor.abs() <= PIVOT {
                continue;
            }
            let rate = factor * entering.direction;
            let variable = self.variable(row.variable);
            let bound = match (variable.outside(), rate > 0.0) {
                // What is outside goes up to its bounds, and no further away than to infinity.
                (by, true) if by < 0.0 => variable.least,
                (by, false) if by > 0.0 => variable.most,
                (by, _) if by != 0.0 => continue,
                (_, true) => variable.most,
                (_, false) => variable.least,
            };
            let length = ((bound - variable.value) / rate).max(0.0);
            // Between equals, what can never come back; then the greatest number to divide by.
            let better = if self.is_stuck() {
                row.variable < leaving
            } else {
                let worth = factor.abs() + if variable.least == variable.most { 1e6 } else { 0.0 };
                worth > pivot
            };
            if length < step.length - NONE || (length <= step.length + NONE && step.row.is_some() && better) {
                step = Step { length: length.min(step.length), row: Some((at, bound)) };
                leaving = row.variable;
                pivot = factor.abs() + if variable.least == variable.most { 1e6 } else { 0.0 };
            }
        }
        step
    }

    fn go(&mut self, entering: &Entering, step: &Step) {
        let Some((index, _)) = self.outside.get(entering.place).copied() else { return };
        let own = self.variable(index);
        self.shift(entering.place, entering.direction * step.length);
        let Some((at, bound)) = step.row else {
            self.set(index, if entering.direction > 0.0 { own.most } else { own.least });
            return;
        };
        if let Some(row) = self.basis.get(at) {
            self.set(row.variable, bound);
        }
        self.pivot(at, entering.place);
    }

    /// Moves a variable outside the basis, and every sum with it.
    fn shift(&mut self, place: usize, by: f64) {
        let Some((index, _)) = self.outside.get(place).copied().filter(|_| by != 0.0) else { return };
        for row in &self.basis {
            let factor = row.factors.get(place).copied().unwrap_or_default();
            if let Some(variable) = self.variables.get_mut(row.variable).filter(|_| factor != 0.0) {
                variable.value += factor * by;
            }
        }
        if let Some(variable) = self.variables.get_mut(index) {
            variable.value += by;
        }
    }

    /// Exchanges a row's variable with the one at a place outside.
    fn pivot(&mut self, at: usize, place: usize) {
        let Some(row) = self.basis.get_mut(at) else { return };
        let Some(outside) = self.outside.get_mut(place) else { return };
        let divisor = row.factors.get(place).copied().unwrap_or(1.0);
        std::mem::swap(&mut row.variable, &mut outside.0);
        for factor in &mut row.factors {
            *factor = -*factor / divisor;
        }
        if let Some(factor) = row.factors.get_mut(place) {
            *factor = 1.0 / divisor;
        }
        let taken = std::mem::take(&mut row.factors);
        let terms: Vec<(usize, f64)> = taken
            .iter()
            .copied()
            .enumerate()
            .filter(|(other, factor)| *other != place && *factor != 0.0)
            .collect();
        for row in &mut self.basis {
            let Some(by) = row.factors.get_mut(place).filter(|by| **by != 0.0) else { continue };
            let times = *by;
            *by = times / divisor;
            for (other, factor) in &terms {
                if let Some(sum) = row.factors.get_mut(*other) {
                    *sum = cleaned(*sum + times * factor);
                }
            }
        }
        if let Some((_, weight)) = self.outside.get_mut(place) {
            let times = std::mem::replace(weight, *weight / divisor);
            for (other, factor) in &terms {
                if let Some((_, sum)) = self.outside.get_mut(*other) {
                    *sum += times * factor;
                }
            }
        }
        if let Some(row) = self.basis.get_mut(at) {
            row.factors = taken;
        }
    }

    /// Computes the basis anew from what is outside, so that errors of many steps do not add up.
    fn settle(&mut self) {
        for row in &self.basis {
            let terms = row.factors.iter().zip(&self.outside);
            let value = terms.map(|(factor, (index, _))| factor * self.variable(*index).value).sum();
            if let Some(variable) = self.variables.get_mut(row.variable) {
                variable.value = value;
            }
        }
    }
}

/// What is left of numbers that should have cancelled.
fn cleaned(number: f64) -> f64 {
    if number.abs() < 1e-11 { 0.0 } else { number }
}

/// Steps for each column and row, and some more: several times what any program here has taken.
const STEPS_EACH: usize = 20;
const STEPS_MORE: usize = 200;
/// Steps of no length, beyond one for each row, after which the rule changes.
const STEPS_STUCK: usize = 50;

#[cfg(test)]
#[path = "simplex/tests.rs"]
mod tests;
