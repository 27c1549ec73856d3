use super::attaining::Attaining;
use super::beside::Beside;
use super::*;
use datafusion::arrow::array::{Array, ArrayRef, Int64Array, UInt32Array, UInt64Array};
use datafusion::logical_expr::EmitTo;
use proptest::prelude::*;
use std::collections::BTreeSet;

const GROUPS: usize = 3;

type Rows = Vec<(usize, Option<i64>, Option<u32>)>;

fn arrays(rows: &Rows) -> (Vec<ArrayRef>, Vec<usize>) {
    let values: ArrayRef = Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.1)));
    let people: ArrayRef = Arc::new(UInt32Array::from_iter(rows.iter().map(|r| r.2)));
    (vec![values, people], rows.iter().map(|r| r.0).collect())
}

/// Partial results of every part, some row by row, merged.
fn count<A: GroupsAccumulator>(parts: &[Rows], make: impl Fn() -> A) -> Vec<u64> {
    let mut last = make();
    for (index, rows) in parts.iter().enumerate() {
        let (values, groups) = arrays(rows);
        if index % 2 == 0 {
            let mut partial = make();
            partial.update_batch(&values, &groups, None, GROUPS).unwrap();
            let state = partial.state(EmitTo::All).unwrap();
            last.merge_batch(&state, &(0..GROUPS).collect::<Vec<_>>(), GROUPS).unwrap();
        } else {
            last.merge_batch(&make().convert_to_state(&values, None).unwrap(), &groups, GROUPS).unwrap();
        }
    }
    let found = last.evaluate(EmitTo::All).unwrap();
    let mut found = found.as_any().downcast_ref::<UInt64Array>().unwrap().values().to_vec();
    found.resize(GROUPS, 0);
    found
}

fn known(parts: &[Rows], group: usize) -> Vec<(i64, u32)> {
    let rows = parts.iter().flatten().filter(|r| r.0 == group);
    rows.filter_map(|(_, value, person)| Some(((*value)?, (*person)?))).collect()
}

fn rows() -> impl Strategy<Value = Vec<Rows>> {
    let row = (0..GROUPS, prop::option::weighted(0.9, 0i64..6), prop::option::weighted(0.9, 0u32..9));
    prop::collection::vec(prop::collection::vec(row, 0..40), 1..5)
}

proptest! {
    #[test]
    fn attaining_people_are_those_with_the_value(parts in rows(), greatest: bool, max in 1usize..6) {
        let found = count(&parts, || Attaining::new(greatest, max, DataType::Int64).unwrap());
        for (group, found) in found.into_iter().enumerate() {
            let rows = known(&parts, group);
            let values = rows.iter().map(|r| r.0);
            let best = if greatest { values.max() } else { values.min() };
            let people: BTreeSet<u32> = rows.iter().filter(|r| Some(r.0) == best).map(|r| r.1).collect();
            prop_assert_eq!(found, people.len().min(max) as u64);
        }
    }

    /// Of rows with equal values any may be on either side, so the truth is a range.
    #[test]
    fn people_beside_a_quantile_are_on_both_sides(parts in rows(), quantile in 0.0f64..=1.0, max in 1usize..6) {
        let found = count(&parts, || Beside::new(quantile, max));
        for (group, found) in found.into_iter().enumerate() {
            let mut rows = known(&parts, group);
            rows.sort_unstable();
            let Some(last) = rows.len().checked_sub(1) else {
                prop_assert_eq!(found, 0);
                continue;
            };
            let place = quantile * last as f64;
            let (low, high) = (rows[place.floor() as usize].0, rows[place.ceil() as usize].0);
            let people = |side: &dyn Fn(i64) -> bool| {
                rows.iter().filter(|r| side(r.0)).map(|r| r.1).collect::<BTreeSet<_>>().len()
            };
            // At most everybody who is at or beyond the value on the narrower side.
            let most = people(&|v| v <= low).min(people(&|v| v >= high)).min(max);
            prop_assert!(found as usize <= most);
            prop_assert!(found > 0);
            let strictly = people(&|v| v < low).min(people(&|v| v > high)).min(max);
            prop_assert!(found as usize >= strictly);
        }
    }
}

