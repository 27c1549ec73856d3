//! Combinations against loops that try everything, and what they cost.

use super::{FOUND_MAX, Row, combinations, leftovers};
use crate::field::{add, inverse, mixed, multiply, subtract};
use proptest::prelude::*;
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// People in groups: of each person the group, by a rule that looks random.
fn groups(seed: u64, people: u32, groups: u64) -> Vec<u64> {
    // Groups of unequal size, as districts and diagnoses are.
    (0..u64::from(people))
        .map(|p| (mixed(seed << 32 | p) % groups).min(mixed(seed << 33 | p) % groups))
        .collect()
}

/// A table: one row for each group of people of at least so many.
fn table(of: &[Vec<u64>], inside: impl Fn(usize) -> bool, people_min: u64, new: bool) -> Vec<Row> {
    let people = of.first().map_or(0, Vec::len);
    let mut cells: BTreeMap<Vec<u64>, Vec<u32>> = BTreeMap::new();
    for person in (0..people).filter(|p| inside(*p)) {
        cells.entry(of.iter().map(|a| a[person]).collect()).or_default().push(person as u32);
    }
    let row = |people: Vec<u32>| Row { people: people.into_iter().collect(), new };
    cells.into_values().filter(|c| c.len() as u64 >= people_min).map(row).collect()
}

/// The rank of the rows, on these people alone.
fn rank(rows: &[&Row], on: &[u32]) -> usize {
    let mut all: Vec<Vec<u64>> =
        rows.iter().map(|r| on.iter().map(|p| u64::from(r.people.contains(*p))).collect()).collect();
    let mut rank = 0;
    for column in 0..on.len() {
        let Some(at) = (rank..all.len()).find(|i| all[*i][column] != 0) else { continue };
        all.swap(rank, at);
        let pivot = all[rank].clone();
        for row in all.iter_mut().skip(rank + 1).filter(|row| row[column] != 0) {
            let times = multiply(row[column], inverse(pivot[column]));
            row.iter_mut().zip(&pivot).for_each(|(a, b)| *a = subtract(*a, multiply(times, *b)));
        }
        rank += 1;
    }
    rank
}

/// All groups, by trying every one.
struct Oracle<'a> {
    all: Vec<&'a Row>,
    old: Vec<&'a Row>,
    everybody: Vec<u32>,
}

impl<'a> Oracle<'a> {
    /// A row that is of the same people as a new one counts as new.
    fn of(rows: &'a [Row], universe: u32) -> Self {
        let as_new = |row: &Row| rows.iter().any(|other| other.new && other.people == row.people);
        Self {
            all: rows.iter().collect(),
            old: rows.iter().filter(|row| !as_new(row)).collect(),
            everybody: (0..universe).collect(),
        }
    }

    /// Whether all rows have a combination on these people alone that the old rows do not have: whether so many more of them are
    /// nothing on everybody else than are nothing on everybody.
    fn given_away(&self, people: &[u32]) -> bool {
        let others: Vec<u32> = self.everybody.iter().copied().filter(|p| !people.contains(p)).collect();
        let only = |rows: &[&Row]| rank(rows, &self.everybody) - rank(rows, &others);
        only(&self.all) > only(&self.old)
    }

    /// The smallest groups of fewer than enough people that are given away.
    fn smallest(&self, people_min: u64) -> BTreeSet<Vec<u32>> {
        let mut chosen: Vec<u32> =
            (1..1u32 << self.everybody.len()).filter(|s| u64::from(s.count_ones()) < people_min).collect();
        chosen.sort_by_key(|s| s.count_ones());
        let people =
            |set: u32| self.everybody.iter().copied().filter(|p| set >> p & 1 == 1).collect::<Vec<_>>();
        let mut found: Vec<u32> = Vec::new();
        for set in chosen {
            if found.iter().all(|f| f & set != *f) && self.given_away(&people(set)) {
                found.push(set);
            }
        }
        found.into_iter().map(people).collect()
    }
}

