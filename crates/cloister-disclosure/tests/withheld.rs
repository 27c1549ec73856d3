//! Cells that are withheld because of what was released before.

use cloister_disclosure::{
    Cell, CellState, Column, Group, Place, Policy, Rule, Statistic, Table, protect, protect_withholding,
};
use std::collections::BTreeSet;

#[allow(clippy::unwrap_used, reason = "a test may stop here")]
fn policy() -> Policy {
    Policy::parse(include_str!("../../../policies/disclosure/nhs-england.toml")).unwrap()
}

fn table(sizes: &[u64]) -> Table {
    let column =
        Column { name: "n".into(), statistic: Statistic::Count { additive: true }, argument: "*".into() };
    let group = |people: &u64| Group {
        people: *people,
        few: None,
        cells: vec![Cell::count(i64::try_from(*people).unwrap_or(i64::MAX), *people)],
    };
    Table {
        columns: vec![column],
        labels_public: true,
        groups: sizes.iter().map(group).collect(),
        ..Table::default()
    }
}

fn states(table: &Table, withheld: &[(usize, usize)]) -> Vec<CellState> {
    let withheld: BTreeSet<(usize, usize)> = withheld.iter().copied().collect();
    let protected = protect_withholding(table, &policy(), &withheld);
    protected.rows().iter().filter_map(|row| row.cells.first()).map(|cell| cell.state()).collect()
}

#[test]
fn a_withheld_cell_is_not_shown_and_says_by_which_rule() {
    let table = table(&[500, 300, 4]);
    let small = CellState::Suppressed(Rule::SmallCount);
    let ledger = CellState::Suppressed(Rule::Ledger);
    assert_eq!(states(&table, &[]), [CellState::Shown, CellState::Shown, small]);
    assert_eq!(states(&table, &[(0, 0)]), [ledger, CellState::Shown, small]);
    // What is too few is that before anything else.
    assert_eq!(states(&table, &[(2, 0)]), [CellState::Shown, CellState::Shown, small]);
    assert_eq!(protect(&table, &policy()), protect_withholding(&table, &policy(), &BTreeSet::new()));
}

/// Beside a total, one more is taken away: the difference would be what was withheld.
#[test]
fn nothing_withheld_is_given_away_by_a_total() {
    let mut table = table(&[500, 300, 200, 1_000]);
    table.totals = true;
    table.places =
        Some([Some(0), Some(1), Some(2), None].into_iter().map(|code| Place { codes: vec![code] }).collect());
    let states = states(&table, &[(0, 0)]);
    assert_eq!(states[0], CellState::Suppressed(Rule::Ledger));
    let hidden = states.iter().filter(|state| **state != CellState::Shown).count();
    assert!(hidden >= 2, "{states:?}");
}
