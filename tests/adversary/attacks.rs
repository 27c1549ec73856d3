//! The attacks, by class of the project's list. All must fail; what only rules can stop that are not there yet is in [`open`] and must still succeed, so that the list stays honest.

mod cells;
mod ledger;
mod outside;
mod packed;
mod shape;
mod subtract;

pub(crate) mod open;

use crate::sequence::{Answer, Attack, Outcome, attempt, attempt_over_releases, attempt_ungoverned, each};
use std::collections::BTreeMap;

/// The classes there are.
const CLASSES: u8 = 28;

/// The value of the first row and column.
fn first(answers: &[Answer]) -> Option<f64> {
    answers[0].at(0, 0)
}

/// The first column less the second.
fn columns_apart(answers: &[Answer]) -> Option<f64> {
    Some((answers[0].at(0, 0)? - answers[0].at(0, 1)?).abs())
}

/// The first row less the second.
fn rows_apart(answers: &[Answer]) -> Option<f64> {
    Some((answers[0].at(0, 0)? - answers[0].at(1, 0)?).abs())
}

/// The first column less all the others.
fn first_less_rest(answers: &[Answer]) -> Option<f64> {
    let row = answers[0].rows.first()?;
    let rest = (1..row.len()).map(|i| answers[0].at(0, i)).sum::<Option<f64>>()?;
    Some((answers[0].at(0, 0)? - rest).abs())
}

fn all() -> Vec<Attack> {
    let lists = [cells::attacks, subtract::attacks, shape::attacks, packed::attacks, outside::attacks];
    lists.iter().flat_map(|list| list()).collect()
}

fn none_succeeds(attacks: &[Attack]) {
    none_succeeds_in(attacks, attempt);
}

fn none_succeeds_in(attacks: &[Attack], run: impl Fn(&Attack) -> Outcome + Sync) {
    let outcomes = each(attacks, run);
    let found = attacks.iter().zip(&outcomes).filter_map(|(attack, outcome)| match outcome {
        Outcome::Failed => None,
        Outcome::Succeeded(how) => {
            Some(format!("{} {}: {}\n{how}", attack.class, attack.name, attack.queries.join(" ; ")))
        }
    });
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{} of {} succeeded\n{}", found.len(), attacks.len(), found.join("\n\n"));
}

#[test]
fn nothing_is_learnt_of_small_cells_and_extremes() {
    none_succeeds(&cells::attacks());
}

#[test]
fn nothing_is_learnt_by_subtracting() {
    none_succeeds(&subtract::attacks());
}

#[test]
fn nothing_is_learnt_from_shapes_and_failures() {
    none_succeeds(&shape::attacks());
}

#[test]
fn nothing_is_learnt_by_packing_and_laundering() {
    none_succeeds(&packed::attacks());
}

#[test]
fn nothing_is_learnt_from_outside() {
    none_succeeds(&outside::attacks());
}

/// What takes several releases, in several projects too.
#[test]
fn nothing_is_learnt_over_several_releases() {
    let attacks = ledger::attacks();
    let mut classes = BTreeMap::<u8, u32>::new();
    for attack in &attacks {
        *classes.entry(attack.class).or_default() += 1;
    }
    for class in [3, 4, 5, 6, 9, 10, 16, 17, 18, 19, 20, 21] {
        assert!(classes.get(&class).is_some_and(|n| *n >= 5), "class {class}: {classes:?}");
    }
    none_succeeds_in(&attacks, attempt_over_releases);
    // They are real: where nothing is compared, most of them work.
    let without = each(&attacks, attempt);
    let worked = without.iter().filter(|outcome| **outcome != Outcome::Failed).count();
    assert!(worked >= 20, "only {worked} of {} would work without the ledger", attacks.len());
}

/// What is known not to hold yet does not hold: when it does, it moves to the others.
#[test]
fn what_is_open_is_known() {
    let open = open::attacks();
    let attacks: Vec<&Attack> = open.iter().map(|(attack, _)| attack).collect();
    for (attack, why) in &open {
        eprintln!("OPEN {:>2} {}: {why}", attack.class, attack.name);
    }
    let closed: Vec<&str> =
        attacks.iter().filter(|a| attempt(a) == Outcome::Failed).map(|a| a.name).collect();
    assert!(closed.is_empty(), "no longer open: {closed:?}");
}

/// Many, each class twice at least, and (where the other database knows the SQL) real: they work where
/// nothing is governed.
#[test]
fn the_attacks_are_many_and_real() {
    let mut attacks = all();
    attacks.extend(open::attacks().into_iter().map(|(attack, _)| attack));
    assert!(attacks.len() >= 75, "{}", attacks.len());
    let mut classes = BTreeMap::<u8, u32>::new();
    let mut names = std::collections::BTreeSet::new();
    for attack in &attacks {
        *classes.entry(attack.class).or_default() += 1;
        assert!(names.insert((attack.class, attack.name)), "{} twice", attack.name);
    }
    for class in 1..=CLASSES {
        assert!(classes.get(&class).is_some_and(|n| *n >= 3), "class {class}: {classes:?}");
    }
    let outcomes = each(&attacks, attempt_ungoverned);
    let (mut real, mut unknown, mut idle) = (0, Vec::new(), Vec::new());
    for (attack, outcome) in attacks.iter().zip(outcomes) {
        match outcome {
            Some(Outcome::Succeeded(_)) => real += 1,
            Some(Outcome::Failed) => {
                idle.push(format!("{} {}: {}", attack.class, attack.name, attack.queries.join(" ; ")));
            }
            None => unknown.push(attack.name),
        }
    }
    assert!(idle.is_empty(), "would learn nothing anyway:\n{}", idle.join("\n"));
    assert!(real >= 75, "{real} are real; not known there: {unknown:?}");
}
