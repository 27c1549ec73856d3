//! Class disclosure: a table that says of a whole group which category its people are in.
//!
//! A line of a table is all its rows that have the same codes in every dimension but one. The people of a line are a
//! group; the dimension that is left open is what the table tells of them. Where one row of a line has at least the
//! policy's share of the line's people and the other categories of that dimension have next to none, whoever knows that
//! somebody is in the group knows their category. A category that the line has no row for is one that nobody is in.
//! A dimension of which the whole table has one category only tells nothing.

use crate::{ClassOutcome, Finding, Group, Policy, Rule, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where a row stands among the table's dimensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its code in each dimension, any number that is equal for equal labels; `None` where the row is a total over the
    /// dimension.
    pub codes: Vec<Option<u32>>,
}

/// What class disclosure makes of a table's rows.
pub(crate) struct Classes {
    rows: HashMap<usize, RowClass>,
    /// Whether the policy looks for it and the table's dimensions are not known.
    pub(crate) unknown: bool,
}

/// What it makes of one row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowClass {
    /// Nothing.
    None,
    /// A checker looks; the row is shown.
    Found,
    /// Its label alone would tell: no other row of its line is there.
    LeftOut,
    /// Its cells are not shown.
    Suppressed,
}

impl Classes {
    pub(crate) fn of(table: &Table, hidden: &[bool], policy: &Policy) -> Self {
        let mut classes = Self { rows: HashMap::new(), unknown: false };
        let Some((outcome, share_min)) = policy.class_disclosure() else { return classes };
        let Some(places) = table.places.as_ref().filter(|p| p.len() == table.groups.len()) else {
            classes.unknown = true;
            return classes;
        };
        let people: Vec<u64> = table.groups.iter().map(|g| g.people).collect();
        for cell in disclosing(places, &people, share_min) {
            // A row that is merged with others has no label.
            if hidden.get(cell.row) == Some(&true) {
                continue;
            }
            let row = match outcome {
                ClassOutcome::Hold => RowClass::Found,
                ClassOutcome::Suppress if cell.others.is_empty() => RowClass::LeftOut,
                ClassOutcome::Suppress => RowClass::Suppressed,
            };
            if row == RowClass::Suppressed {
                for other in cell.others {
                    classes.rows.entry(other).or_insert(row);
                }
            }
            classes.rows.insert(cell.row, row);
        }
        classes
    }

    pub(crate) fn of_row(&self, row: usize) -> RowClass {
        self.rows.get(&row).copied().unwrap_or(RowClass::None)
    }

    pub(crate) fn finding(&self, group: usize, of: &Group) -> Finding {
        Finding { rule: Rule::ClassDisclosure, group, column: None, people: of.people }
    }
}

/// A row that says which category a group's people are in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ClassCell {
    /// The row.
    row: usize,
    /// The line's other rows.
    others: Vec<usize>,
}

/// A line: the open dimension, and the codes of the others.
type Line = (usize, Vec<Option<u32>>);

