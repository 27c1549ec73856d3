use super::*;
use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::logical_expr::EmitTo;
use proptest::prelude::*;
use std::collections::BTreeSet;

type Rows = Vec<(usize, Option<u32>)>;

fn feed(accumulator: &mut dyn GroupsAccumulator, rows: &Rows, groups: usize) -> Result<()> {
    let people: ArrayRef = Arc::new(UInt32Array::from_iter(rows.iter().map(|r| r.1)));
    let indices: Vec<usize> = rows.iter().map(|r| r.0).collect();
    accumulator.update_batch(&[people], &indices, None, groups)
}

/// Partial results of every part, merged.
fn count(kind: Kind, parts: &[Rows], groups: usize) -> Result<ArrayRef> {
    named(kind, None, parts, groups)
}

fn named(kind: Kind, few_max: Option<usize>, parts: &[Rows], groups: usize) -> Result<ArrayRef> {
    let people = People {
        kind,
        few_max,
        weights: None,
        signature: Signature::exact(vec![DataType::UInt32], Volatility::Immutable),
    };
    let mut last = people.groups();
    for part in parts {
        let mut partial = people.groups();
        feed(partial.as_mut(), part, groups)?;
        let state = partial.state(EmitTo::All)?;
        last.merge_batch(&state, &(0..groups).collect::<Vec<_>>(), groups)?;
    }
    last.evaluate(EmitTo::All)
}

fn people_of(parts: &[Rows], groups: usize) -> Vec<BTreeSet<u32>> {
    let mut sets = vec![BTreeSet::new(); groups];
    for (group, person) in parts.iter().flatten() {
        sets[*group].extend(person);
    }
    sets
}

fn truth(parts: &[Rows], groups: usize) -> Vec<u64> {
    people_of(parts, groups).iter().map(|people| people.len() as u64).collect()
}

fn counts(array: &ArrayRef) -> Vec<u64> {
    array.as_any().downcast_ref::<UInt64Array>().unwrap().values().to_vec()
}

const GROUPS: usize = 4;

fn rows(people: u32) -> impl Strategy<Value = Vec<Rows>> {
    let row = (0..GROUPS, prop::option::weighted(0.9, 0..people));
    prop::collection::vec(prop::collection::vec(row, 0..60), 1..5)
}

proptest! {
    #[test]
    fn sets_are_exact_in_any_order(parts in rows(40)) {
        prop_assert_eq!(counts(&count(Kind::Set, &parts, GROUPS).unwrap()), truth(&parts, GROUPS));
    }

    /// Whatever arrives, constant-state counting is right or says that it is not.
    #[test]
    fn ordered_is_exact_or_fails(mut parts in rows(40), sort: bool) {
        if sort {
            parts.iter_mut().for_each(|p| p.sort_by_key(|r| r.1));
        }
        match count(Kind::Ordered, &parts, GROUPS) {
            Ok(found) => prop_assert_eq!(counts(&found), truth(&parts, GROUPS)),
            Err(e) => prop_assert!(OrderLost::is(&e)),
        }
    }

    /// On the layout that landing writes, it never fails: each part has a range of people of its own.
    #[test]
    fn ordered_never_fails_on_buckets(parts in rows(40)) {
        let parts: Vec<Rows> = parts.into_iter().enumerate().map(|(bucket, mut part)| {
            part.sort_by_key(|r| r.1);
            let offset = 100 * bucket as u32;
            part.into_iter().map(|(g, p)| (g, p.map(|p| p + offset))).collect()
        }).collect();
        prop_assert_eq!(counts(&count(Kind::Ordered, &parts, GROUPS).unwrap()), truth(&parts, GROUPS));
    }

    #[test]
    fn few_are_named_or_too_many(mut parts in rows(12), ordered: bool, max in 0usize..8) {
        if ordered {
            for (bucket, part) in (0u32..).zip(&mut parts) {
                part.sort_by_key(|r| r.1);
                part.iter_mut().for_each(|r| r.1 = r.1.map(|p| p + 100 * bucket));
            }
        }
        let kind = if ordered { Kind::Ordered } else { Kind::Set };
        let found = named(kind, Some(max), &parts, GROUPS).unwrap();
        let truth = people_of(&parts, GROUPS);
        let sizes: Vec<u64> = truth.iter().map(|people| people.len() as u64).collect();
        prop_assert_eq!(counts(number_of(&found)), sizes);
        for (names, people) in names_of(&found).unwrap().into_iter().zip(truth) {
            let names = names.map(|mut names| { names.sort_unstable(); names });
            prop_assert_eq!(names, (people.len() <= max).then(|| people.into_iter().collect::<Vec<_>>()));
        }
    }
}

#[test]
fn the_same_person_in_two_parts_is_found() {
    let part = vec![(0, Some(5))];
    let error = count(Kind::Ordered, &[part.clone(), part.clone()], 1).unwrap_err();
    assert!(OrderLost::is(&error));
    let wrapped = DataFusionError::Shared(Arc::new(error)).context("while running");
    assert!(OrderLost::is(&wrapped));
    assert!(!OrderLost::is(&DataFusionError::Plan("x".into())));
    assert_eq!(counts(&count(Kind::Set, &[part.clone(), part], 1).unwrap()), [1]);
}

#[test]
fn large_sets_become_bitmaps_and_stay_exact() {
    let part: Rows = (0..50_000u32).rev().flat_map(|p| [(0, Some(p * 3)), (0, Some(p * 3))]).collect();
    assert_eq!(counts(&count(Kind::Set, &[part.clone(), part], 1).unwrap()), [50_000]);
}

#[test]
fn a_filter_takes_people_away() {
    let mut accumulator = ordered::Ordered::default();
    let people: ArrayRef = Arc::new(UInt32Array::from(vec![1, 2, 3]));
    let filter = BooleanArray::from(vec![Some(true), None, Some(false)]);
    accumulator.update_batch(&[people], &[0, 0, 0], Some(&filter), 1).unwrap();
    assert_eq!(counts(&accumulator.evaluate(EmitTo::All).unwrap()), [1]);
}

/// What distinct people weigh is added up once each, over parts in any order, and nobody without a weight goes unnoticed.
#[test]
fn weights_are_added_once_a_person() {
    use super::Weights;
    let weights = Weights::new(vec![5, 7, u32::MAX, 11]);
    let weighed = |parts: &[&[u32]]| {
        let mut whole = sets::Sets::new(None, Some(weights.clone()));
        for part in parts {
            let mut partial = sets::Sets::new(None, Some(weights.clone()));
            let people: ArrayRef = Arc::new(UInt32Array::from(part.to_vec()));
            partial.update_batch(&[people], &vec![0; part.len()], None, 1).unwrap();
            whole.merge_batch(&partial.state(EmitTo::All).unwrap(), &[0], 1).unwrap();
        }
        let sums = whole.evaluate(EmitTo::All)?;
        Ok::<u64, DataFusionError>(sums.as_any().downcast_ref::<UInt64Array>().unwrap().value(0))
    };
    assert_eq!(weighed(&[&[0, 1, 1, 0], &[1, 3]]).unwrap(), 5 + 7 + 11);
    assert_eq!(weighed(&[&[2], &[2, 0]]).unwrap(), u64::from(u32::MAX) + 5);
    assert_eq!(weighed(&[&[], &[]]).unwrap(), 0);
    assert!(weighed(&[&[0, 4]]).is_err());
    assert_eq!(format!("{weights:?}"), "Weights");
}
