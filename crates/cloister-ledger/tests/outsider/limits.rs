//! What the outsider learns and the ledger does not find. Each states what is so today; where the ledger learns to find it, the
//! test fails and is to be turned round. What it has learnt so far of these stands beside what it has not.

use crate::knows::{Shown, Study};
use crate::sequences::{first_found, group, numbers};

fn range(study: &Study, atoms: &[u32]) -> (i64, Option<i64>) {
    study.outsider(study.says(&study.tables, true)).range(group(atoms))
}

/// Two groups of a table are not shown, and a total of 14 is: each is of 7, since neither is of more.
#[test]
fn a_rest_that_fills_its_markers() {
    let mut study = numbers(Shown::Exact, &[7, 7], &[&[0, 1]]);
    study.tables.insert(0, vec![group(&[0]), group(&[1])]);
    assert_eq!(range(&study, &[0]), (7, Some(7)));
    assert_eq!(first_found(&study), Some(1));
    // As many groups as people: each is of one.
    let mut study = numbers(Shown::Exact, &[1; 8], &[&[0, 1, 2, 3, 4, 5, 6, 7]]);
    study.tables.insert(0, (0..8).map(|atom| group(&[atom])).collect());
    assert_eq!(range(&study, &[3]), (1, Some(1)));
    assert_eq!(first_found(&study), Some(1));
}

/// The same though the total is rounded: 28 are shown as 30, which is 28 at least; 12 as 10, which is 12 at most.
#[test]
fn a_rounded_rest_that_fills_its_markers() {
    for (groups, people) in [(4, 7), (12, 1)] {
        let all: Vec<u32> = (0..groups).collect();
        let mut study = numbers(Shown::Nearest(5), &vec![people; all.len()], &[&all]);
        study.tables.insert(0, all.iter().map(|atom| group(&[*atom])).collect());
        assert_eq!(range(&study, &[2]), (people, Some(people)));
        assert_eq!(first_found(&study), Some(1));
    }
}

