//! Each kind of finding, and what is none.

use cloister_ledger::{
    Asked, Entry, Examined, Finding, Index, Key, Kind, PEOPLE, People, Published, Rules, Sets, Shown, Told,
    examine,
};
use std::collections::BTreeMap;

fn told(people: impl IntoIterator<Item = u32>, condition: &str) -> Told {
    Told {
        made_of: ["rows".to_owned()].into(),
        asked: Asked { rows: "person".into(), conditions: [condition.to_owned()].into() },
        measure: "count(*)".into(),
        shown: Shown::Yes,
        published: None,
        versions: "gp 1".into(),
        people: People::of(people),
        level: String::new(),
        label: condition.into(),
    }
}

#[derive(Clone, Default)]
struct Ledger(Vec<(Entry, Sets)>);

#[allow(clippy::unwrap_used, reason = "a test may stop here")]
impl Ledger {
    /// Examines a table of a project and releases it whatever is found.
    fn examined(&mut self, project: &str, rules: &Rules, told: &[Told]) -> Examined {
        let request = format!("req_{}", self.0.len());
        let (mut new, sets) = Entry::new(&Key::new([3; 32]), &request, project, told);
        let examined = examine(&new, &sets, &self.past(), &mut self.source(), rules).unwrap();
        // What is written down once already is not again.
        let sets = new.without(sets, &examined.elsewhere);
        self.0.push((new, sets));
        examined
    }

    /// Half of the entries as one index, and the others each on its own.
    fn past(&self) -> Vec<Index> {
        let (old, new) = self.0.split_at(self.0.len() / 2);
        let alone: Vec<Index> = old.iter().map(|(e, _)| Index::of([e]).unwrap()).collect();
        let joined = Index::joined(&alone).unwrap();
        assert_eq!(joined, Index::of(old.iter().map(|(e, _)| e)).unwrap());
        let mut past = vec![Index::from_bytes(&joined.to_bytes()).unwrap()];
        past.extend(new.iter().map(|(e, _)| Index::of([e]).unwrap()));
        past
    }

    fn source(&self) -> BTreeMap<String, (Entry, Sets)> {
        self.0.iter().map(|one| (one.0.request().to_owned(), one.clone())).collect()
    }

    fn release(&mut self, told: Vec<Told>) -> Vec<Finding> {
        self.examined("p", &Rules::new(8, false), &told).found
    }
}

fn kinds(found: &[Finding]) -> Vec<Kind> {
    found.iter().map(|f| f.kind).collect()
}

#[test]
fn a_pair_and_the_same_people() {
    let mut ledger = Ledger::default();
    assert!(ledger.release(vec![told(0..100, "a")]).is_empty());
    assert_eq!(kinds(&ledger.release(vec![told(0..99, "b")])), [Kind::Pair]);
    let again = ledger.release(vec![told(0..100, "c")]);
    assert_eq!(kinds(&again), [Kind::SamePeople, Kind::Pair]);
    assert!(again[0].words().contains("req_0") && !again[0].words().contains("100"), "{}", again[0].words());
    // The same question is answered again, and people enough apart are.
    assert!(Ledger(ledger.0[..1].to_vec()).release(vec![told(0..100, "a")]).is_empty());
    assert!(Ledger(ledger.0[..1].to_vec()).release(vec![told(0..92, "d")]).is_empty());
}

#[test]
fn numbers_of_other_kinds_are_not_subtracted() {
    let mut ledger = Ledger::default();
    ledger.release(vec![told(0..100, "a")]);
    assert!(
        ledger
            .release(vec![Told { made_of: ["person.income".to_owned()].into(), ..told(0..99, "b") }])
            .is_empty()
    );
}

#[test]
fn a_total_beside_groups_of_which_one_is_not_shown() {
    let mut ledger = Ledger::default();
    // Of ten groups, the last, of five people, is suppressed.
    let groups = (0..9u32).map(|g| told(g * 10..g * 10 + 10, &format!("g{g}")));
    assert!(ledger.release(groups.collect()).is_empty());
    assert!(kinds(&ledger.release(vec![told(0..95, "all")])).contains(&Kind::Rest));
    // And the other way round.
    let mut ledger = Ledger::default();
    ledger.release(vec![told(0..95, "all")]);
    let groups = (0..9u32).map(|g| told(g * 10..g * 10 + 10, &format!("g{g}")));
    assert!(kinds(&ledger.release(groups.collect())).contains(&Kind::Rest));
    // The whole of it is no leftover.
    let groups = (0..5u32).map(|g| told(g * 19..g * 19 + 19, &format!("h{g}")));
    assert!(
        ledger
            .release(groups.collect())
            .iter()
            .all(|f| f.kind != Kind::Rest || f.earlier[0].request != "req_0")
    );
}

