use super::*;
use proptest::prelude::*;

/// A table with margins: cells row by row with a total at the end of each, and a last row of totals.
fn two_way(inner: &[Vec<i64>]) -> (Vec<i64>, Vec<Relation>) {
    let (rows, columns) = (inner.len(), inner[0].len());
    let mut values = Vec::new();
    for row in inner {
        values.extend(row);
        values.push(row.iter().sum());
    }
    let sums: Vec<i64> = (0..columns).map(|c| inner.iter().map(|row| row[c]).sum()).collect();
    values.extend(&sums);
    values.push(sums.iter().sum());
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    let by_row = (0..=rows)
        .map(|r| Relation { total: at(r, columns), parts: (0..columns).map(|c| at(r, c)).collect() });
    let by_column =
        (0..=columns).map(|c| Relation { total: at(rows, c), parts: (0..rows).map(|r| at(r, c)).collect() });
    (values, by_row.chain(by_column).collect())
}

/// Leaves in groups, in groups of groups, by columns.
fn tree(leaves: &[Vec<i64>], of: usize) -> (Vec<i64>, Vec<Relation>) {
    let columns = leaves[0].len();
    let groups = leaves.len().div_ceil(of);
    let mut values: Vec<Vec<i64>> = leaves.to_vec();
    let mut members: Vec<(usize, Vec<usize>)> = Vec::new();
    for group in 0..groups {
        let of: Vec<usize> = (group * of..((group + 1) * of).min(leaves.len())).collect();
        values.push((0..columns).map(|c| of.iter().map(|l| leaves[*l][c]).sum()).collect());
        members.push((leaves.len() + group, of));
    }
    values.push((0..columns).map(|c| leaves.iter().map(|l| l[c]).sum()).collect());
    members.push((leaves.len() + groups, (leaves.len()..leaves.len() + groups).collect()));
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    let mut additions = Vec::new();
    for row in 0..values.len() {
        additions
            .push(Relation { total: at(row, columns), parts: (0..columns).map(|c| at(row, c)).collect() });
    }
    for (total, parts) in members {
        for c in 0..=columns {
            additions
                .push(Relation { total: at(total, c), parts: parts.iter().map(|p| at(*p, c)).collect() });
        }
    }
    let values = values.into_iter().flat_map(|mut row| {
        row.push(row.iter().sum());
        row
    });
    (values.collect(), additions)
}

fn check(values: &[i64], additions: &[Relation], base: i64, rounded: &[i64]) {
    for (value, rounded) in values.iter().zip(rounded) {
        assert_eq!(rounded.rem_euclid(base), 0);
        assert!((value - rounded).abs() < base, "{value} {rounded}");
        assert!(value.rem_euclid(base) != 0 || value == rounded, "a multiple stays: {value} {rounded}");
    }
    for addition in additions {
        let sum: i64 = addition.parts.iter().map(|p| rounded[*p]).sum();
        assert_eq!(sum, rounded[addition.total]);
    }
}

fn inner(rows: usize, columns: usize, of: u32) -> impl Strategy<Value = Vec<Vec<i64>>> {
    let row = prop::collection::vec(0..i64::from(of), 1..=columns);
    (row, 1..=rows).prop_flat_map(move |(row, rows)| {
        prop::collection::vec(prop::collection::vec(0..i64::from(of), row.len()), rows)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn tables_of_two_dimensions_always_have_one(inner in inner(9, 9, 60), base in 2i64..12) {
        let (values, additions) = two_way(&inner);
        let rounded = controlled(&values, &additions, base as u64).unwrap();
        check(&values, &additions, base, &rounded);
    }

    #[test]
    fn so_has_a_hierarchy_by_columns(leaves in inner(12, 5, 40), of in 2usize..4, base in 2i64..8) {
        let (values, additions) = tree(&leaves, of);
        let rounded = controlled(&values, &additions, base as u64).unwrap();
        check(&values, &additions, base, &rounded);
    }

    /// Three dimensions: none may be found, and what is found holds.
    #[test]
    fn what_is_found_holds(cells in prop::collection::vec(0..30i64, 27), base in 2i64..8) {
        // 3 × 3 × 3 with all margins; a place's code 3 is a total.
        let at = |a: usize, b: usize, c: usize| (a * 4 + b) * 4 + c;
        let within = |code: usize, of: usize| code == 3 || code == of;
        let mut values = vec![0; 64];
        for (place, value) in values.iter_mut().enumerate() {
            let (a, b, c) = (place / 16, place / 4 % 4, place % 4);
            let here = cells.iter().enumerate();
            let here = here.filter(|(i, _)| within(a, i / 9) && within(b, i / 3 % 3) && within(c, i % 3));
            *value = here.map(|(_, n)| *n).sum();
        }
        let mut additions = Vec::new();
        for x in 0..4 { for y in 0..4 {
            additions.push(Relation { total: at(3, x, y), parts: (0..3).map(|i| at(i, x, y)).collect() });
            additions.push(Relation { total: at(x, 3, y), parts: (0..3).map(|i| at(x, i, y)).collect() });
            additions.push(Relation { total: at(x, y, 3), parts: (0..3).map(|i| at(x, y, i)).collect() });
        } }
        if let Some(rounded) = controlled(&values, &additions, base as u64) {
            check(&values, &additions, base, &rounded);
        }
    }
}

/// By hand: nearest rounding makes 5 + 5 + 5 of 3 + 3 + 3, and 10 of the 9.
#[test]
fn nearest_rounding_would_not_add_up() {
    let addition = [Relation { total: 3, parts: vec![0, 1, 2] }];
    let rounded = controlled(&[3, 3, 3, 9], &addition, 5).unwrap();
    assert_eq!(rounded[0] + rounded[1] + rounded[2], rounded[3]);
    assert!([5, 10].contains(&rounded[3]));
}

#[test]
fn numbers_by_themselves_go_to_the_nearest() {
    assert_eq!(controlled(&[0, 2, 3, 7, 8, -3], &[], 5), Some(vec![0, 0, 5, 5, 10, -5]));
    assert_eq!(controlled(&[], &[], 5), Some(vec![]));
}

#[test]
fn what_does_not_add_up_or_makes_no_sense_has_none() {
    let addition = |total, parts: &[usize]| Relation { total, parts: parts.to_vec() };
    assert_eq!(controlled(&[1, 2, 4], &[addition(2, &[0, 1])], 5), None);
    assert_eq!(controlled(&[1, 2, 3], &[addition(2, &[0, 1])], 0), None);
    assert_eq!(controlled(&[1, 2, 3], &[addition(2, &[0, 1, 3])], 5), None);
    assert_eq!(controlled(&[0, 2, 2], &[addition(2, &[0, 1, 0])], 5), None);
    assert_eq!(controlled(&[0, 2], &[addition(1, &[0, 1])], 5), None);
    assert_eq!(controlled(&[i64::MAX, i64::MAX, 0], &[addition(2, &[0, 1])], 5), None);
}

#[test]
fn great_tables_are_quick() {
    let inner: Vec<Vec<i64>> = (0..150).map(|r| (0..150).map(|c| (r * 7 + c * 13) % 23).collect()).collect();
    let (values, additions) = two_way(&inner);
    let rounded = controlled(&values, &additions, 5).unwrap();
    check(&values, &additions, 5, &rounded);
}
