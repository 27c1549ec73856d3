//! The attack on a large table that a simple rule has suppressed, against an exact one: a linear program for each cell
//! with all relations at once, by another solver.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use cloister_check::{Purpose, Settings, Table, audit};
use cloister_disclosure::Policy;

#[path = "generated/table.rs"]
mod generated;

/// `EXPECTED` comes from SciPy 1.17's HiGHS: for each hidden cell the least and the greatest value that all relations permit,
/// with every hidden cell at least 1, which the policy tells; recovered where they are one.
#[test]
fn no_more_and_no_fewer_are_recovered_than_can_be() {
    let (text, hierarchy) = generated::table(true);
    if let Ok(folder) = std::env::var("RECOVERED_TABLE") {
        std::fs::write(format!("{folder}/t.csv"), &text).unwrap();
        std::fs::write(format!("{folder}/h.toml"), &hierarchy).unwrap();
    }
    let policy = Policy::parse(include_str!("../../../policies/disclosure/cms-11.toml")).unwrap();
    let settings = Settings { count: Some("n".into()), ..Settings::default() };
    let table = Table::parse("t.csv", text.into(), Some(&hierarchy), &settings, Purpose::Audit).unwrap();
    let audited = audit(table, &policy).unwrap();
    let exact: Vec<usize> = audited.found.iter().filter(|f| f.is_exact()).map(|f| f.row).collect();
    assert_eq!((audited.suppressed, exact.len(), exact.iter().sum::<usize>()), EXPECTED);
    assert!(audited.found.iter().filter(|f| f.is_exact()).all(|f| !f.because.is_empty()));
}

const EXPECTED: (usize, usize, usize) = (1_034, 26, 42_841);