#[test]
fn marked_groups_that_leave_each_other_no_room() {
    let exactly = |value: u32| Some(Published { value: value.into(), within: Some(0.0), fixed: true });
    let number = |people: std::ops::Range<u32>, level: &str, condition: &str| Told {
        published: exactly(people.end - people.start),
        measure: PEOPLE.into(),
        level: level.into(),
        ..told(people, condition)
    };
    let marked = |people: std::ops::Range<u32>, condition: &str| Told {
        published: None,
        shown: Shown::TooFew,
        ..number(people, "by", condition)
    };
    let rules = Rules::new(8, true);
    let found = |sizes: &[u32], marks: &[bool], total_first: bool| {
        let all: u32 = sizes.iter().sum();
        let mut at = 0;
        let mut table = Vec::new();
        for (group, (size, is_marked)) in sizes.iter().zip(marks).enumerate() {
            let (people, name) = (at..at + size, format!("g{group}"));
            at += size;
            table.push(if *is_marked { marked(people, &name) } else { number(people, "by", &name) });
        }
        let total = vec![number(0..all, "all", "all")];
        let mut ledger = Ledger::default();
        let two = if total_first { [total, table] } else { [table, total] };
        assert!(ledger.examined("p", &rules, &two[0]).found.is_empty());
        kinds(&ledger.examined("q", &rules, &two[1]).found)
    };
    for total_first in [true, false] {
        // Two sevens, eight ones, and two that can be anything.
        assert_eq!(found(&[7, 7], &[true, true], total_first), [Kind::Marked]);
        assert_eq!(found(&[1; 8], &[true; 8], total_first), [Kind::Marked]);
        assert_eq!(found(&[4, 4], &[true, true], total_first), []);
        // What is shown is subtracted first.
        assert_eq!(found(&[100, 50, 7, 7], &[false, false, true, true], total_first), [Kind::Marked]);
        assert_eq!(found(&[100, 50, 5, 3], &[false, false, true, true], total_first), []);
        let one = found(&[100, 50, 5], &[false, false, true], total_first);
        assert!(one.contains(&Kind::Rest) && one.contains(&Kind::Marked), "{one:?}");
    }
}

#[test]
fn three_numbers_that_leave_one_person() {
    let mut ledger = Ledger::default();
    let one = [1_000u32];
    assert!(ledger.release(vec![told((0..50).chain(one), "1931 or she")]).is_empty());
    assert!(ledger.release(vec![told(0..100, "1931 or 1932")]).is_empty());
    let found = ledger.release(vec![told((50..100).chain(one), "1932 or she")]);
    assert_eq!(kinds(&found), [Kind::Linear]);
    assert_eq!(found[0].earlier.len(), 2);
}

#[test]
fn four_tables_of_one_study_leave_nobody() {
    let mut ledger = Ledger::default();
    let by = |name: &str, size: u32| -> Vec<Told> {
        (0..600 / size).map(|g| told(g * size..(g + 1) * size, &format!("{name} = {g}"))).collect()
    };
    for (name, size) in [("sex", 300), ("age", 60), ("district", 20), ("decile", 60)] {
        // Decile and age are the same people here, asked for otherwise.
        let found = ledger.release(by(name, size));
        match name {
            "decile" => assert!(found.iter().all(|f| f.kind == Kind::SamePeople) && !found.is_empty()),
            _ => assert!(found.is_empty(), "{name}: {found:?}"),
        }
    }
    // One of many more columns, across all of them.
    let across = (0..20u32).map(|g| told((0..30).map(|i| i * 20 + g), &format!("month = {g}")));
    assert!(ledger.release(across.collect()).is_empty());
}

#[test]
fn the_same_people_on_another_version() {
    let mut ledger = Ledger::default();
    ledger.release(vec![told(0..100, "a")]);
    let newer = |people: std::ops::Range<u32>| Told { versions: "gp 2".into(), ..told(people, "a") };
    assert_eq!(kinds(&ledger.release(vec![newer(0..100)])), [Kind::Versions]);
    let mut ledger = Ledger(ledger.0[..1].to_vec());
    assert_eq!(kinds(&ledger.release(vec![newer(0..101)])), [Kind::Pair]);
    let mut ledger = Ledger(ledger.0[..1].to_vec());
    assert!(ledger.release(vec![newer(0..110)]).is_empty());
}

#[test]
fn how_many_they_are_is_one_number_on_every_version() {
    let people =
        |version: &str| Told { measure: PEOPLE.into(), versions: version.into(), ..told(0..100, "a") };
    let mut ledger = Ledger::default();
    let shown = Rules::new(8, true);
    assert!(ledger.examined("p", &shown, &[people("gp 1")]).found.is_empty());
    assert!(ledger.examined("p", &shown, &[people("gp 2")]).found.is_empty());
    // Where nobody may know that there is nobody, not that they are the same either.
    assert_eq!(kinds(&ledger.release(vec![people("gp 3")]))[..1], [Kind::Versions]);
}

