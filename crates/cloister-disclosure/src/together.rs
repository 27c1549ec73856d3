//! Counts of a table with totals, rounded together so that they still add up.

use crate::{Addition, Place, Policy, ProtectedRow, Shown, Statistic, Table, Value, controlled};
use std::collections::{BTreeMap, BTreeSet};

/// Rounds each column of counts over all rows. `false` where that cannot be: a row or a cell is not shown, places are
/// not known, there is no such rounding, or a share beside the counts is rounded otherwise than they are.
pub(crate) fn round_together(table: &Table, policy: &Policy, rows: &mut [ProtectedRow]) -> bool {
    let Some(places) = table.places.as_ref().filter(|p| p.len() == rows.len()) else { return false };
    if rows.len() != table.groups.len() {
        return false;
    }
    let all = additions(places);
    for (column, description) in table.columns.iter().enumerate() {
        match description.statistic {
            Statistic::People | Statistic::Count { .. } => {}
            Statistic::Rate => return false,
            _ => continue,
        }
        let raw = table.groups.iter().map(|g| match g.cells.get(column).map(|c| c.value) {
            Some(Value::Count(n)) => Some(n),
            _ => None,
        });
        let Some(raw) = raw.collect::<Option<Vec<i64>>>() else { return false };
        // People in several groups are no sum: nobody expects one there.
        let additions: Vec<Addition> = all.iter().filter(|a| a.holds(&raw) == Some(true)).cloned().collect();
        let Some(rounded) = controlled(&raw, &additions, policy.rounding_base()) else { return false };
        for (row, count) in rows.iter_mut().zip(rounded) {
            match row.cells.get_mut(column) {
                Some(cell) if cell.count().is_some() => cell.show(Shown::Count(count)),
                _ => return false,
            }
        }
    }
    true
}

/// The dimensions that a row is no total over.
fn level(place: &Place) -> BTreeSet<usize> {
    let codes = place.codes.iter().enumerate();
    codes.filter(|(_, code)| code.is_some()).map(|(dimension, _)| dimension).collect()
}

/// What rows are the totals of: for each set of dimensions the next finer ones, with none between.
fn additions(places: &[Place]) -> Vec<Addition> {
    let mut levels: BTreeMap<BTreeSet<usize>, Vec<usize>> = BTreeMap::new();
    for (row, place) in places.iter().enumerate() {
        levels.entry(level(place)).or_default().push(row);
    }
    let within = |a: &BTreeSet<usize>, b: &BTreeSet<usize>| a.len() < b.len() && a.is_subset(b);
    let mut found = Vec::new();
    for (coarse, totals) in &levels {
        for (fine, rows) in &levels {
            let between = || levels.keys().any(|l| within(coarse, l) && within(l, fine));
            if !within(coarse, fine) || between() {
                continue;
            }
            let codes = |row: usize| -> Vec<Option<u32>> {
                let codes = places.get(row).map(|p| p.codes.as_slice()).unwrap_or_default();
                coarse.iter().map(|dimension| codes.get(*dimension).copied().flatten()).collect()
            };
            let mut parts: BTreeMap<Vec<Option<u32>>, Vec<usize>> = BTreeMap::new();
            for row in rows {
                parts.entry(codes(*row)).or_default().push(*row);
            }
            for total in totals {
                let parts = parts.get(&codes(*total)).cloned().unwrap_or_default();
                found.push(Addition { total: *total, parts });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(codes: &[i64]) -> Place {
        Place { codes: codes.iter().map(|c| u32::try_from(*c).ok()).collect() }
    }

    #[test]
    fn a_total_is_of_the_next_finer_rows() {
        let cube = [[0, 0], [0, 1], [0, -1], [-1, 0], [-1, 1], [-1, -1]].map(|c| place(&c));
        let mut found = additions(&cube);
        found.sort_by_key(|a| (a.total, a.parts.clone()));
        let addition = |total, parts: &[usize]| Addition { total, parts: parts.to_vec() };
        assert_eq!(
            found,
            [
                addition(2, &[0, 1]),
                addition(3, &[0]),
                addition(4, &[1]),
                addition(5, &[2]),
                addition(5, &[3, 4])
            ]
        );
        let sets = [[0, 0], [1, 1], [-1, -1]].map(|c| place(&c));
        assert_eq!(additions(&sets), [addition(2, &[0, 1])]);
    }
}
