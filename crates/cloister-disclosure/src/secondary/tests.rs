use crate::{Cell, CellState, Column, Group, Hold, Place, Policy, Rule, Statistic, Table, protect};
use proptest::prelude::*;

const POLICY: &str = r#"
    name = "example"
    version = 1
    title = "example"
    marker = "*"
    contributors = { min = 5, zero-shown = true }
    counts = { rounding-base = ROUND }
    means = { significant-digits = 4 }
    secondary = { on = true, outsider-knows-zeros = true, protect-totals = true }
    labels = { small-groups = "drop" }
    output = { cells-max = 1000 }
"#;

fn policy(base: u32) -> Policy {
    Policy::parse(&POLICY.replace("ROUND", &base.to_string())).unwrap()
}

/// Two dimensions with all totals: counts of people, in rows of `across`.
fn cube(counts: &[u32], across: usize) -> Table {
    let mut groups = Vec::new();
    let mut places = Vec::new();
    let down = counts.len() / across;
    let mut push = |codes: Vec<Option<u32>>, n: u32| {
        groups.push(Group { people: n.into(), few: None, cells: vec![Cell::count(n.into(), n.into())] });
        places.push(Place { codes });
    };
    let at = |row: usize, column: usize| counts[row * across + column];
    for row in 0..down {
        for column in 0..across {
            push(vec![Some(row as u32), Some(column as u32)], at(row, column));
        }
        push(vec![Some(row as u32), None], (0..across).map(|c| at(row, c)).sum());
    }
    for column in 0..across {
        push(vec![None, Some(column as u32)], (0..down).map(|r| at(r, column)).sum());
    }
    push(vec![None, None], counts.iter().sum());
    Table {
        columns: vec![Column {
            name: "n".into(),
            statistic: Statistic::Count { additive: true },
            argument: "*".into(),
        }],
        labels_public: true,
        totals: true,
        places: Some(places),
        groups,
        ..Table::default()
    }
}

#[test]
fn a_small_cell_does_not_stand_alone() {
    let counts = [3, 20, 30, 40, 50, 60, 70, 80, 90];
    let protected = protect(&cube(&counts, 3), &policy(1));
    assert_eq!(protected.holds(), []);
    let state = |row: usize| protected.rows()[row].cells[0].state();
    assert_eq!(state(0), CellState::Suppressed(Rule::SmallCount));
    let secondary = (0..protected.rows().len())
        .filter(|row| state(*row) == CellState::Suppressed(Rule::Secondary))
        .count();
    assert_eq!(secondary, 3, "a rectangle");
    assert_eq!(protected.defences().len(), 1);
    assert_eq!((protected.defences()[0].primary, protected.defences()[0].secondary), (1, 3));
}

/// How much rounding leaves open depends on what is hidden: it changes nothing.
#[test]
fn rounded_totals_hide_as_much() {
    let counts = [3, 20, 30, 40, 50, 60, 70, 80, 90];
    let exact = protect(&cube(&counts, 3), &policy(1));
    let rounded = protect(&cube(&counts, 3), &policy(5));
    assert_eq!(rounded.defences(), exact.defences());
    assert_eq!(rounded.holds(), []);
}

#[test]
fn nothing_is_defended_where_nobody_asked_or_nothing_is_known() {
    let counts = [3, 20, 30, 40];
    let plain = POLICY.replace("ROUND", "1").replace("secondary = { on = true", "secondary = { on = false");
    let protected = protect(&cube(&counts, 2), &Policy::parse(&plain).unwrap());
    assert_eq!(protected.holds(), [Hold::TotalsBesideSuppressed]);
    let mut unplaced = cube(&counts, 2);
    unplaced.places = None;
    assert_eq!(protect(&unplaced, &policy(1)).holds(), [Hold::TotalsBesideSuppressed]);
}

/// Two columns may be subtracted from each other: they are defended, and a checker looks.
#[test]
fn several_columns_wait_for_a_checker() {
    let mut table = cube(&[3, 20, 30, 40], 2);
    let column = table.columns[0].clone();
    table.columns.push(column);
    for group in &mut table.groups {
        let cell = group.cells[0].clone();
        group.cells.push(cell);
    }
    let protected = protect(&table, &policy(1));
    assert_eq!(protected.holds(), [Hold::TotalsBesideSuppressed]);
    assert_eq!(protected.defences().len(), 2);
}

