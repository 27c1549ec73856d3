//! The ledger against loops that try everything.

use cloister_ledger::{Asked, Entry, Finding, Index, Key, Kind, People, Rules, Sets, Shown, Told, examine};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[allow(clippy::unwrap_used, reason = "a test may stop here")]
fn told(people: &[u32], condition: usize) -> Told {
    Told {
        made_of: ["rows".to_owned()].into(),
        asked: Asked { rows: "person".into(), conditions: [format!("c{condition}")].into() },
        measure: "count(*)".into(),
        shown: Shown::Yes,
        published: None,
        versions: "gp 1".into(),
        people: People::of(people.iter().copied()),
        level: condition.to_string(),
        label: format!("c{condition}"),
    }
}

#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop here")]
/// Releases each set as a table of its own, and examines the last beside the others.
fn examined(sets: &[Vec<u32>], people_min: u64) -> Vec<Finding> {
    let key = Key::new([9; 32]);
    let of = |i: usize| Entry::new(&key, &format!("req_{i}"), "p", &[told(&sets[i], i)]);
    let last = sets.len() - 1;
    let mut earlier: BTreeMap<String, (Entry, Sets)> =
        (0..last).map(|i| (format!("req_{i}"), of(i))).collect();
    let past = [Index::of(earlier.values().map(|(entry, _)| entry)).unwrap()];
    let (new, people) = of(last);
    examine(&new, &people, &past, &mut earlier, &Rules::new(people_min, false)).unwrap().found
}

fn sets(universe: u32, at_most: usize) -> impl Strategy<Value = Vec<Vec<u32>>> {
    let set =
        prop::collection::btree_set(0..universe, 1..universe as usize).prop_map(|s| s.into_iter().collect());
    prop::collection::vec(set, 2..at_most)
}

fn apart(a: &[u32], b: &[u32]) -> u64 {
    a.iter().filter(|p| !b.contains(p)).count() as u64 + b.iter().filter(|p| !a.contains(p)).count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Every near set is found, and no other.
    #[test]
    fn pairs(sets in sets(40, 8), people_min in 2u64..12) {
        let new = sets.last().unwrap();
        let found = examined(&sets, people_min);
        for (i, other) in sets[..sets.len() - 1].iter().enumerate() {
            let near = apart(new, other) < people_min;
            let named = found.iter().any(|f| {
                matches!(f.kind, Kind::Pair | Kind::SamePeople) && f.earlier[0].request == format!("req_{i}")
            });
            prop_assert_eq!(near, named, "{:?} {:?}", new, other);
        }
    }

    /// Sets that were made to be near: random ones seldom are.
    #[test]
    fn near_pairs(base in prop::collection::btree_set(0u32..2_000, 200..900), flips in prop::collection::btree_set(0u32..2_000, 0..14)) {
        let mut other = base.clone();
        for person in &flips {
            if !other.remove(person) {
                other.insert(*person);
            }
        }
        let near = (flips.len() as u64) < 8;
        let list = |s: &std::collections::BTreeSet<u32>| s.iter().copied().collect::<Vec<u32>>();
        let found = examined(&[list(&base), list(&other)], 8);
        prop_assert_eq!(found.len(), usize::from(near));
    }

    /// What is said to be left by adding and subtracting is, or some are counted so often that they are known to be few; and
    /// whatever leaves one person alone is found.
    #[test]
    fn combinations(sets in sets(12, 7), people_min in 2u64..5) {
        // What has fewer people is never released.
        prop_assume!(sets.iter().all(|s| s.len() as u64 >= people_min));
        let found = examined(&sets, people_min);
        let linear = found.iter().any(|f| f.kind == Kind::Linear);
        let other = found.iter().any(|f| f.kind != Kind::Linear);
        let smallest = smallest_left(&sets);
        if linear {
            let few = smallest.is_some_and(|n| n < people_min);
            prop_assert!(few || least_divided(&sets, people_min), "{:?}", sets);
        }
        if smallest == Some(1) && !other {
            prop_assert!(linear, "{:?}", sets);
        }
    }

    /// Whatever bytes come, they are read or refused.
    #[test]
    fn bytes(noise in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..400, sets in sets(30, 4)) {
        let _ = Entry::from_bytes(&noise);
        let _ = Sets::from_bytes(&noise);
        let _ = Index::from_bytes(&noise);
        let all: Vec<Told> = sets.iter().enumerate().map(|(i, s)| told(s, i)).collect();
        let (entry, people) = Entry::new(&Key::new([1; 32]), "req_1", "p", &all);
        let index = Index::of([&entry]).unwrap();
        let (of_entry, of_people, of_index) = (entry.to_bytes(), people.to_bytes(), index.to_bytes());
        prop_assert_eq!(&Index::from_bytes(&of_index).unwrap(), &index);
        prop_assert_eq!(&Entry::from_bytes(&of_entry).unwrap(), &entry);
        prop_assert_eq!(&Sets::from_bytes(&of_people).unwrap(), &people);
        if cut < of_entry.len() {
            prop_assert!(Entry::from_bytes(&of_entry[..cut]).is_err());
        }
        if cut < of_people.len() {
            prop_assert!(Sets::from_bytes(&of_people[..cut]).is_err());
        }
        let changed = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = cut % bytes.len();
            bytes[at] ^= noise.first().copied().unwrap_or(1);
            bytes
        };
        let mut source = BTreeMap::from([("req_1".to_owned(), (entry.clone(), people.clone()))]);
        let rules = Rules::new(8, false);
        if let Ok(entry) = Entry::from_bytes(&changed(&of_entry)) {
            let _ = examine(&entry, &people, std::slice::from_ref(&index), &mut source, &rules);
        }
        if let Ok(index) = Index::from_bytes(&changed(&of_index)) {
            let _ = examine(&entry, &people, &[index], &mut source, &rules);
        }
    }
}

