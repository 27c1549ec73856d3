//! Numbers of one row that can be subtracted from one another: who would be left.
//!
//! Each number takes in the rows that meet its conditions. The rows that meet exactly the same conditions are a
//! part; what an outsider can work out of several numbers are the sums over parts that the numbers' equations
//! determine. None of these may rest on parts of few people alone.

use crate::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the rows behind a table's numbers, for columns that are not over the same rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlaps {
    /// For each column the families that it belongs to. Only numbers of a family can be subtracted from one
    /// another.
    pub columns: Vec<Vec<Kin>>,
    /// For each group its parts.
    pub groups: Vec<Parts>,
}

/// A column's place in a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    /// The family.
    pub family: u32,
    /// Whether it counts people, each once, rather than their rows.
    pub of_people: bool,
    /// The conditions that the numbers' rows meet: one for most, two for a share.
    pub conditions: Vec<u8>,
}

/// The parts of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// By the conditions that a row meets.
    pub of_rows: Vec<Part>,
    /// By the conditions that any of a person's rows meet.
    pub of_people: Vec<Part>,
    /// Whether there are more parts than were kept.
    pub more: bool,
}

/// The rows, or the people, that meet exactly these conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// One bit a condition.
    pub conditions: u64,
    /// Whose they are; at least as many as the policy's threshold are named, where there are so many.
    pub people: Vec<u32>,
}

impl Overlaps {
    /// Whether a column's number could be subtracted from those that are shown already, or they from it, so that
    /// few people are left; and how few.
    pub(crate) fn tells(&self, group: usize, shown: &[usize], column: usize, policy: &Policy) -> Option<u64> {
        let parts = self.groups.get(group)?;
        let mut fewest = None;
        for kin in self.columns.get(column)? {
            let related = shown.iter().filter_map(|other| self.columns.get(*other)).flatten();
            let related = related.filter(|k| k.family == kin.family && k.of_people == kin.of_people);
            let conditions: BTreeSet<u8> =
                related.chain(std::iter::once(kin)).flat_map(|k| k.conditions.iter().copied()).collect();
            if conditions.len() < 2 {
                continue;
            }
            if parts.more {
                return Some(0);
            }
            let parts = if kin.of_people { &parts.of_people } else { &parts.of_rows };
            let found = determined(&conditions.into_iter().collect::<Vec<_>>(), parts, policy);
            fewest = [fewest, found].into_iter().flatten().min();
        }
        fewest
    }
}

/// The fewest people of a part that numbers over these conditions determine, where those are too few.
///
/// The numbers are equations over the parts. A combination that is zero on every part of enough people and not on
/// some other part exists exactly if leaving those other parts out lowers the equations' rank.
fn determined(conditions: &[u8], parts: &[Part], policy: &Policy) -> Option<u64> {
    let threshold = policy.contributors_min();
    let mut merged: BTreeMap<Vec<bool>, BTreeSet<u32>> = BTreeMap::new();
    for part in parts {
        let meets: Vec<bool> = conditions.iter().map(|c| part.conditions >> c & 1 == 1).collect();
        if meets.contains(&true) {
            merged.entry(meets).or_default().extend(&part.people);
        }
    }
    let few = |people: &BTreeSet<u32>| (people.len() as u64) < threshold;
    if !policy.permits(0) {
        // Two conditions that nobody tells apart: that nobody does is as telling.
        let column = |i: usize| merged.keys().map(move |meets| meets.get(i).copied());
        let same = (0..conditions.len()).any(|i| (0..i).any(|j| column(i).eq(column(j))));
        if same {
            return Some(0);
        }
    }
    // A part that nobody is known to stand behind is of rows about nobody.
    let fewest = merged.values().filter(|p| few(p) && !p.is_empty()).map(|p| p.len() as u64).min()?;
    let equations = |of: &dyn Fn(&BTreeSet<u32>) -> bool| {
        let columns: Vec<&Vec<bool>> =
            merged.iter().filter(|(_, people)| of(people)).map(|(meets, _)| meets).collect();
        let row = |i: usize| columns.iter().map(|c| u64::from(c.get(i) == Some(&true))).collect();
        rank((0..conditions.len()).map(row).collect())
    };
    let (all, many) = (equations(&|p| !p.is_empty()), equations(&|p| !few(p)));
    (all > many).then_some(fewest)
}

/// A prime of 61 bits.
const PRIME: u64 = (1 << 61) - 1;

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(PRIME);
    u64::try_from(product).unwrap_or_default()
}

/// One over a number that is not 0 (Fermat).
fn inverse(a: u64) -> u64 {
    let (mut base, mut exponent, mut result) = (a, PRIME - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// The rank of a matrix modulo the prime. It is at most the rank over the rationals, and for zeros and ones of
/// at most 64 rows lower only if a determinant is a multiple of the prime.
fn rank(mut rows: Vec<Vec<u64>>) -> usize {
    let width = rows.first().map_or(0, Vec::len);
    let mut done: usize = 0;
    for column in 0..width {
        let at = |row: &Vec<u64>| row.get(column).copied().unwrap_or_default();
        let Some(pivot) = rows.iter().skip(done).position(|row| at(row) != 0) else { continue };
        rows.swap(done, done + pivot);
        let (before, after) = rows.split_at_mut(done + 1);
        let Some(pivot) = before.last() else { continue };
        let scale = inverse(at(pivot));
        for row in after {
            let factor = times(at(row), scale);
            if factor != 0 {
                for (value, by) in row.iter_mut().zip(pivot) {
                    *value = (*value + PRIME - times(factor, *by)) % PRIME;
                }
            }
        }
        done += 1;
        if done == rows.len() {
            break;
        }
    }
    done
}

#[cfg(test)]
#[path = "overlap/tests.rs"]
mod tests;
