//! The ledger against an outsider who knows nothing of it: who sees what is published, exact or rounded, and works out by whole
//! numbers what follows.

#[path = "outsider/census.rs"]
mod census;
#[path = "outsider/knows.rs"]
mod knows;
#[path = "outsider/limits.rs"]
mod limits;
#[path = "outsider/sequences.rs"]
mod sequences;
#[path = "outsider/studies.rs"]
mod studies;
#[path = "outsider/whole.rs"]
mod whole;

use census::{Census, Level, Way};
use cloister_ledger::{
    Asked, Entry, Index, Key, Kind, PEOPLE, People, Published, Rules, Sets, Shown as Stands, Told, examine,
};
use knows::{Bound, Outsider, Shown, Study};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use studies::{rounded, studies};

/// What the ledger finds in a table beside earlier ones. Everything that this test knows of the ledger is here.
#[allow(clippy::unwrap_used, reason = "a test may stop here")]
fn found(study: &Study, earlier: &[&Vec<u32>], table: &Vec<u32>) -> Vec<Kind> {
    const ROOM: u32 = 1_000;
    let key = Key::new([5; 32]);
    let people = |group: u32| {
        let inside = (0u32..).zip(&study.sizes).filter(move |(atom, _)| group >> atom & 1 == 1);
        inside.flat_map(|(atom, people)| (0..u32::try_from(*people).unwrap()).map(move |i| atom * ROOM + i))
    };
    let entry = |number: usize, table: &Vec<u32>| -> (Entry, Sets) {
        // A zero that is shown is nobody's.
        let told = table.iter().filter(|group| study.people(**group) > 0 || study.policy.hides(0));
        let told = told.map(|group| Told {
            made_of: ["rows".to_owned()].into(),
            asked: Asked { rows: "person".into(), conditions: [format!("{group:b}")].into() },
            measure: PEOPLE.into(),
            shown: match study.policy.hides(study.people(*group)) {
                true => Stands::TooFew,
                false => Stands::Yes,
            },
            published: (!study.policy.hides(study.people(*group))).then(|| {
                let (least, most) = study.policy.possible(study.people(*group));
                let (least, most) = (least as f64, most as f64);
                Published { value: (least + most) / 2.0, within: Some((most - least) / 2.0), fixed: true }
            }),
            versions: "gp 1".into(),
            people: People::of(people(*group)),
            level: "by group".into(),
            label: format!("{group:b}"),
        });
        let told: Vec<Told> = told.collect();
        Entry::new(&key, &format!("req_{number}"), "p", &told)
    };
    let (new, sets) = entry(earlier.len(), table);
    let entries: Vec<(Entry, Sets)> =
        earlier.iter().enumerate().map(|(number, table)| entry(number, table)).collect();
    let past = [Index::of(entries.iter().map(|(entry, _)| entry)).unwrap()];
    let mut source: BTreeMap<String, (Entry, Sets)> =
        entries.into_iter().map(|one| (one.0.request().to_owned(), one)).collect();
    let people_min = u64::try_from(study.policy.people_min).unwrap();
    let rules = Rules::new(people_min, study.policy.zeros_shown);
    let examined = examine(&new, &sets, &past, &mut source, &rules).unwrap();
    examined.found.iter().map(|f| f.kind).collect()
}

/// The groups that an outsider knows of whom these tables are told. Groups of the same people are one: that some atom is of
/// nobody tells nothing new of the others.
fn known(study: &Study, tables: Vec<&Vec<u32>>, knows: fn(&mut Outsider, u32) -> bool) -> BTreeSet<u32> {
    let mut outsider = study.outsider(study.says(tables, false));
    let known = study.small().into_iter().filter(|group| knows(&mut outsider, *group));
    known.map(|group| study.inhabited(group)).collect()
}

