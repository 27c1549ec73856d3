//! Linear programs. The only file that names the solver.
//!
//! Nothing that it answers is believed: a certificate is checked in whole numbers, a bound is computed anew from
//! its multipliers. A program without an answer certifies nothing.

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOptions, Variable};

/// A program: columns with bounds, rows that compare sums of columns.
pub struct Program {
    problem: Problem,
    columns: Vec<Variable>,
    nodes_max: Option<u64>,
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

impl Program {
    /// A program whose objective is to be as great as possible.
    pub fn maximise() -> Self {
        Self::new(OptimizationDirection::Maximize)
    }

    /// A program whose objective is to be as small as possible.
    pub fn minimise() -> Self {
        Self::new(OptimizationDirection::Minimize)
    }

    fn new(direction: OptimizationDirection) -> Self {
        Self { problem: Problem::new(direction), columns: Vec::new(), nodes_max: None }
    }

    /// At most this many branches of a program with whole columns: a count, so that every machine answers alike.
    pub fn nodes_max(mut self, nodes: u64) -> Self {
        self.nodes_max = Some(nodes);
        self
    }

    /// A column from `least` to `most`, with its weight in the objective.
    pub fn column(&mut self, weight: f64, least: f64, most: f64) -> usize {
        self.columns.push(self.problem.add_var(weight, (least, most)));
        self.columns.len() - 1
    }

    /// A column of whole numbers.
    pub fn whole(&mut self, weight: f64, least: i32, most: i32) -> usize {
        self.columns.push(self.problem.add_integer_var(weight, (least, most)));
        self.columns.len() - 1
    }

    /// A row; it names each column once.
    pub fn row(&mut self, terms: impl IntoIterator<Item = (usize, f64)>, compare: Compare, value: f64) {
        let mut sum = LinearExpr::empty();
        for (column, factor) in terms {
            if let Some(variable) = self.columns.get(column) {
                sum.add(*variable, factor);
            }
        }
        let compare = match compare {
            Compare::AtLeast => ComparisonOp::Ge,
            Compare::AtMost => ComparisonOp::Le,
            Compare::Equal => ComparisonOp::Eq,
        };
        self.problem.add_constraint(sum, compare, value);
    }

    /// The columns' values at an optimum, or at the best point that was found.
    pub fn solve(self) -> Option<Vec<f64>> {
        let mut options = SolveOptions::default();
        options.node_limit = self.nodes_max;
        let solution = self.problem.solve_with(options).ok()?.into_solution().ok()?;
        Some(self.columns.iter().map(|column| solution.var_value(*column)).collect())
    }
}