/// The range of each hidden cell over all tables of numbers up to `max` that agree with what is shown, by trying all.
fn possible(counts: &[u32], hidden: &[usize], shown: &dyn Fn(&[u32]) -> bool, max: u32) -> Vec<(u32, u32)> {
    let mut ranges = vec![(u32::MAX, 0u32); hidden.len()];
    let mut guess = counts.to_vec();
    fn go(
        at: usize,
        hidden: &[usize],
        guess: &mut Vec<u32>,
        max: u32,
        shown: &dyn Fn(&[u32]) -> bool,
        ranges: &mut [(u32, u32)],
    ) {
        let Some(cell) = hidden.get(at) else {
            if shown(guess) {
                for (range, cell) in ranges.iter_mut().zip(hidden) {
                    let n = guess[*cell];
                    *range = (range.0.min(n), range.1.max(n));
                }
            }
            return;
        };
        for n in 1..=max {
            guess[*cell] = n;
            go(at + 1, hidden, guess, max, shown, ranges);
        }
    }
    go(0, hidden, &mut guess, max, shown, &mut ranges);
    ranges
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whoever tries all tables that agree with the release can exclude nothing from 1 to 4 for a small cell.
    #[test]
    fn an_exhaustive_outsider_learns_nothing(counts in prop::collection::vec(prop_oneof![1..5u32, 5..12u32], 6)) {
        let table = cube(&counts, 3);
        let protected = protect(&table, &policy(1));
        prop_assume!(protected.holds().is_empty());
        let is_shown = |row: usize| protected.rows()[row].cells[0].state() == CellState::Shown;
        // The rows of `cube`: three cells and their total, twice; the columns' totals; all.
        let place = |cell: usize| cell / 3 * 4 + cell % 3;
        let hidden: Vec<usize> = (0..6).filter(|cell| !is_shown(place(*cell))).collect();
        prop_assume!(hidden.len() <= 4);
        let values = |n: &[u32]| -> Vec<u32> {
            cube(n, 3).groups.iter().map(|g| g.people as u32).collect()
        };
        let truth = values(&counts);
        let agrees = |guess: &[u32]| {
            values(guess).iter().zip(&truth).enumerate().all(|(row, (a, b))| !is_shown(row) || a == b)
        };
        // The release says which cells no rule took away.
        let secondary = |cell: usize| {
            protected.rows()[place(cell)].cells[0].state() == CellState::Suppressed(Rule::Secondary)
        };
        let agrees = |guess: &[u32]| (0..6).all(|c| !secondary(c) || guess[c] >= 5) && agrees(guess);
        let ranges = possible(&counts, &hidden, &agrees, 16);
        for (cell, (least, most)) in hidden.iter().zip(ranges) {
            if counts[*cell] < 5 {
                prop_assert!(least <= 1 && most >= 4, "{counts:?} {cell} {least} {most}");
            }
        }
    }
}

/// One person's rows beside others' and all totals: whether they are few or many, the same cells go.
#[test]
fn how_many_rows_one_person_has_is_not_told_by_what_else_is_hidden() {
    let policy = include_str!("../../../../policies/disclosure/nhs-england.toml");
    let policy = Policy::parse(policy).unwrap();
    for (one, women, men) in [(1, 60, 70), (3, 60, 70), (10, 60, 70), (20, 62, 71), (7, 61, 73)] {
        let rows = [
            ([Some(0), Some(0)], one, 1),
            ([Some(1), Some(0)], women, 30),
            ([Some(1), Some(1)], men, 30),
            ([Some(0), None], one, 1),
            ([Some(1), None], women + men, 60),
            ([None, Some(0)], one + women, 31),
            ([None, Some(1)], men, 30),
            ([None, None], one + women + men, 61),
        ];
        let group = |n, people| Group { people, few: None, cells: vec![Cell::count(n, people)] };
        let table = Table {
            columns: vec![Column {
                name: "n".into(),
                statistic: Statistic::Count { additive: true },
                argument: "*".into(),
            }],
            totals: true,
            places: Some(rows.iter().map(|(codes, ..)| Place { codes: codes.to_vec() }).collect()),
            groups: rows.iter().map(|(_, n, people)| group(*n, *people)).collect(),
            ..Table::default()
        };
        let protected = protect(&table, &policy);
        assert_eq!(protected.holds(), [], "{one} {women} {men}");
        assert_eq!(protected.defences()[0].secondary, 2, "{one} {women} {men}");
    }
}