#[test]
fn one_number_has_one_answer() {
    let noisy = |value: f64| Published { value, within: None, fixed: false };
    let told = |value: Published| Told { published: Some(value), ..told(0..100, "a") };
    let mut ledger = Ledger::default();
    let rules = Rules::new(8, true);
    assert!(ledger.examined("p", &rules, &[told(noisy(98.0))]).found.is_empty());
    let again = ledger.examined("p", &rules, &[told(noisy(98.0))]);
    assert_eq!((again.found.len(), again.repeated), (0, 1));
    assert_eq!(kinds(&ledger.examined("p", &rules, &[told(noisy(101.0))]).found), [Kind::Answer]);
    // Rounded otherwise, each is all that can ever be said by its rule.
    let mut ledger = Ledger::default();
    let rounded = |value: f64, base: f64| Published { value, within: Some(base / 2.0), fixed: true };
    assert!(ledger.examined("p", &rules, &[told(rounded(100.0, 5.0))]).found.is_empty());
    assert!(ledger.examined("p", &rules, &[told(rounded(100.0, 10.0))]).found.is_empty());
}

#[test]
fn what_a_project_has_is_nothing_new_to_it() {
    let mut ledger = Ledger::default();
    let rules = Rules::new(8, true);
    ledger.examined("p", &rules, &[told(0..100, "a")]);
    // A checker lets it out all the same.
    assert_eq!(kinds(&ledger.examined("p", &rules, &[told(0..99, "b")]).found), [Kind::Pair]);
    let again = ledger.examined("p", &rules, &[told(0..99, "b")]);
    assert_eq!((again.found.len(), again.repeated, again.elsewhere.len()), (0, 1, 1));
    assert!(ledger.0[2].1.is_empty() && ledger.0[2].0.sets() == 1, "the people are written down once");
    // To another project it is.
    let other = ledger.examined("q", &rules, &[told(0..99, "b")]);
    assert_eq!((kinds(&other.found), other.repeated), (vec![Kind::Pair], 0));
    // And what is written down elsewhere is found there.
    let near = ledger.examined("q", &rules, &[told(0..98, "c")]);
    let of_b: Vec<&Finding> = near.found.iter().filter(|f| f.earlier[0].label == "b").collect();
    assert_eq!((of_b.len(), of_b[0].others, of_b[0].earlier[0].request.as_str()), (1, 2, "req_1"));
    assert!(of_b[0].words().contains("2 more releases"));
}

#[test]
fn other_numbers_in_between_hide_nothing() {
    let one = [1_000u32];
    let other = |n: u32| {
        told((0..1_000).filter(|p| p % 37 == n % 37 || (p / 37) % 5 == n % 5), &format!("other {n}"))
    };
    let mut ledger = Ledger::default();
    assert!(ledger.release(vec![told((0..50).chain(one), "1931 or she")]).is_empty());
    for n in 0..60 {
        ledger.release(vec![other(n)]);
    }
    ledger.release(vec![told(0..100, "1931 or 1932")]);
    for n in 60..185 {
        ledger.release(vec![other(n)]);
    }
    let found = ledger.release(vec![told((50..100).chain(one), "1932 or she")]);
    assert!(found.iter().any(|f| f.kind == Kind::Linear && f.earlier.len() == 2), "{found:?}");
    // Where there are more than are combined, that is a finding.
    let few = Rules { combined_max: 100, ..Rules::new(8, false) };
    let found = ledger.examined("p", &few, &[told((50..100).chain(one), "1932 or her")]).found;
    assert!(kinds(&found).contains(&Kind::Beyond), "{found:?}");
    assert!(found.iter().any(|f| f.words().contains("one by one")));
    let recorded = Rules { beyond_found: false, ..few };
    let found = ledger.examined("p", &recorded, &[told((50..100).chain(one), "1932 or hers")]).found;
    assert!(!kinds(&found).contains(&Kind::Beyond));
}

#[test]
fn a_release_made_again_is_not_compared_with_itself() {
    let mut ledger = Ledger::default();
    ledger.release(vec![told(0..100, "a")]);
    let (new, sets) = Entry::new(&Key::new([3; 32]), "req_0", "p", &[told(0..99, "b")]);
    let (past, rules) = (ledger.past(), Rules::new(8, false));
    assert!(examine(&new, &sets, &past, &mut ledger.source(), &rules).unwrap().found.is_empty());
    // What cannot be had is not taken for nothing.
    let (other, sets) = Entry::new(&Key::new([3; 32]), "req_9", "p", &[told(0..99, "b")]);
    assert!(examine(&other, &sets, &past, &mut BTreeMap::new(), &rules).is_err());
}