/// The rows that disclose a class. `people` are a row's; `share_min` is more than a half and at most 1. People who are
/// in several rows of a line are counted in each.
fn disclosing(places: &[Place], people: &[u64], share_min: f64) -> Vec<ClassCell> {
    let mut categories: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    let mut lines: BTreeMap<Line, Vec<(usize, u64)>> = BTreeMap::new();
    for (row, (place, people)) in places.iter().zip(people).enumerate() {
        for (dimension, code) in place.codes.iter().enumerate() {
            let Some(code) = code else { continue };
            categories.entry(dimension).or_default().insert(*code);
            let mut others = place.codes.clone();
            if let Some(open) = others.get_mut(dimension) {
                *open = None;
            }
            lines.entry((dimension, others)).or_default().push((row, *people));
        }
    }
    let mut found: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for ((dimension, _), rows) in &lines {
        if categories.get(dimension).is_none_or(|c| c.len() < 2) {
            continue;
        }
        let all = rows.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
        // More than half of a line is in one row at most.
        let most = rows.iter().find(|(_, n)| *n > 0 && *n as f64 >= share_min * all as f64);
        if let Some((row, _)) = most {
            let others = rows.iter().map(|(other, _)| *other).filter(|other| other != row);
            found.entry(*row).or_default().extend(others);
        }
    }
    let cell =
        |(row, others): (usize, BTreeSet<usize>)| ClassCell { row, others: others.into_iter().collect() };
    found.into_iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&[i64], u64)]) -> (Vec<Place>, Vec<u64>) {
        // A negative code is a total.
        let place = |codes: &[i64]| Place { codes: codes.iter().map(|c| u32::try_from(*c).ok()).collect() };
        (rows.iter().map(|(codes, _)| place(codes)).collect(), rows.iter().map(|(_, n)| *n).collect())
    }

    fn rows(of: &[(&[i64], u64)], share_min: f64) -> Vec<usize> {
        let (places, people) = table(of);
        disclosing(&places, &people, share_min).into_iter().map(|c| c.row).collect()
    }

    #[test]
    fn everybody_of_a_district_has_the_condition() {
        // District by condition: of district 1 everybody has it.
        let both: &[(&[i64], u64)] =
            &[(&[0, 0], 40), (&[0, 1], 60), (&[1, 1], 30), (&[2, 0], 9), (&[2, 1], 9)];
        assert_eq!(rows(both, 1.0), [2]);
        // A row that says that nobody is there says the same.
        let zero: &[(&[i64], u64)] =
            &[(&[0, 0], 40), (&[0, 1], 60), (&[1, 1], 30), (&[1, 0], 0), (&[2, 0], 9), (&[2, 1], 9)];
        let (places, people) = table(zero);
        assert_eq!(disclosing(&places, &people, 1.0), [ClassCell { row: 2, others: vec![3] }]);
        // All but one person.
        let nearly: &[(&[i64], u64)] =
            &[(&[0, 0], 40), (&[0, 1], 60), (&[1, 1], 30), (&[1, 0], 1), (&[2, 0], 9), (&[2, 1], 9)];
        assert_eq!(rows(nearly, 1.0), [0usize; 0]);
        assert_eq!(rows(nearly, 0.9), [2]);
    }

    #[test]
    fn the_table_is_read_in_both_directions() {
        // Of district 1 everybody has the condition; and everybody without it is of district 0.
        assert_eq!(rows(&[(&[0, 0], 40), (&[0, 1], 60), (&[1, 1], 30)], 1.0), [0, 2]);
    }

    #[test]
    fn one_category_tells_nothing_and_neither_does_an_empty_line() {
        assert_eq!(rows(&[(&[0], 40)], 1.0), [0usize; 0]);
        assert_eq!(rows(&[(&[0, 0], 40), (&[1, 0], 30)], 1.0), [0usize; 0]);
        assert_eq!(rows(&[(&[0], 0), (&[1], 0)], 1.0), [0usize; 0]);
        assert_eq!(rows(&[(&[0], 0), (&[1], 20)], 1.0), [1]);
        assert_eq!(rows(&[(&[], 20)], 1.0), [0usize; 0]);
    }

    #[test]
    fn totals_are_lines_of_their_own() {
        let rollup: &[(&[i64], u64)] =
            &[(&[0, 0], 40), (&[0, 1], 60), (&[1, 1], 30), (&[0, -1], 100), (&[1, -1], 30), (&[-1, -1], 130)];
        assert_eq!(rows(rollup, 1.0), [0, 2]);
        let cube: &[(&[i64], u64)] = &[(&[0, 1], 60), (&[1, 1], 30), (&[-1, 0], 0), (&[-1, 1], 90)];
        // Everybody of each district, and everybody.
        assert_eq!(rows(cube, 1.0), [0, 1, 3]);
    }
}