/// What a combination is on somebody.
fn on(combination: &[(usize, u64)], rows: &[Row], person: u32) -> u64 {
    let of = combination.iter().filter(|(row, _)| rows[*row].people.contains(person));
    of.fold(0, |sum, (_, times)| add(sum, *times))
}

/// Whether these, one for each person, are in the proportion of whole numbers up to 3,000, all of one sign, that add up to less
/// than enough people times the greatest: by trying who has the greatest, and what it is.
fn is_light(values: &[u64], people_min: u64) -> bool {
    let whole = |greatest: u64, unit: u64| {
        let mut all = values.iter().map(|value| multiply(greatest, multiply(*value, unit)));
        all.try_fold(0, |sum, times| (times <= greatest).then_some(sum + times))
    };
    values.iter().any(|value| {
        let unit = inverse(*value);
        (1..=3_000).any(|greatest| whole(greatest, unit).is_some_and(|sum| sum < people_min * greatest))
    })
}

/// On whom the combinations that are found are something.
struct Left {
    /// On fewer than enough people.
    few: BTreeSet<Vec<u32>>,
    /// On more, some of them being counted less often.
    light: BTreeSet<Vec<u32>>,
    /// Whether there was room for all.
    all: bool,
}

/// What is found. Each combination has a new row, and leaves little.
fn left(rows: &[Row], universe: u32, people_min: u64) -> Left {
    let found = combinations(rows, people_min);
    let mut left = Left { few: BTreeSet::new(), light: BTreeSet::new(), all: found.len() < FOUND_MAX };
    for combination in found {
        assert!(combination.iter().any(|(row, _)| rows[*row].new));
        let people: Vec<u32> = (0..universe).filter(|p| on(&combination, rows, *p) != 0).collect();
        assert!(!people.is_empty());
        if (people.len() as u64) < people_min {
            left.few.insert(people);
            continue;
        }
        let values: Vec<u64> = people.iter().map(|p| on(&combination, rows, *p)).collect();
        assert!(is_light(&values, people_min), "{people:?} {values:?}");
        left.light.insert(people);
    }
    left
}

fn compare(rows: &[Row], universe: u32, people_min: u64) -> Result<(), TestCaseError> {
    let oracle = Oracle::of(rows, universe);
    let expected = oracle.smallest(people_min);
    let Left { few, light, all } = left(rows, universe, people_min);
    for people in few.iter().chain(&light) {
        prop_assert!(oracle.given_away(people), "{people:?} are not given away by the new rows");
    }
    let missed: Vec<_> = expected.difference(&few).filter(|_| all).collect();
    prop_assert!(missed.is_empty(), "missed {:?}", missed);
    prop_assert_eq!(expected.is_empty(), few.is_empty());
    Ok(())
}

/// All ways to multiply so many rows with −4 to 4.
fn times(rows: u32) -> impl Iterator<Item = Vec<i64>> {
    (0..9u64.pow(rows)).map(move |n| (0..rows).map(|row| (n / 9u64.pow(row) % 9) as i64 - 4).collect())
}

