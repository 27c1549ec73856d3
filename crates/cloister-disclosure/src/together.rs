//! Counts of a table with totals, rounded together so that they still add up.

use crate::{Layout, Place, Policy, ProtectedRow, Relation, Shown, Statistic, Table, Value, controlled};

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
        let additions: Vec<Relation> = all.iter().filter(|a| a.holds(&raw) == Some(true)).cloned().collect();
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

/// What rows are the totals of: for each set of dimensions the next finer ones, with none between.
fn additions(places: &[Place]) -> Vec<Relation> {
    let codes: Vec<_> = places.iter().map(|place| place.codes.clone()).collect();
    Layout::of_grouping_sets(&codes)
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
        let addition = |total, parts: &[usize]| Relation { total, parts: parts.to_vec() };
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