/// Group 0 with each of `times` others, 1 with the first of them, those others together, and again with 1 and 2:
/// `times · x0 + x1` and `times · x0 − x2` follow.
fn averaged(people: [i64; 3], times: u32) -> Study {
    let others: Vec<u32> = (3..3 + times).collect();
    let mut sets: Vec<Vec<u32>> = others.iter().map(|other| vec![0, *other]).collect();
    sets.iter_mut().take(1).for_each(|first| first.push(1));
    sets.push(others.clone());
    sets.push([1, 2].into_iter().chain(others).collect());
    let sizes: Vec<i64> = people.into_iter().chain((0..i64::from(times)).map(|i| 20 + i)).collect();
    numbers(Shown::Exact, &sizes, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// One person, averaged over eight groups: 8 of her and 7 others are 15, 8 of her less 7 others are 1. She is counted eight times,
/// and the others are what is left over once: fewer than are enough, but together with her they are not. Found with the first sum,
/// which says already that she is one at most.
#[test]
fn a_leftover_divided() {
    let study = averaged([1, 7, 7], 8);
    assert_eq!(range(&study, &[0]), (1, Some(1)));
    assert_eq!(range(&study, &[1]), (7, Some(7)));
    assert_eq!(first_found(&study), Some(8));
}

/// What is left over need not even be small: 10 of her and 9 others.
#[test]
fn a_great_leftover_divided() {
    let study = averaged([1, 9, 9], 10);
    assert_eq!(range(&study, &[0]), (1, Some(1)));
    assert_eq!(first_found(&study), Some(10));
    // With two groups it is a ceiling: twice four and 9 are 17, which leaves 8 at most; twice three and 9 are 15, which leaves 7,
    // and says only that they are too few; twice one and 9 are 11, which leaves 5.
    let study = averaged([4, 9, 9], 2);
    assert_eq!(range(&study, &[0]), (0, Some(8)));
    assert_eq!(first_found(&study), None);
    let study = averaged([3, 9, 9], 2);
    assert_eq!(range(&study, &[0]), (0, Some(7)));
    assert_eq!(first_found(&study), Some(2));
    let study = averaged([1, 9, 9], 2);
    assert_eq!(range(&study, &[0]), (0, Some(5)));
    assert_eq!(first_found(&study), Some(2));
}

/// The same though every number is rounded to 5, where the others are such that every value is about to flip: twelve groups that
/// are with her the most that is shown so, and together the least; fourteen that are with her the least, and together the most.
/// Somebody who may choose the others, by unions with groups that are known, needs no luck for it.
#[test]
fn a_great_leftover_divided_and_rounded() {
    let (above, below): (Vec<u32>, Vec<u32>) = ((3..15).collect(), (15..29).collect());
    let mut sizes = vec![1, 9, 9];
    sizes.extend(above.iter().map(|atom| if *atom == 3 { 22 } else { 21 }));
    sizes.extend(below.iter().map(|_| 22));
    let mut sets: Vec<Vec<u32>> = above.iter().chain(&below).map(|other| vec![0, *other]).collect();
    sets.iter_mut().take(1).for_each(|first| first.push(1));
    sets.push(above);
    sets.push(below.into_iter().chain([2]).collect());
    let study = numbers(Shown::Nearest(5), &sizes, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(range(&study, &[0]), (1, Some(1)));
    assert_eq!(first_found(&study), Some(26));
}

/// Eight times three less seven others are 17: a floor of three. A marker in the place of the others makes it their number.
#[test]
fn a_floor_divided() {
    let others: Vec<u32> = (2..10).collect();
    let mut sets: Vec<Vec<u32>> = others.iter().map(|other| vec![0, *other]).collect();
    sets.push([1].into_iter().chain(others).collect());
    let sizes: Vec<i64> = [3, 7].into_iter().chain(20..28).collect();
    let study = numbers(Shown::Exact, &sizes, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(range(&study, &[0]), (3, Some(23)));
    assert_eq!(first_found(&study), None);
    let mut marked = study.clone();
    marked.tables.push(vec![group(&[1])]);
    assert_eq!(range(&marked, &[0]), (3, Some(3)));
    assert_eq!(first_found(&marked), None);
}

/// That 1 and 2 are two people has been found and released all the same, and is known: each is one. Then twice 0 and 1 are 15, so
/// 0 is of 7. That this says no more by itself than that 0 is of 7 at most is enough for it to be found.
#[test]
fn what_was_approved_and_is_odd() {
    let sets: [&[u32]; 5] = [&[5], &[1, 2, 5], &[0, 1, 3], &[0, 4], &[3, 4]];
    let study = numbers(Shown::Exact, &[7, 1, 1, 20, 21, 22], &sets);
    let before = Study { tables: study.tables[..4].to_vec(), ..study.clone() };
    assert_eq!(range(&before, &[1]), (0, Some(2)));
    assert_eq!([range(&study, &[0]), range(&study, &[1])], [(7, Some(7)), (1, Some(1))]);
    assert_eq!(first_found(&study), Some(1));
    let earlier: Vec<&Vec<u32>> = before.tables.iter().collect();
    assert!(!crate::found(&study, &earlier, &study.tables[4]).is_empty());
}

/// The difference of two small groups is a floor: 0 has 5 more people than 2, so it has 5 at least. That it is small is not known.
#[test]
fn a_floor_by_the_difference_of_small_groups() {
    let study = numbers(Shown::Exact, &[7, 17, 2], &[&[0, 1], &[1, 2]]);
    assert_eq!(range(&study, &[0]), (5, Some(24)));
    assert_eq!(first_found(&study), None);
    // Where a marker says that it is, it is of 5 to 7.
    let mut marked = study.clone();
    marked.tables.push(vec![group(&[0])]);
    assert_eq!(range(&marked, &[0]), (5, Some(7)));
    assert_eq!(first_found(&marked), None);
}
