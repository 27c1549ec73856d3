//! What whoever runs a check says about the table.

use crate::marker::Range;

/// How a table is to be read. Everything is optional: what is not said is found in the table, or asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The column with the people behind each cell.
    pub count: Option<String>,
    /// The column with a sum of amounts.
    pub value: Option<String>,
    /// The column with the greatest contribution to the sum.
    pub top1: Option<String>,
    /// The column with the second greatest.
    pub top2: Option<String>,
    /// The columns with labels.
    pub keys: Vec<String>,
    /// The labels of totals.
    pub totals: Vec<String>,
    /// What separates decimals: a point or a comma.
    pub decimal: Option<char>,
    /// What markers mean, where it is not what they usually do.
    pub markers: Vec<(String, Range)>,
    /// The base that a suppressed table has been rounded to.
    pub rounded: Option<u32>,
    /// Whether a combination of labels that has no row is an empty one.
    pub absent_is_zero: bool,
    /// Cells to keep where that is possible: `column=label,column=label`.
    pub important: Vec<String>,
}
