//! Linear programs. The only file that names the solver of the large ones.
//!
//! Nothing that is answered is believed: a certificate is checked in whole numbers, a bound is computed anew from
//! its multipliers. A program without an answer certifies nothing.

use crate::simplex::Simplex;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOptions};
use std::time::Duration;

/// A program: columns with bounds, rows that compare sums of columns.
pub struct Program {
    maximise: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
    nodes_max: Option<u64>,
}

struct Column {
    weight: f64,
    least: f64,
    most: f64,
    whole: bool,
}

struct Row {
    terms: Vec<(usize, f64)>,
    compare: Compare,
    value: f64,
}

/// How a row compares.
#[derive(Clone, Copy)]
pub enum Compare {
    /// The sum is at least the value.
    AtLeast,
    /// The sum is at most the value.
    AtMost,
    /// The sum is the value.
    Equal,
}

/// Columns times rows up to which our own method is used, whose steps are bounded. Beyond, it is too slow.
const SMALL_MAX: usize = 1_000_000;

/// How far from a whole number counts as one.
const WHOLE: f64 = 1e-6;

/// A program of the solver's that takes longer is stuck, and has no answer. It looks at the time only now and then: what
/// must end is small.
const TIME_MAX: Duration = Duration::from_secs(20);

impl Program {
    /// A program whose objective is to be as great as possible.
    pub fn maximise() -> Self {
        Self { maximise: true, columns: Vec::new(), rows: Vec::new(), nodes_max: None }
    }

    /// A program whose objective is to be as small as possible.
    pub fn minimise() -> Self {
        Self { maximise: false, ..Self::maximise() }
    }

    /// At most this many branches of a program with whole columns: a count, so that every machine answers alike.
    pub fn nodes_max(mut self, nodes: u64) -> Self {
        self.nodes_max = Some(nodes);
        self
    }

    /// A column from `least` to `most`, with its weight in the objective.
    pub fn column(&mut self, weight: f64, least: f64, most: f64) -> usize {
        self.columns.push(Column { weight, least, most, whole: false });
        self.columns.len() - 1
    }

    /// A column of whole numbers.
    pub fn whole(&mut self, weight: f64, least: i32, most: i32) -> usize {
        self.columns.push(Column { weight, least: f64::from(least), most: f64::from(most), whole: true });
        self.columns.len() - 1
    }

    /// A row; it names each column once.
    pub fn row(&mut self, terms: impl IntoIterator<Item = (usize, f64)>, compare: Compare, value: f64) {
        self.rows.push(Row { terms: terms.into_iter().collect(), compare, value });
    }

    /// The columns' values at an optimum, or at the best point that was found.
    pub fn solve(self) -> Option<Vec<f64>> {
        if self.columns.iter().any(|column| column.whole) {
            self.in_whole_numbers()
        } else {
            self.in_fractions(&[])
        }
    }

    /// An optimum that need not be whole, with these columns within these bounds besides.
    fn in_fractions(&self, bounds: &[(usize, f64, f64)]) -> Option<Vec<f64>> {
        let mut columns: Vec<(f64, f64)> = self.columns.iter().map(|c| (c.least, c.most)).collect();
        for (index, least, most) in bounds {
            if let Some(column) = columns.get_mut(*index) {
                *column = (column.0.max(*least), column.1.min(*most));
            }
        }
        if columns.iter().any(|(least, most)| least > most) {
            return None;
        }
        if columns.len() * self.rows.len() > SMALL_MAX { self.large(&columns) } else { self.small(&columns) }
    }

    /// The best point with whole columns whole, among so many branches: the fraction nearest to a half is cut off
    /// first, and the nearer side of it tried first.
    fn in_whole_numbers(&self) -> Option<Vec<f64>> {
        let sign = if self.maximise { -1.0 } else { 1.0 };
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut open: Vec<Vec<(usize, f64, f64)>> = vec![Vec::new()];
        let mut nodes_left = self.nodes_max.unwrap_or(u64::MAX).saturating_add(1);
        while let Some(bounds) = open.pop() {
            if nodes_left == 0 {
                break;
            }
            nodes_left -= 1;
            let Some(point) = self.in_fractions(&bounds) else { continue };
            let objective: f64 =
                point.iter().zip(&self.columns).map(|(value, column)| sign * column.weight * value).sum();
            if best.as_ref().is_some_and(|(least, _)| objective >= least - 1e-9) {
                continue;
            }
            let fraction = |value: f64| (value - value.round()).abs();
            let broken = point.iter().copied().enumerate().filter(|(index, value)| {
                self.columns.get(*index).is_some_and(|c| c.whole) && fraction(*value) > WHOLE
            });
            let Some((index, value)) = broken.max_by(|a, b| fraction(a.1).total_cmp(&fraction(b.1))) else {
                best = Some((objective, point));
                continue;
            };
            let mut below = bounds.clone();
            below.push((index, f64::NEG_INFINITY, value.floor()));
            let mut above = bounds;
            above.push((index, value.ceil(), f64::INFINITY));
            // The last is tried first.
            let nearer_below = value - value.floor() < 0.5;
            let [first, second] = if nearer_below { [above, below] } else { [below, above] };
            open.extend([first, second]);
        }
        best.map(|(_, point)| point)
    }

    /// By our own method.
    fn small(&self, bounds: &[(f64, f64)]) -> Option<Vec<f64>> {
        let sign = if self.maximise { -1.0 } else { 1.0 };
        let columns =
            self.columns.iter().zip(bounds).map(|(c, (least, most))| (sign * c.weight, *least, *most));
        let mut simplex = Simplex::new(columns);
        for row in &self.rows {
            let (least, most) = match row.compare {
                Compare::AtLeast => (row.value, f64::INFINITY),
                Compare::AtMost => (f64::NEG_INFINITY, row.value),
                Compare::Equal => (row.value, row.value),
            };
            simplex.row(&row.terms, least, most);
        }
        simplex.solve()
    }

    /// By the solver.
    fn large(&self, bounds: &[(f64, f64)]) -> Option<Vec<f64>> {
        let direction =
            if self.maximise { OptimizationDirection::Maximize } else { OptimizationDirection::Minimize };
        let mut problem = Problem::new(direction);
        let variables: Vec<_> = self
            .columns
            .iter()
            .zip(bounds)
            .map(|(column, bounds)| problem.add_var(column.weight, *bounds))
            .collect();
        for row in &self.rows {
            let mut sum = LinearExpr::empty();
            for (column, factor) in &row.terms {
                if let Some(variable) = variables.get(*column) {
                    sum.add(*variable, *factor);
                }
            }
            let compare = match row.compare {
                Compare::AtLeast => ComparisonOp::Ge,
                Compare::AtMost => ComparisonOp::Le,
                Compare::Equal => ComparisonOp::Eq,
            };
            problem.add_constraint(sum, compare, row.value);
        }
        let mut options = SolveOptions::default();
        options.time_limit = Some(TIME_MAX);
        let solution = problem.solve_with(options).ok()?.into_solution().ok()?;
        Some(variables.iter().map(|variable| solution.var_value(*variable)).collect())
    }
}
