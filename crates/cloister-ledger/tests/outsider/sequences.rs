//! Sequences by which rounded numbers give somebody away, written out (class 19 of the attacks: unions with known groups until
//! the rounded value flips). None of the rounded values says it by itself; together they do. The ledger, which takes them for
//! exact, finds it before the last of them.

use crate::found;
use crate::knows::{Bound, Policy, Shown, Study};

/// A group of these atoms.
pub fn group(atoms: &[u32]) -> u32 {
    atoms.iter().fold(0, |group, atom| group | 1 << atom)
}

/// A study of 8 people at least, of which each table is one number.
pub fn numbers(shown: Shown, sizes: &[i64], sets: &[&[u32]]) -> Study {
    Study {
        sizes: sizes.to_vec(),
        tables: sets.iter().map(|set| vec![group(set)]).collect(),
        policy: Policy { people_min: 8, zeros_shown: true, shown },
    }
}

/// The first table in which something is found, all before it being released.
pub fn first_found(study: &Study) -> Option<usize> {
    (0..study.tables.len()).find(|last| {
        let (earlier, table) = study.tables.split_at(*last);
        let earlier: Vec<&Vec<u32>> = earlier.iter().collect();
        table.first().is_some_and(|table| !found(study, &earlier, table).is_empty())
    })
}

/// The last number gives the atom away, and not before; the ledger finds something in the number at `at`, which is an earlier one.
fn given_away_and_found_before(study: &Study, background: &[Bound], atom: u32, at: usize) {
    let last = study.tables.len() - 1;
    let range = |tables: usize| {
        let mut bounds = study.says(study.tables.iter().take(tables), false);
        bounds.extend_from_slice(background);
        study.outsider(bounds).range(group(&[atom]))
    };
    let people = study.people(group(&[atom]));
    assert_eq!(range(last + 1), (people, Some(people)), "all numbers give it away");
    assert_ne!(range(last), (people, Some(people)), "the last is needed");
    assert!(at < last);
    assert_eq!(first_found(study), Some(at));
}

/// 17 is shown as 15 and with her, 18, as 20: she is one at least. 28 less 17 at most leaves 11 at least of atom 3, which with
/// her is shown as 10 and is 12 at most: she is one at most.
#[test]
fn unions_until_the_value_flips() {
    let study = numbers(Shown::Nearest(5), &[1, 8, 16, 11, 12, 17], &[&[3, 5], &[0, 3], &[5], &[0, 5]]);
    given_away_and_found_before(&study, &[], 0, 2);
}

/// Atoms 2 to 4 are known to the outsider by other means. 14 people with 8 and with 9 are shown as 20 and as 25: they are 14.
/// With her they are 15: with 8 they are shown as 25, with 12 still.
#[test]
fn unions_with_groups_known_beforehand() {
    let study = numbers(Shown::Nearest(5), &[1, 14, 8, 9, 12], &[&[1, 2], &[1, 3], &[0, 1, 2], &[0, 1, 4]]);
    let background: Vec<Bound> =
        [(2, 8), (3, 9), (4, 12)].map(|(atom, n)| Bound { group: group(&[atom]), least: n, most: n }).into();
    given_away_and_found_before(&study, &background, 0, 2);
}

/// Windows of two and of three bands: 33 less 17 leaves 16 at least of band 2, which with band 1 is 17 at most; 28 less 27.
#[test]
fn overlapping_windows() {
    let study =
        numbers(Shown::Nearest(5), &[16, 1, 16, 11], &[&[0, 1], &[1, 2], &[2, 3], &[0, 1, 2], &[1, 2, 3]]);
    given_away_and_found_before(&study, &[], 1, 3);
}

/// Born before and born after: two chains from both ends, and a band between them.
#[test]
fn nested_chains() {
    let study = numbers(
        Shown::Nearest(5),
        &[13, 14, 1, 18, 12, 16],
        &[&[0, 1], &[2, 3, 4, 5], &[0, 1, 2], &[3], &[4, 5]],
    );
    given_away_and_found_before(&study, &[], 2, 2);
}

/// She is in three of four groups that overlap at random; no two of them differ by few.
#[test]
fn averaging_over_supersets() {
    let study = numbers(
        Shown::Nearest(5),
        &[1, 8, 17, 14, 14, 14],
        &[&[0, 2, 5], &[1, 2, 3, 4, 5], &[0, 1, 2, 3, 4, 5], &[0, 1, 3, 4]],
    );
    given_away_and_found_before(&study, &[], 0, 2);
}

/// Midpoint 6: 13 to 18 are shown as 15, 19 to 24 as 21. Three people are given away.
#[test]
fn midpoints() {
    let study =
        numbers(Shown::Midpoint(6), &[3, 12, 10, 13, 8, 15], &[&[2, 4], &[2, 5], &[0, 2], &[4], &[0, 5]]);
    given_away_and_found_before(&study, &[], 0, 3);
}

/// Midpoint 6 again, one person, by averaging.
#[test]
fn midpoints_of_supersets() {
    let study = numbers(
        Shown::Midpoint(6),
        &[1, 20, 10, 14, 11, 14],
        &[&[2, 3, 4, 5], &[0, 2, 5], &[0, 4], &[2, 5], &[0, 2], &[0, 3, 5]],
    );
    given_away_and_found_before(&study, &[], 0, 3);
}

/// To the nearest 10, that 8 are enough is an edge too: what is shown as 10 is 8 at least.
#[test]
fn to_the_nearest_ten() {
    let study =
        numbers(Shown::Nearest(10), &[1, 12, 12, 19, 14, 13], &[&[2, 5], &[0, 2], &[4], &[0, 4], &[0, 5]]);
    given_away_and_found_before(&study, &[], 0, 3);
}