/// The small groups that the last table gives away with the earlier ones, and neither without the other, by the numbers that
/// are shown. What markers say is another matter ([`limits`]).
fn given_away(
    study: &Study,
    earlier: &[&Vec<u32>],
    table: &Vec<u32>,
    knows: fn(&mut Outsider, u32) -> bool,
) -> BTreeSet<u32> {
    let mut new = known(study, earlier.iter().copied().chain([table]).collect(), knows);
    if !new.is_empty() {
        let (before, alone) = (known(study, earlier.to_vec(), knows), known(study, vec![table], knows));
        new.retain(|group| !before.contains(group) && !alone.contains(group));
    }
    new
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is released, found or not: what a table gives away with earlier ones by adding and subtracting is found in it.
    /// What follows only because people are whole, of what was found before, is found in it or was found before.
    #[test]
    fn everything_is_released(study in studies(false, Just(Shown::Exact))) {
        let mut found_before = false;
        for (last, table) in study.tables.iter().enumerate() {
            let earlier: Vec<&Vec<u32>> = study.tables.iter().take(last).collect();
            let finds = !found(&study, &earlier, table).is_empty();
            if !finds {
                let new = given_away(&study, &earlier, table, Outsider::adds_up);
                prop_assert!(new.is_empty(), "{:?} by {:?} after {:?}", new, table, earlier);
            }
            found_before |= finds;
            if !found_before {
                let new = given_away(&study, &earlier, table, Outsider::knows);
                prop_assert!(new.is_empty(), "{:?} by {:?} after {:?}", new, table, earlier);
            }
        }
    }

    /// Where only that is released in which nothing is found, the numbers that are shown give nobody away, however they are rounded.
    #[test]
    fn what_is_found_is_held(study in studies(true, prop_oneof![2 => Just(Shown::Exact), 3 => rounded()])) {
        let mut released: Vec<&Vec<u32>> = Vec::new();
        for table in &study.tables {
            if found(&study, &released, table).is_empty() {
                let new = given_away(&study, &released, table, Outsider::knows);
                prop_assert!(new.is_empty(), "{:?} by {:?} after {:?}", new, table, released);
                released.push(table);
            }
        }
    }

    /// The outsider against counting through: of four atoms, everything that could be.
    #[test]
    fn the_outsider_is_exact(
        sizes in prop::collection::vec(0i64..6, 4),
        seen in prop::collection::vec((1u32..16, 0i64..3, 0i64..3), 1..6),
        group in 1u32..16,
    ) {
        let of = |sizes: &[i64], group: u32| -> i64 {
            (0u32..).zip(sizes).filter(|(atom, _)| group >> atom & 1 == 1).map(|(_, people)| people).sum()
        };
        // Everybody together bounds everybody.
        let all = Bound { group: 15, least: 0, most: of(&sizes, 15) + 2 };
        let bound = |(group, less, more): &(u32, i64, i64)| {
            Bound { group: *group, least: of(&sizes, *group) - less, most: of(&sizes, *group) + more }
        };
        let bounds: Vec<Bound> = seen.iter().map(bound).chain([all]).collect();
        let mut possible = BTreeSet::new();
        let side = all.most + 1;
        for number in 0..side.pow(4) {
            let point: Vec<i64> = (0..4).map(|atom| number / side.pow(atom) % side).collect();
            if bounds.iter().all(|b| (b.least..=b.most).contains(&of(&point, b.group))) {
                possible.insert(of(&point, group));
            }
        }
        let mut outsider = Outsider::new(sizes, &bounds);
        prop_assert_eq!(outsider.range(group), (*possible.first().unwrap(), possible.last().copied()));
        prop_assert_eq!(outsider.knows(group), possible.len() == 1);
    }
}

/// How often something narrower than a number is given away though nothing is found, and the smallest example of each way:
/// `CENSUS=20000 cargo test -p cloister-ledger --test outsider census -- --ignored --nocapture`.
#[test]
#[ignore = "it measures"]
#[allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop here, and this one tells")]
fn census() {
    let mut runner = TestRunner::deterministic();
    let cases: usize = std::env::var("CENSUS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000);
    for shown in [Shown::Exact, Shown::Nearest(5), Shown::Nearest(10), Shown::Midpoint(6)] {
        let mut census = Census::default();
        let studies = studies(false, Just(shown));
        for _ in 0..cases {
            let study = studies.new_tree(&mut runner).unwrap().current();
            census.count(&study, |earlier, table| !found(&study, earlier, table).is_empty());
        }
        println!("{shown:?}: {census}");
        let pinned = |way: &&Way| way.level == Level::Pinned && !way.by_markers;
        assert_eq!(census.ways.keys().find(pinned), None, "numbers that are shown give a group away");
    }
}
