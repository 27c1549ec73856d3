//! Cells that add up: what a table's numbers are to somebody who can subtract.
//!
//! Values are whole numbers of the smallest unit (people; pence). A relation says that one cell is the sum of
//! others. Nothing here knows where the cells came from: [`Layout`](crate::Layout) makes relations from codes.

use crate::places::Places;
use thiserror::Error;

/// Further than anything can move: about a quintillion units.
pub(crate) const UNBOUNDED: i64 = 1 << 60;

/// A table of one measure: its cells and every relation between them.
#[derive(Clone, Debug)]
pub struct Additive {
    cells: Vec<AdditiveCell>,
    relations: Vec<Relation>,
    incidence: Vec<Vec<Term>>,
    whole: bool,
}

/// One number of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct AdditiveCell {
    /// The true value.
    pub value: i64,
    /// What an outsider knows it to be at least, if it is suppressed: 1 where zeros are shown, otherwise 0.
    pub lower: i64,
    /// For a primary cell: how far from its value an outsider must be left guessing.
    pub protect: Option<Range>,
    /// What suppressing it costs: positive.
    pub cost: f64,
    /// Whether it may be suppressed to protect others.
    pub suppressible: bool,
    /// What an outsider sees of it where it is not suppressed.
    pub shown: Visible,
}

/// A distance down and a distance up from a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Down.
    pub down: i64,
    /// Up.
    pub up: i64,
}

/// How a cell that is not suppressed is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visible {
    /// As it is.
    #[default]
    Exactly,
    /// Rounded, or as an interval: from `least` to `most`, both possible.
    Between {
        /// The smallest value that would be shown so.
        least: i64,
        /// The largest value that would be shown so.
        most: i64,
    },
}

/// One cell is the sum of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The sum's index.
    pub total: usize,
    /// The indexes of what is summed.
    pub parts: Vec<usize>,
}

/// A relation that a cell takes part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub relation: usize,
    /// 1 for the total, -1 for a part.
    pub sign: i64,
}

/// Why cells and relations are not a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdditiveError {
    /// A relation names a cell twice, or one that is not there.
    #[error("relation {relation} names cell {cell}, which is not there or is in it already")]
    Cell {
        /// The relation's index.
        relation: usize,
        /// The cell's index.
        cell: usize,
    },
    /// A value is too large, is below what is known of it, or is not what is shown; or a cost is not positive.
    #[error("cell {cell} contradicts itself")]
    Contradiction {
        /// The cell's index.
        cell: usize,
    },
    /// Totals that are not the sums of their parts.
    #[error("{} totals are not the sums of their parts, the first in relation {}", .0.len(), first(.0))]
    Sums(Vec<Discrepancy>),
}

fn first(discrepancies: &[Discrepancy]) -> usize {
    discrepancies.first().map_or(0, |d| d.relation)
}

/// A total that is not the sum of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// The relation's index.
    pub relation: usize,
    /// The total's value.
    pub total: i64,
    /// What its parts sum to.
    pub sum: i64,
}

impl AdditiveCell {
    /// A number of people: primary where somebody is in it but fewer than `contributors_min`, and then an
    /// outsider must be left with everything from 1 to one less. Nobody suppresses a zero that is shown.
    pub fn count(people: u32, contributors_min: u32, zero_shown: bool) -> Self {
        let (value, below) = (i64::from(people), i64::from(contributors_min) - 1);
        let few = people > 0 && people < contributors_min;
        Self {
            value,
            lower: i64::from(zero_shown && people > 0),
            protect: few.then(|| Range { down: value - 1, up: below - value }),
            cost: 1.0,
            suppressible: people > 0,
            shown: Visible::Exactly,
        }
    }

    /// A magnitude of which an outsider must not be able to exclude anything up to `above` more than its value
    /// (the upper protection level of a p % rule), if it is primary.
    pub fn magnitude(value: i64, above: Option<i64>) -> Self {
        Self {
            value,
            lower: 0,
            protect: above.map(|up| Range { down: 0, up }),
            cost: 1.0,
            suppressible: value != 0,
            shown: Visible::Exactly,
        }
    }

    fn is_sound(&self) -> bool {
        let (least, most) = match self.shown {
            Visible::Exactly => (self.value, self.value),
            Visible::Between { least, most } => (least, most),
        };
        let range = self.protect.unwrap_or_default();
        let numbers = [self.value, self.lower, least, most, range.down, range.up];
        numbers.iter().all(|n| n.abs() < UNBOUNDED >> 16)
            && self.lower <= self.value
            && (least..=most).contains(&self.value)
            && range.down >= 0
            && range.up >= 0
            && self.cost.is_finite()
            && self.cost > 0.0
    }
}