/// The people on whom a combination of the rows times −4 to 4 is something, where that is of one sign, and less than enough people
/// times the greatest; no combination is something on a part of them alone; and no old rows have it. Of fewer than four times
/// enough people, one for each atom: so many are in any case not taken to be great.
fn light(rows: &[Row], atoms: &[Vec<u32>], people_min: u64) -> BTreeSet<Vec<u32>> {
    let speaking: Vec<u32> = atoms.iter().map(|atom| atom[0]).collect();
    let oracle = Oracle::of(rows, 0);
    let mut all = BTreeSet::new();
    for times in times(rows.len() as u32) {
        let on = |person: &u32| -> i64 {
            rows.iter().zip(&times).filter(|(row, _)| row.people.contains(*person)).map(|(_, t)| t).sum()
        };
        let values: Vec<i64> = speaking.iter().map(on).collect();
        let greatest = values.iter().copied().max().unwrap();
        let sum: i64 = values.iter().zip(atoms).map(|(value, atom)| value * atom.len() as i64).sum();
        if values.iter().any(|value| *value < 0) || sum >= people_min as i64 * greatest {
            continue;
        }
        let of = |is: bool| -> Vec<u32> {
            let chosen = speaking.iter().zip(&values).filter(|(_, value)| (**value != 0) == is);
            chosen.map(|(person, _)| *person).collect()
        };
        let others = of(false);
        let only = |rows: &[&Row]| rank(rows, &speaking) - rank(rows, &others);
        let people: usize = atoms.iter().zip(&values).filter(|(_, v)| **v != 0).map(|(a, _)| a.len()).sum();
        if (people as u64) < 4 * people_min && only(&oracle.all) == 1 && only(&oracle.old) == 0 {
            all.insert(of(true));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Tables that divide people by attributes, groups of fewer than enough people and others left out.
    #[test]
    fn tables_of_few_people(
        attributes in prop::collection::vec(prop::collection::vec(0u64..4, 11), 1..4),
        by in prop::collection::vec((prop::collection::vec(any::<prop::sample::Index>(), 1..3), 0u32..1 << 11, 0u32..64), 2..5),
        people_min in 2u64..7,
    ) {
        let mut rows: Vec<Row> = Vec::new();
        let last = by.len() - 1;
        for (index, (by, outside, without)) in by.iter().enumerate() {
            let of: Vec<Vec<u64>> = by.iter().map(|i| i.get(&attributes).clone()).collect();
            // Every other table is of part of the people.
            let inside = |p: usize| index % 2 == 0 || outside >> p & 1 == 0;
            let cells = table(&of, inside, people_min, index == last);
            rows.extend(cells.into_iter().enumerate().filter(|(cell, _)| without >> cell & 1 == 0).map(|(_, c)| c));
        }
        compare(&rows, 11, people_min)?;
    }

    /// Any sets of few people.
    #[test]
    fn sets_of_few_people(
        sets in prop::collection::vec((prop::collection::btree_set(0u32..10, 2..9), any::<bool>()), 3..9),
        people_min in 2u64..6,
    ) {
        let rows: Vec<Row> =
            sets.iter().map(|(s, new)| Row { people: s.iter().copied().collect(), new: *new }).collect();
        compare(&rows, 10, people_min)?;
    }

    /// Sets of atoms of one to nine people.
    #[test]
    fn leftovers_are_divided(
        sizes in prop::collection::vec(prop_oneof![1u32..4, 4u32..10], 3..8),
        sets in prop::collection::vec((1u32..1 << 7, any::<bool>()), 2..6),
        people_min in 3u64..9,
    ) {
        let mut next = 0;
        let atoms: Vec<Vec<u32>> = sizes.iter().map(|size| {
            next += size;
            (next - size..next).collect()
        }).collect();
        let row = |(set, new): &(u32, bool)| {
            let inside = atoms.iter().enumerate().filter(|(atom, _)| set >> atom & 1 == 1);
            Row { people: inside.flat_map(|(_, people)| people.iter().copied()).collect(), new: *new }
        };
        let rows: Vec<Row> = sets.iter().map(row).filter(|row| !row.people.is_empty()).collect();
        let expected = light(&rows, &atoms, people_min);
        let found = left(&rows, next, people_min);
        prop_assert!(found.all);
        let speaking: BTreeSet<u32> = atoms.iter().map(|atom| atom[0]).collect();
        let of = |people: &Vec<u32>| people.iter().copied().filter(|p| speaking.contains(p)).collect::<Vec<_>>();
        let found: BTreeSet<Vec<u32>> = found.few.iter().chain(&found.light).map(of).collect();
        let missed: Vec<_> = expected.difference(&found).collect();
        prop_assert!(missed.is_empty(), "missed {:?}", missed);
    }
}

/// Tables as a study makes them: by one to three of twelve attributes, of everybody or of those with a condition.
fn study(rows: usize, people: u32, attributes: u64) -> Option<Vec<Row>> {
    let sizes = [2u64, 5, 8, 3, 60, 12, 4, 20, 6, 10, 30, 7];
    let attribute: Vec<Vec<u64>> =
        (0..attributes).map(|a| groups(a, people, sizes[a as usize % sizes.len()])).collect();
    let mut all: Vec<Row> = Vec::new();
    let mut seen = BTreeSet::new();
    for seed in 0u64.. {
        let random = |i: u64| mixed(seed * 16 + i);
        let wanted = 1 + random(0) % 3;
        let by: BTreeSet<usize> = (0..wanted).map(|i| (random(1 + i) % attributes) as usize).collect();
        let cells: u64 = by.iter().map(|a| sizes[a % sizes.len()]).product();
        let inside = (random(8) % 3 == 0).then(|| ((random(9) % attributes) as usize, random(10) % 2));
        if !(5..=80).contains(&cells)
            || inside.is_some_and(|(a, _)| by.contains(&a))
            || !seen.insert((by.clone(), inside))
        {
            // So many rows there are not.
            if seed > 100_000 {
                return None;
            }
            continue;
        }
        let of: Vec<Vec<u64>> = by.iter().map(|a| attribute[*a].clone()).collect();
        all.extend(table(&of, |p| inside.is_none_or(|(a, v)| attribute[a][p] == v), 10, false));
        if all.len() >= rows {
            break;
        }
    }
    all.truncate(rows);
    // The newest table is the one that is asked for.
    let from = all.len().saturating_sub(40);
    all.iter_mut().skip(from).for_each(|row| row.new = true);
    Some(all)
}

/// What can be had from a study's tables and a number that is those of two cells of a table but for some people.
fn with_a_leak(rows: usize, people: u32, attributes: u64, leak: u64) -> Option<Vec<Row>> {
    let mut all = study(rows, people, attributes)?;
    let mut union: RoaringBitmap = &all[0].people | &all[1].people;
    for _ in 0..leak {
        let person = union.select((mixed(leak) % union.len()) as u32).unwrap();
        union.remove(person);
    }
    all.push(Row { people: union, new: true });
    Some(all)
}

#[test]
fn few_of_many_people_are_found() {
    for leak in [1, 2, 5, 7] {
        let rows = with_a_leak(260, 6_000, 12, leak).unwrap();
        let found = leftovers(&rows, 8);
        assert!(found.iter().any(|used| used.contains(&(rows.len() - 1))), "{leak}");
        assert_eq!(found, leftovers(&rows, 8));
    }
}

/// Neither few people, nor so many that hardly any of them is a pivot.
#[test]
fn groups_of_one_to_three_among_hundreds_are_found() {
    for seed in 0..40u64 {
        let random = |i: u64| mixed(seed << 20 | i);
        let (people, sets) = (200 + random(0) % 300, 40 + random(1) % 100);
        let inside = |i: u64, p: &u64| random((i + 2) << 12 | p) % 3 == 0;
        let some = |i: u64| (0..people).filter(move |p| inside(i, p)).map(|p| p as u32);
        let mut rows: Vec<Row> = (0..sets).map(|i| Row { people: some(i).collect(), new: false }).collect();
        let leak = 1 + seed % 3;
        let mut union = &rows[0].people ^ &(&rows[0].people & &rows[1].people);
        for i in 0..leak {
            union.remove(union.select((random(5 + i) % union.len()) as u32).unwrap());
        }
        // What is in the one and not in the other, but for a few: with both, and with those who are in both.
        let both = &rows[0].people & &rows[1].people;
        rows.push(Row { people: both, new: false });
        rows.push(Row { people: union, new: true });
        let found = leftovers(&rows, 5);
        assert!(found.contains(&vec![0, rows.len() - 2, rows.len() - 1]), "{seed}: {people} {sets} {leak}");
    }
}

/// Studies of tables alone, of up to hundreds of people: where nothing is left over of fewer than enough people, nothing is found
/// that is divided either.
#[test]
fn tables_alone_are_not_found_more_often() {
    let (mut nothing, mut few_found, mut more) = (0, 0, 0);
    let mut look = |rows: &[Row], people: u32| {
        let Left { few, light, .. } = left(rows, people, 8);
        match (few.is_empty(), light.is_empty()) {
            (true, true) => nothing += 1,
            (false, _) => few_found += 1,
            (true, false) => more += 1,
        }
    };
    for (people, values) in [(60, 3), (150, 4), (400, 4), (1_500, 6)] {
        for seed in 0..100u64 {
            let random = |i: u64| mixed(seed << 20 | 7 << 10 | i);
            let attributes: Vec<Vec<u64>> = (0..4).map(|a| groups(seed * 8 + a, people, values)).collect();
            let tables = 3 + random(0) % 4;
            let mut rows = Vec::new();
            for number in 0..tables {
                let by: BTreeSet<usize> = (0..1 + random(10 + number) % 2)
                    .map(|i| (random(30 + 5 * number + i) % 4) as usize)
                    .collect();
                let of: Vec<Vec<u64>> = by.iter().map(|a| attributes[*a].clone()).collect();
                let inside = (random(100 + number) % 3 == 0)
                    .then(|| ((random(200 + number) % 4) as usize, random(300 + number) % 2));
                let inside = |p| inside.is_none_or(|(a, v)| attributes[a][p] == v);
                rows.extend(table(&of, inside, 8, number + 1 == tables));
            }
            look(&rows, people);
        }
    }
    for (attributes, people) in [(4, 300), (6, 1_000), (12, 3_000), (8, 10_000)] {
        for rows in [40, 80, 150, 250] {
            if let Some(rows) = study(rows, people, attributes) {
                look(&rows, people);
            }
        }
    }
    println!("nothing: {nothing}, few people: {few_found}, divided alone: {more}");
    assert_eq!(more, 0);
    assert!(nothing > 100 && few_found > 100);
}

/// One person with each of many groups, alone and among other tables.
#[test]
fn one_person_divided_among_many() {
    for (seed, others, rows) in [(1u64, 7u64, 0), (2, 9, 40), (3, 20, 40)] {
        let mut all = study(rows.max(1), 3_000, 12).unwrap();
        all.truncate(rows);
        all.iter_mut().for_each(|row| row.new = false);
        let groups: Vec<RoaringBitmap> =
            (0..12u32).map(|i| (10_000 + 100 * i..10_000 + 100 * i + 30 + i).collect()).collect();
        let one = 20_000 + seed as u32;
        for (number, group) in groups.iter().enumerate() {
            let mut people = group.clone();
            people.insert(one);
            // So many others are counted once.
            people.extend((30_000..30_000 + others as u32).filter(|_| number == 0));
            all.push(Row { people, new: false });
        }
        all.push(Row { people: groups.iter().flatten().collect(), new: true });
        let (last, first) = (all.len() - 1, all.len() - 13);
        assert!(leftovers(&all, 8).contains(&(first..=last).collect()), "{others} {rows}");
    }
}

/// `cargo test --release -p cloister-ledger --lib cost -- --ignored --nocapture`
#[test]
#[ignore = "figures, not a test"]
fn cost() {
    println!(
        "{:>7} {:>9} {:>10} {:>9} {:>6} {:>6}",
        "rows", "people", "attributes", "seconds", "found", "leak"
    );
    for (attributes, people) in [(5, 100_000), (12, 100_000), (5, 1_000_000), (12, 1_000_000)] {
        for rows in [100, 320, 1_000, 2_000, 4_000] {
            let Some(mut all) = with_a_leak(rows, people, attributes, 3) else { continue };
            for leak in [true, false] {
                if !leak {
                    all.pop();
                }
                let start = Instant::now();
                let found = leftovers(&all, 8);
                let seconds = start.elapsed().as_secs_f64();
                println!(
                    "{rows:>7} {people:>9} {attributes:>10} {seconds:>9.3} {:>6} {leak:>6}",
                    found.len()
                );
            }
        }
    }
}