/// The fewest people that a combination with the last set in it leaves, by trying every group of people.
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop here")]
fn smallest_left(sets: &[Vec<u32>]) -> Option<u64> {
    let universe: Vec<u32> = (0..12).collect();
    let mut smallest: Option<u64> = None;
    for chosen in 1u32..1 << 12 {
        let size = u64::from(chosen.count_ones());
        if size > 4 || smallest.is_some_and(|s| s <= size) {
            continue;
        }
        let outside: Vec<u32> = universe.iter().copied().filter(|p| chosen >> p & 1 == 0).collect();
        let inside: Vec<u32> = universe.iter().copied().filter(|p| chosen >> p & 1 == 1).collect();
        // With the last set in the combination: it is a combination of the others on everybody outside, and not inside.
        let of = |people: &[u32], upto: usize| -> Vec<Vec<f64>> {
            sets[..upto]
                .iter()
                .map(|s| people.iter().map(|p| f64::from(u8::from(s.contains(p)))).collect())
                .collect()
        };
        let last = sets.len();
        let same = rank(&of(&outside, last)) == rank(&of(&outside, last - 1));
        // Then some combination with it is nothing outside; it is something inside where not all such are nothing.
        let all: Vec<u32> = outside.iter().chain(&inside).copied().collect();
        if same && rank(&of(&all, last)) > rank(&of(&all, last - 1)) {
            smallest = Some(size);
        }
    }
    smallest
}

/// Whether a combination with the last set in it is nobody negative, and adds up to less than enough people times the greatest, by
/// trying all. Coefficients of one that is nothing on as many as can be are determinants of zeros and ones, of one row less than
/// there are sets: of five, which are 5 at most.
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop here")]
fn least_divided(sets: &[Vec<u32>], people_min: u64) -> bool {
    let rows: Vec<[i64; 12]> =
        sets.iter().map(|s| std::array::from_fn(|p| i64::from(s.contains(&(p as u32))))).collect();
    let all = 11u64.pow(u32::try_from(sets.len()).unwrap());
    (0..all).any(|chosen| {
        let mut on = [0i64; 12];
        let mut left = chosen;
        let mut last = 0;
        for row in &rows {
            last = (left % 11) as i64 - 5;
            left /= 11;
            on.iter_mut().zip(row).for_each(|(sum, here)| *sum += last * here);
        }
        let greatest = on.iter().copied().max().unwrap();
        last != 0
            && on.iter().all(|times| *times >= 0)
            && on.iter().sum::<i64>() < people_min as i64 * greatest
    })
}

/// The rank of a small matrix of zeros and ones, by elimination with the greatest pivot.
#[allow(clippy::indexing_slicing, clippy::needless_range_loop, reason = "a test may stop here")]
fn rank(rows: &[Vec<f64>]) -> usize {
    let mut rows = rows.to_vec();
    let width = rows.first().map_or(0, Vec::len);
    let mut done = 0;
    for column in 0..width {
        let Some(best) =
            (done..rows.len()).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))
        else {
            break;
        };
        if rows[best][column].abs() < 1e-9 {
            continue;
        }
        rows.swap(done, best);
        for i in done + 1..rows.len() {
            let times = rows[i][column] / rows[done][column];
            for c in column..width {
                let less = times * rows[done][c];
                rows[i][c] -= less;
            }
        }
        done += 1;
    }
    done
}
