//! The attack on sums of amounts: what is recovered but for rounding, and what the rules on shares do not permit.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use cloister_check::{Audited, CheckError, Purpose, Settings, Status, Table, audit, check};
use cloister_disclosure::Policy;

fn sdap() -> Policy {
    Policy::parse(include_str!("../../../policies/disclosure/sdap-10.toml")).unwrap()
}

fn attacked(text: &str) -> Result<Audited, CheckError> {
    let table = Table::parse("t.csv", text.into(), None, &Settings::default(), Purpose::Audit)?;
    audit(table, &sdap())
}

/// Sums with one decimal; South's is not shown, and is 1200.0 less 700.4 and 299.5.
const ALONE: &str = "area,n,value\nNorth,40,700.4\nSouth,30,*\nWest,20,299.5\nTotal,90,1200.0\n";

#[test]
fn a_sum_alone_in_its_total_is_recovered_but_for_rounding() {
    let audited = attacked(ALONE).unwrap();
    assert_eq!((audited.suppressed, audited.found.len(), audited.amounts_unjudged), (1, 1, 0));
    let found = &audited.found[0];
    assert_eq!((found.row, found.column, found.measure), (3, 3, "value"));
    assert!(found.is_exact() && (found.range.low - 200.1).abs() < 1e-9, "{found:?}");
    let text = audited.to_text(&sdap());
    assert!(text.contains("value of South is 200.1: South = Total (1200)"), "{text}");
}

#[test]
fn two_sums_that_are_not_shown_are_not_recovered_and_it_is_said_what_was_not_judged() {
    let audited = attacked(&ALONE.replace("299.5", "*")).unwrap();
    assert_eq!((audited.suppressed, audited.found.len(), audited.amounts_unjudged), (2, 0, 2));
    assert!(audited.to_text(&sdap()).contains("2 sums not recovered"), "{}", audited.to_text(&sdap()));
}

/// South and West sum to 500. Of South's 400 one person has 390 and another 5: the first must not be known to within 10 %,
/// which asks that South could be 390 × 1.1 + 5 = 434 or more; and two must have less than 90 %: 395 / 0.9 = 438.9.
fn shares(west_least: f64) -> String {
    format!(
        "area,n,value,top1,top2\nNorth,40,700,90,80\nSouth,30,*,390,5\nWest,20,*,{west_least},0\nTotal,90,1200,390,90\n"
    )
}

#[test]
fn a_sum_that_could_not_be_much_greater_gives_one_persons_amount_away() {
    // West has at least 62, so South at most 438 and some rounding.
    let audited = attacked(&shares(63.0)).unwrap();
    let south: Vec<_> = audited.found.iter().filter(|f| f.labels == "South").collect();
    assert_eq!(south.len(), 1, "{audited:?}");
    assert!(!south[0].is_exact() && south[0].range.high < 438.9 && south[0].range.high >= 437.0, "{south:?}");
    // With room enough above, it does not.
    let audited = attacked(&shares(50.0)).unwrap();
    assert!(audited.found.iter().all(|f| f.labels != "South"), "{audited:?}");
}

/// North's and South's totals less `y`'s leave all of `x`'s total to the two of them, so West's and Vale's `x` are nothing:
/// no single total says so.
#[test]
fn several_totals_together_give_sums_away() {
    let wide = "area,x,y,z,Total\nNorth,*,*,1.0,16.0\nSouth,*,*,2.0,37.0\nWest,*,3.0,*,10.0\nVale,*,4.0,*,13.0\n\
                Total,30.0,27.0,19.0,76.0\n";
    let audited = attacked(&long(wide)).unwrap();
    let mut found: Vec<(&str, f64)> =
        audited.found.iter().map(|f| (f.labels.as_str(), f.range.low)).collect();
    found.sort_by(|a, b| a.0.cmp(b.0));
    assert_eq!(audited.suppressed, 8);
    assert!(audited.found.iter().all(cloister_check::Recovered::is_exact), "{audited:?}");
    let labels: Vec<&str> = found.iter().map(|f| f.0).collect();
    assert_eq!(labels, ["Vale × x", "Vale × z", "West × x", "West × z"]);
    for ((_, is), expected) in found.iter().zip([0.0, 9.0, 0.0, 7.0]) {
        assert!((is - expected).abs() <= 0.3, "{found:?}");
    }
}

/// A wide table of sums as a long one, without people.
fn long(wide: &str) -> String {
    let mut lines = wide.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut out = "area,kind,value\n".to_owned();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        for (kind, field) in header.iter().zip(&fields).skip(1) {
            out.push_str(&format!("{},{kind},{field}\n", fields[0]));
        }
    }
    out
}

#[test]
fn sums_that_contradict_each_other_are_no_table_to_attack() {
    let wrong = attacked(&ALONE.replace("*", "200.1").replace("1200.0", "1210.0")).unwrap_err();
    assert_eq!(wrong.code(), "totals-do-not-add");
}

/// What `check` protects withstands `audit`: no amount is recovered.
#[test]
fn what_is_protected_withstands_the_attack() {
    let text = include_str!("data/long_amounts.csv");
    let table = Table::parse("t.csv", text.into(), None, &Settings::default(), Purpose::Protect).unwrap();
    let checked = check(table, &sdap(), &Settings::default()).unwrap();
    assert_ne!(checked.status(), Status::Held);
    let protected = checked.protected().unwrap();
    let table = Table::parse("t.csv", protected, None, &Settings::default(), Purpose::Audit).unwrap();
    assert!(audit(table, &sdap()).unwrap().found.is_empty());
}
