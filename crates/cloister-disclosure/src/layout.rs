//! Relations from codes: hierarchies over a table's dimensions, and grouping sets.

use crate::Relation;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// A dimension's codes: which are the sum of which. Several groupings of the same codes may stand side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hierarchy {
    groups: Vec<(String, Vec<String>)>,
}

/// Why codes are not a hierarchy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HierarchyError {
    /// A code is in a group twice.
    #[error("a code is in a group twice")]
    Twice,
    /// A code is part of itself, through others or not.
    #[error("a code is part of itself")]
    Circle,
    /// A group has no members.
    #[error("a group has no members")]
    Empty,
}

impl Hierarchy {
    /// From groups: a code and the codes that it is the sum of.
    ///
    /// # Errors
    /// If a group is empty or names a code twice, or a code is part of itself.
    pub fn new(groups: impl IntoIterator<Item = (String, Vec<String>)>) -> Result<Self, HierarchyError> {
        let groups: Vec<(String, Vec<String>)> = groups.into_iter().collect();
        for (_, members) in &groups {
            if members.is_empty() {
                return Err(HierarchyError::Empty);
            }
            if members.iter().collect::<BTreeSet<_>>().len() < members.len() {
                return Err(HierarchyError::Twice);
            }
        }
        // Whatever has no members that are still open is settled; a circle never is.
        let mut open: BTreeSet<&String> = groups.iter().map(|(code, _)| code).collect();
        while !open.is_empty() {
            let blocked = |code: &&String| {
                groups
                    .iter()
                    .any(|(group, members)| group == *code && members.iter().any(|m| open.contains(m)))
            };
            let still: BTreeSet<&String> = open.iter().filter(|code| blocked(code)).copied().collect();
            if still.len() == open.len() {
                return Err(HierarchyError::Circle);
            }
            open = still;
        }
        Ok(Self { groups })
    }

    /// One total over all other codes.
    pub fn flat(total: &str, codes: impl IntoIterator<Item = String>) -> Result<Self, HierarchyError> {
        Self::new([(total.to_owned(), codes.into_iter().collect())])
    }
}

/// Where a table's cells stand: one code for each dimension.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    keys: Vec<Vec<String>>,
    places: BTreeMap<Vec<String>, usize>,
}

impl Layout {
    /// From the cells' codes, one key a cell; or the two cells that have the same.
    ///
    /// # Errors
    /// The indexes of two cells with the same codes.
    pub fn new(keys: Vec<Vec<String>>) -> Result<Self, (usize, usize)> {
        let mut places = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            if let Some(before) = places.insert(key.clone(), index) {
                return Err((before, index));
            }
        }
        Ok(Self { keys, places })
    }

    /// The cell with these codes.
    pub fn cell(&self, key: &[String]) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// A cell's codes.
    pub fn key(&self, cell: usize) -> Option<&[String]> {
        self.keys.get(cell).map(Vec::as_slice)
    }

    /// The relations between these cells, one hierarchy a dimension. A member that the table has no cell for is
    /// taken to be zero: leaving out empty cells is common.
    pub fn relations(&self, hierarchies: &[Hierarchy]) -> Vec<Relation> {
        let mut relations = Vec::new();
        for (dimension, hierarchy) in hierarchies.iter().enumerate() {
            let mut by_code: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for (index, key) in self.keys.iter().enumerate() {
                if let Some(code) = key.get(dimension) {
                    by_code.entry(code).or_default().push(index);
                }
            }
            for (group, members) in &hierarchy.groups {
                for total in by_code.get(group.as_str()).into_iter().flatten() {
                    let parts: Vec<usize> =
                        members.iter().filter_map(|code| self.beside(*total, dimension, code)).collect();
                    if !parts.is_empty() {
                        relations.push(Relation { total: *total, parts });
                    }
                }
            }
        }
        relations
    }

    /// The cell that differs from another in one dimension's code.
    fn beside(&self, cell: usize, dimension: usize, code: &str) -> Option<usize> {
        let mut key = self.keys.get(cell)?.clone();
        code.clone_into(key.get_mut(dimension)?);
        self.places.get(&key).copied()
    }

    /// The relations of grouping sets: cells with a code for each dimension, or none where they total over it.
    /// Every cell is the sum of the cells of each next finer set that agree with it.
    pub fn of_grouping_sets<C: Ord>(keys: &[Vec<Option<C>>]) -> Vec<Relation> {
        let set_of = |key: &[Option<C>]| -> BTreeSet<usize> {
            key.iter().enumerate().filter(|(_, code)| code.is_some()).map(|(d, _)| d).collect()
        };
        let mut sets: BTreeMap<BTreeSet<usize>, Vec<usize>> = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            sets.entry(set_of(key)).or_default().push(index);
        }
        let finer = |a: &BTreeSet<usize>, b: &BTreeSet<usize>| a.is_subset(b) && a != b;
        let mut relations = Vec::new();
        for (coarse, totals) in &sets {
            for (fine, parts) in &sets {
                let next = finer(coarse, fine) && !sets.keys().any(|s| finer(coarse, s) && finer(s, fine));
                if !next {
                    continue;
                }
                let codes = |index: usize| -> Vec<Option<&C>> {
                    let key = keys.get(index).map_or(&[][..], Vec::as_slice);
                    coarse.iter().map(|d| key.get(*d).and_then(Option::as_ref)).collect()
                };
                let mut by_codes: BTreeMap<Vec<Option<&C>>, Vec<usize>> = BTreeMap::new();
                parts.iter().for_each(|part| by_codes.entry(codes(*part)).or_default().push(*part));
                for total in totals {
                    if let Some(parts) = by_codes.get(&codes(*total)) {
                        relations.push(Relation { total: *total, parts: parts.clone() });
                    }
                }
            }
        }
        relations
    }
}

#[cfg(test)]
#[path = "layout/tests.rs"]
mod tests;
