//! Each kind of finding, and what is none.

use cloister_ledger::{Asked, Entry, Finding, Key, Kind, People, Rules, Sets, Told, examine};

fn told(people: impl IntoIterator<Item = u32>, condition: &str) -> Told {
    Told {
        made_of: ["rows".to_owned()].into(),
        asked: Asked { rows: "person".into(), conditions: [condition.to_owned()].into() },
        versions: "gp 1".into(),
        people: People::of(people),
        level: String::new(),
        label: condition.into(),
    }
}

struct Ledger(Vec<(Entry, Sets)>);

#[allow(clippy::unwrap_used, reason = "a test may stop here")]
impl Ledger {
    fn release(&mut self, told: Vec<Told>) -> Vec<Finding> {
        let request = format!("req_{}", self.0.len());
        let (new, sets) = Entry::new(&Key::new([3; 32]), &request, "p", told);
        let (earlier, mut sources): (Vec<Entry>, Vec<Sets>) = self.0.iter().cloned().unzip();
        let found =
            examine(&new, &sets, &earlier, &mut sources, &Rules { people_min: 8, zeros_shown: false })
                .unwrap();
        self.0.push((new, sets));
        found
    }
}

fn kinds(found: &[Finding]) -> Vec<Kind> {
    found.iter().map(|f| f.kind).collect()
}

#[test]
fn a_pair_and_the_same_people() {
    let mut ledger = Ledger(Vec::new());
    assert!(ledger.release(vec![told(0..100, "a")]).is_empty());
    assert_eq!(kinds(&ledger.release(vec![told(0..99, "b")])), [Kind::Pair]);
    let again = ledger.release(vec![told(0..100, "c")]);
    assert_eq!(kinds(&again), [Kind::Pair, Kind::SamePeople]);
    assert!(again[1].words().contains("req_0") && !again[1].words().contains("100"), "{}", again[1].words());
    // The same question is answered again, and people enough apart are.
    assert!(Ledger(ledger.0[..1].to_vec()).release(vec![told(0..100, "a")]).is_empty());
    assert!(Ledger(ledger.0[..1].to_vec()).release(vec![told(0..92, "d")]).is_empty());
}

#[test]
fn numbers_of_other_kinds_are_not_subtracted() {
    let mut ledger = Ledger(Vec::new());
    ledger.release(vec![told(0..100, "a")]);
    assert!(
        ledger
            .release(vec![Told { made_of: ["person.income".to_owned()].into(), ..told(0..99, "b") }])
            .is_empty()
    );
}

#[test]
fn a_total_beside_groups_of_which_one_is_not_shown() {
    let mut ledger = Ledger(Vec::new());
    // Of ten groups, the last, of five people, is suppressed.
    let groups = (0..9u32).map(|g| told(g * 10..g * 10 + 10, &format!("g{g}")));
    assert!(ledger.release(groups.collect()).is_empty());
    assert!(kinds(&ledger.release(vec![told(0..95, "all")])).contains(&Kind::Rest));
    // And the other way round.
    let mut ledger = Ledger(Vec::new());
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
fn three_numbers_that_leave_one_person() {
    let mut ledger = Ledger(Vec::new());
    let one = [1_000u32];
    assert!(ledger.release(vec![told((0..50).chain(one), "1931 or she")]).is_empty());
    assert!(ledger.release(vec![told(0..100, "1931 or 1932")]).is_empty());
    let found = ledger.release(vec![told((50..100).chain(one), "1932 or she")]);
    assert_eq!(kinds(&found), [Kind::Linear]);
    assert_eq!(found[0].earlier.len(), 2);
}

#[test]
fn four_tables_of_one_study_leave_nobody() {
    let mut ledger = Ledger(Vec::new());
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
    let mut ledger = Ledger(Vec::new());
    ledger.release(vec![told(0..100, "a")]);
    let newer = |people: std::ops::Range<u32>| Told { versions: "gp 2".into(), ..told(people, "a") };
    assert_eq!(kinds(&ledger.release(vec![newer(0..100)])), [Kind::Versions]);
    let mut ledger = Ledger(ledger.0[..1].to_vec());
    assert_eq!(kinds(&ledger.release(vec![newer(0..101)])), [Kind::Pair]);
    let mut ledger = Ledger(ledger.0[..1].to_vec());
    assert!(ledger.release(vec![newer(0..110)]).is_empty());
}

#[test]
fn a_release_made_again_is_not_compared_with_itself() {
    let mut ledger = Ledger(Vec::new());
    ledger.release(vec![told(0..100, "a")]);
    let (new, sets) = Entry::new(&Key::new([3; 32]), "req_0", "p", vec![told(0..99, "b")]);
    let (earlier, mut sources): (Vec<Entry>, Vec<Sets>) = ledger.0.iter().cloned().unzip();
    assert!(
        examine(&new, &sets, &earlier, &mut sources, &Rules { people_min: 8, zeros_shown: false })
            .unwrap()
            .is_empty()
    );
    // What cannot be had is not taken for nothing.
    let (other, sets) = Entry::new(&Key::new([3; 32]), "req_9", "p", vec![told(0..99, "b")]);
    assert!(
        examine(&other, &sets, &earlier, &mut Vec::new(), &Rules { people_min: 8, zeros_shown: false })
            .is_err()
    );
}