impl Additive {
    /// A table, if its relations hold.
    ///
    /// # Errors
    /// A relation that names no cell, a cell that contradicts itself, and every total that is not the sum of its
    /// parts.
    pub fn new(cells: Vec<AdditiveCell>, relations: Vec<Relation>) -> Result<Self, AdditiveError> {
        if let Some(cell) = cells.iter().position(|c| !c.is_sound()) {
            return Err(AdditiveError::Contradiction { cell });
        }
        let mut incidence: Vec<Vec<Term>> = vec![Vec::new(); cells.len()];
        for (relation, r) in relations.iter().enumerate() {
            for (cell, sign) in r.terms() {
                match incidence.get_mut(cell) {
                    Some(terms) if terms.last().is_none_or(|t| t.relation != relation) => {
                        terms.push(Term { relation, sign });
                    }
                    _ => return Err(AdditiveError::Cell { relation, cell }),
                }
            }
        }
        let table = Self { cells, relations, incidence, whole: true };
        let wrong: Vec<Discrepancy> =
            (0..table.relations.len()).filter_map(|relation| table.discrepancy(relation)).collect();
        if wrong.is_empty() { Ok(table) } else { Err(AdditiveError::Sums(wrong)) }
    }

    /// The same table, of whose values an outsider cannot know that they are whole numbers of the unit: for
    /// magnitudes. Certificates may then be fractions.
    #[must_use]
    pub fn fractional(mut self) -> Self {
        self.whole = false;
        self
    }

    /// Its cells.
    pub fn cells(&self) -> &[AdditiveCell] {
        &self.cells
    }

    /// Its relations.
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// Whether an outsider knows that values are whole numbers of the unit.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    fn discrepancy(&self, relation: usize) -> Option<Discrepancy> {
        let r = self.relations.get(relation)?;
        let value = |cell: usize| self.cells.get(cell).map_or(0, |c| c.value);
        let sum: i128 = r.parts.iter().map(|part| i128::from(value(*part))).sum();
        let total = value(r.total);
        let sum = i64::try_from(sum).unwrap_or(i64::MAX);
        (sum != total).then_some(Discrepancy { relation, total, sum })
    }

    /// The relations that a cell is in.
    pub(crate) fn of(&self, cell: usize) -> &[Term] {
        self.incidence.get(cell).map_or(&[], Vec::as_slice)
    }

    /// A relation's cells with their signs.
    pub(crate) fn terms(&self, relation: usize) -> impl Iterator<Item = (usize, i64)> + '_ {
        self.relations.get(relation).into_iter().flat_map(Relation::terms)
    }

    /// How far an outsider who knows this much thinks each cell could be from its value.
    pub(crate) fn rooms(&self, suppressed: &Places<bool>, knowledge: Knowledge) -> Places<Range> {
        (0..self.cells.len()).map(|cell| self.room(cell, suppressed.get(cell), knowledge)).collect()
    }

    /// How far an outsider who knows this much thinks a cell could be from its value.
    pub(crate) fn room(&self, cell: usize, suppressed: bool, knowledge: Knowledge) -> Range {
        let Some(cell) = self.cells.get(cell) else { return Range::default() };
        if suppressed {
            let least = if knowledge == Knowledge::Lower { cell.lower } else { cell.lower.min(0) };
            return Range { down: cell.value - least, up: UNBOUNDED };
        }
        match cell.shown {
            Visible::Exactly => Range::default(),
            Visible::Between { least, most } => Range { down: cell.value - least, up: most - cell.value },
        }
    }
}

impl Relation {
    /// Its cells with their signs: 1 for the total, -1 for a part.
    pub fn terms(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        std::iter::once((self.total, 1)).chain(self.parts.iter().map(|part| (*part, -1)))
    }
}

/// What an outsider knows of suppressed cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knowledge {
    /// That each is at least its `lower`.
    #[default]
    Lower,
    /// Only that none is negative.
    NotNegative,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_must_be_the_sums_of_their_parts() {
        let cell = |people| AdditiveCell::count(people, 5, true);
        let relation = Relation { total: 0, parts: vec![1, 2] };
        assert!(Additive::new(vec![cell(7), cell(3), cell(4)], vec![relation.clone()]).is_ok());
        let wrong = Additive::new(vec![cell(8), cell(3), cell(4)], vec![relation]).unwrap_err();
        assert_eq!(wrong, AdditiveError::Sums(vec![Discrepancy { relation: 0, total: 8, sum: 7 }]));
        assert_eq!(wrong.to_string(), "1 totals are not the sums of their parts, the first in relation 0");
        let twice = Relation { total: 0, parts: vec![0] };
        let wrong = Additive::new(vec![cell(8)], vec![twice]).unwrap_err();
        assert_eq!(wrong, AdditiveError::Cell { relation: 0, cell: 0 });
    }

    #[test]
    fn a_small_count_must_keep_every_value_below_the_threshold() {
        assert_eq!(AdditiveCell::count(2, 5, true).protect, Some(Range { down: 1, up: 2 }));
        assert_eq!(AdditiveCell::count(5, 5, true).protect, None);
        assert!(!AdditiveCell::count(0, 5, true).suppressible);
    }
}