/// Without GROUP BY there is one group; batches differ in length, and the last is the shortest.
#[test]
fn one_group_takes_batches_of_any_length() {
    let rows = |n: i64| arrays(&(0..n).map(|i| (0, Some(i % 3), Some(i as u32))).collect()).0;
    let empty: Vec<ArrayRef> = rows(0);
    let mut extreme = Single::new(Attaining::new(false, 8, DataType::Int64).unwrap(), empty.clone());
    let mut quantile = Single::new(Beside::new(0.5, 8), empty);
    for n in [10, 2, 0, 5] {
        extreme.update_batch(&rows(n)).unwrap();
        quantile.update_batch(&rows(n)).unwrap();
    }
    assert_eq!(extreme.evaluate().unwrap(), ScalarValue::UInt64(Some(4)));
    assert_eq!(quantile.evaluate().unwrap(), ScalarValue::UInt64(Some(6)));
}

#[test]
fn the_extremes_of_different_values_rest_on_one_person() {
    let rows: [Rows; 1] = [(0..20).map(|i| (0, Some(i), Some(i as u32))).collect()];
    assert_eq!(count(&rows, || Attaining::new(true, 8, DataType::Int64).unwrap())[0], 1);
    assert_eq!(count(&rows, || Beside::new(0.0, 8))[0], 1);
    assert_eq!(count(&rows, || Beside::new(0.5, 8))[0], 8);
    assert_eq!(count(&rows, || Beside::new(0.9, 8))[0], 2);
}

fn fractions(rows: &Rows) -> (Vec<ArrayRef>, Vec<usize>) {
    let (mut values, groups) = arrays(rows);
    values[0] = datafusion::arrow::compute::cast(&values[0], &DataType::Float64).unwrap();
    (values, groups)
}

/// Partial results of every part, merged.
fn greatest(parts: &[Rows], ordered: bool) -> Result<Vec<Contributions>> {
    let make = || -> Box<dyn GroupsAccumulator> {
        match ordered {
            true => Box::new(super::contributions::Ordered::default()),
            false => Box::new(super::contributions::Sets::default()),
        }
    };
    let mut last = make();
    for rows in parts {
        let (values, groups) = fractions(rows);
        let mut partial = make();
        partial.update_batch(&values, &groups, None, GROUPS)?;
        last.merge_batch(&partial.state(EmitTo::All)?, &(0..GROUPS).collect::<Vec<_>>(), GROUPS)?;
    }
    contributions_of(&last.evaluate(EmitTo::All)?)
}

/// By loops over the rows.
fn greatest_truth(parts: &[Rows], group: usize) -> Contributions {
    let mut own = std::collections::BTreeMap::<u32, f64>::new();
    for (value, person) in known(parts, group) {
        *own.entry(person).or_default() += value as f64;
    }
    let mut sizes: Vec<f64> = own.into_values().map(f64::abs).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let at = |i: usize| sizes.get(i).copied().unwrap_or_default();
    Contributions { largest: at(0), second: at(1), total: sizes.iter().sum() }
}

proptest! {
    #[test]
    fn contributions_are_those_of_plain_loops(parts in rows()) {
        let truth: Vec<_> = (0..GROUPS).map(|group| greatest_truth(&parts, group)).collect();
        prop_assert_eq!(greatest(&parts, false).unwrap(), truth);
    }

    /// Parts about different people, each with its people in order.
    #[test]
    fn contributions_in_order_are_the_same(parts in rows()) {
        let mut all: Rows = parts.into_iter().flatten().collect();
        all.sort_by_key(|row| row.2);
        let parts: Vec<Rows> = all.chunk_by(|a, b| a.2.map(|p| p / 3) == b.2.map(|p| p / 3)).map(<[_]>::to_vec).collect();
        let truth: Vec<_> = (0..GROUPS).map(|group| greatest_truth(&parts, group)).collect();
        if !parts.is_empty() {
            prop_assert_eq!(greatest(&parts, true).unwrap(), truth);
        }
    }
}

#[test]
fn contributions_out_of_order_are_noticed() {
    let rows = vec![(0, Some(1), Some(2)), (0, Some(1), Some(1)), (0, Some(1), Some(2))];
    assert!(crate::people::OrderLost::is(&greatest(std::slice::from_ref(&rows), true).unwrap_err()));
    assert_eq!(greatest(&[rows], false).unwrap()[0], Contributions { largest: 2.0, second: 1.0, total: 3.0 });
}
