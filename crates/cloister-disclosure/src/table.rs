//! What goes in: cells, each with the evidence that the engine gathered.

use crate::{Contributions, Overlaps, Place};

/// An output table before protection: one group per row, one cell per group and column. Labels stay
/// with the caller; the rules need only know whether they are public.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The value columns.
    pub columns: Vec<Column>,
    /// Whether the values of every label column are from a public list.
    pub labels_public: bool,
    /// Whether some rows are totals of others (ROLLUP, CUBE, GROUPING SETS). Their small groups are left
    /// out rather than merged: a row of several levels' people would be the total of nothing.
    pub totals: bool,
    /// Whose rows the columns share and whose not, where they are not over the same rows.
    pub overlaps: Option<Overlaps>,
    /// Where each row stands among the dimensions. Where it is not known, a policy that looks for class disclosure
    /// holds the table.
    pub places: Option<Vec<Place>>,
    /// The rows.
    pub groups: Vec<Group>,
}

/// A value column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, for findings.
    pub name: String,
    /// What its numbers are.
    pub statistic: Statistic,
    /// What it is a statistic of, as text that is equal for equal arguments.
    pub argument: String,
}

/// What a number is, which decides how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// How many people there are: shown rounded; a merged row's is the size of the union.
    People,
    /// How many of anything there are: shown rounded. `additive`: a merged row's is the sum.
    Count {
        /// Whether groups' counts add up (`count(*)` does, `count(DISTINCT …)` does not).
        additive: bool,
    },
    /// A share: a count over a count, each rounded before the division.
    Rate,
    /// A total of a measure.
    Sum,
    /// A mean of a measure.
    Mean,
    /// The least or the greatest value.
    Extreme,
    /// A median or another quantile.
    Quantile,
    /// A variance or a standard deviation: one degree of freedom less than people.
    Spread,
    /// A covariance, a correlation or a coefficient of a linear regression of two values: two degrees of
    /// freedom less than people.
    Association,
}

/// One row: a group of people.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Distinct people with a row in the group.
    pub people: u64,
    /// Who they are, while they are fewer than the policy's threshold; needed to merge small groups.
    pub few: Option<Vec<u32>>,
    /// One cell per column.
    pub cells: Vec<Cell>,
}

/// One value and what stands behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The raw value.
    pub value: Value,
    /// Distinct people whose rows reached the aggregate with a value (not zero, for sums).
    pub contributors: u64,
    /// Distinct people in each branch of every condition inside the aggregate.
    pub branches: Vec<u64>,
    /// Distinct people that the number itself rests on, where they are fewer than the contributors: those
    /// who have an extreme value, those on the narrower side of a quantile. Counted as far as the policy's
    /// threshold at least.
    pub support: Option<u64>,
    /// Of a sum, a mean or a spread: how much of it is one or two people's. Asked for by [`crate::Policy::needs_contributions`].
    pub contributions: Option<Contributions>,
    /// Of a count: the sum of the record keys of what it counts, whoever has none adding nothing. It may have wrapped: only its
    /// remainder by a power of two says anything. `None` where nobody asked.
    pub record_keys: Option<u64>,
}

/// A raw value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value at all (SQL NULL).
    Null,
    /// A count.
    Count(i64),
    /// A count over a count.
    Rate {
        /// How many are counted.
        numerator: i64,
        /// Out of how many.
        denominator: i64,
    },
    /// A measure's statistic; the caller keeps the number.
    Measure,
}

impl Cell {
    /// A count with its contributors and no condition inside.
    pub fn count(value: i64, contributors: u64) -> Self {
        Self {
            value: Value::Count(value),
            contributors,
            branches: Vec::new(),
            support: None,
            contributions: None,
            record_keys: None,
        }
    }
}
