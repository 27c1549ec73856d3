use super::*;
use crate::{Cell, Column};

fn policy() -> Policy {
    Policy::parse(include_str!("../../../../policies/disclosure/nhs-england.toml")).unwrap()
}

fn column(name: &str, statistic: Statistic) -> Column {
    Column { name: name.into(), statistic, argument: "cost".into() }
}

fn table(statistic: Statistic, labels_public: bool, groups: Vec<Group>) -> Table {
    Table { columns: vec![column("n", statistic)], labels_public, groups, ..Table::default() }
}

fn group(value: i64, people: u64) -> Group {
    let few = (people < 8).then(|| (0..people as u32).collect());
    Group { people, few, cells: vec![Cell::count(value, people)] }
}

const ROWS: Statistic = Statistic::Count { additive: true };

#[test]
fn people_decide_not_rows() {
    // One person with thousands of rows; eight people with eight rows; nobody.
    let protected = protect(&table(ROWS, true, vec![group(4_000, 1), group(8, 8), group(0, 0)]), &policy());
    let shown: Vec<_> = protected.rows().iter().map(|r| r.cells[0].count()).collect();
    assert_eq!(shown, [None, Some(10), Some(0)]);
    assert_eq!(
        protected.findings(),
        [Finding { rule: Rule::SmallCount, group: 0, column: Some(0), people: 1 }]
    );
}

#[test]
fn raw_numbers_are_tested_before_rounding() {
    // 7 rounds to 5 and 8 to 10: a test after rounding would let 5 pass or fail 10.
    for people in 0..=12u64 {
        let protected = protect(&table(ROWS, true, vec![group(people as i64, people)]), &policy());
        assert_eq!(protected.rows()[0].cells[0].count().is_none(), (1..=7).contains(&people), "{people}");
    }
}

#[test]
fn both_sides_of_a_condition_are_cells() {
    let cell = |branches: Vec<u64>| Cell {
        value: Value::Measure,
        contributors: 100,
        branches,
        support: None,
        contributions: None,
        record_keys: None,
    };
    for (branches, shown) in
        [(vec![99, 1], false), (vec![92, 8], true), (vec![100, 0], true), (vec![3, 97], false)]
    {
        let groups = vec![Group { people: 100, few: None, cells: vec![cell(branches.clone())] }];
        let protected = protect(&table(Statistic::Sum, true, groups), &policy());
        assert_eq!(protected.rows()[0].cells[0].shown().is_some(), shown, "{branches:?}");
    }
}

#[test]
fn a_rate_is_no_more_precise_than_its_counts() {
    let cell = Cell {
        value: Value::Rate { numerator: 11, denominator: 33 },
        contributors: 33,
        branches: vec![11, 22],
        support: None,
        contributions: None,
        record_keys: None,
    };
    let groups = vec![Group { people: 33, few: None, cells: vec![cell] }];
    let protected = protect(&table(Statistic::Rate, true, groups), &policy());
    assert_eq!(protected.rows()[0].cells[0].shown(), Some(Shown::Rate(10.0 / 35.0)));
}

#[test]
fn small_groups_without_public_labels_are_merged() {
    let with = |value, few: Vec<u32>| Group {
        people: few.len() as u64,
        cells: vec![Cell::count(value, few.len() as u64)],
        few: Some(few),
    };
    // Ten rows of the same three people: the union is three people, not six.
    let same = table(ROWS, false, vec![group(50, 50), with(5, vec![1, 2, 3]), with(5, vec![1, 2, 3])]);
    let protected = protect(&same, &policy());
    assert_eq!(protected.rows().len(), 2);
    assert_eq!(protected.rows()[1].origin, Origin::Other);
    assert_eq!(protected.rows()[1].cells[0].state(), CellState::Suppressed(Rule::SmallCount));
    // Different people: eight of them, eleven rows.
    let apart = table(ROWS, false, vec![with(5, vec![1, 2, 3, 4]), group(50, 50), with(6, vec![5, 6, 7, 8])]);
    let protected = protect(&apart, &policy());
    assert_eq!(protected.rows()[0].origin, Origin::Group(1));
    assert_eq!(protected.rows()[1].cells[0].count(), Some(10));
    // What does not add up is not shown.
    let means = Table { columns: vec![column("mean", Statistic::Mean)], ..apart.clone() };
    assert_eq!(protect(&means, &policy()).rows()[1].cells[0].state(), CellState::Suppressed(Rule::Merged));
    // Not knowing who they are is not knowing that they are enough.
    let mut unknown = apart;
    unknown.groups[0].few = None;
    assert_eq!(protect(&unknown, &policy()).rows()[1].cells[0].count(), None);
}

#[test]
fn a_genuine_null_is_not_a_suppressed_cell() {
    let cell = Cell {
        value: Value::Null,
        contributors: 0,
        branches: vec![],
        support: None,
        contributions: None,
        record_keys: None,
    };
    let groups = vec![Group { people: 20, few: None, cells: vec![cell] }];
    let protected = protect(&table(Statistic::Mean, true, groups), &policy());
    assert_eq!(protected.rows()[0].cells[0].shown(), Some(Shown::Null));
}

#[test]
fn more_cells_than_anybody_reads_are_held() {
    let protected = protect(&table(ROWS, true, vec![group(9, 9); 50_001]), &policy());
    assert_eq!(protected.holds(), [Hold::TooManyCells]);
}

#[test]
fn a_total_beside_its_mean_gives_the_exact_count_and_is_held() {
    let columns = vec![column("total", Statistic::Sum), column("mean", Statistic::Mean)];
    let cell = || Cell {
        value: Value::Measure,
        contributors: 9,
        branches: vec![],
        support: None,
        contributions: None,
        record_keys: None,
    };
    let groups = vec![Group { people: 9, few: None, cells: vec![cell(), cell()] }];
    let mut both = Table { columns, labels_public: true, groups, ..Table::default() };
    assert_eq!(protect(&both, &policy()).holds(), [Hold::MeanWithSum]);
    both.columns[1].argument = "stay".into();
    assert_eq!(protect(&both, &policy()).holds(), []);
}

#[test]
fn an_extreme_needs_enough_people_who_have_it_and_a_quantile_enough_beside_it() {
    for statistic in [Statistic::Extreme, Statistic::Quantile] {
        for (contributors, support, state) in [
            (100, 1, CellState::Suppressed(Rule::SmallSupport)),
            (100, 7, CellState::Suppressed(Rule::SmallSupport)),
            // Nobody has the greatest value of a hundred people: the evidence is wrong, and nothing is shown.
            (100, 0, CellState::Suppressed(Rule::SmallSupport)),
            (100, 8, CellState::Shown),
            (7, 7, CellState::Suppressed(Rule::SmallCount)),
        ] {
            let value = Value::Measure;
            let cell = Cell {
                value,
                contributors,
                branches: vec![],
                support: Some(support),
                contributions: None,
                record_keys: None,
            };
            let groups = vec![Group { people: contributors, few: None, cells: vec![cell] }];
            let protected = protect(&table(statistic, true, groups), &policy());
            assert_eq!(protected.rows()[0].cells[0].state(), state, "{statistic:?} {contributors} {support}");
        }
    }
}

/// A condition takes in few of the union's people, though the union is large enough.
#[test]
fn a_merged_row_shows_no_part_of_its_people() {
    let with = |contributors: u64, few: std::ops::Range<u32>| Group {
        people: 4,
        few: Some(few.collect()),
        cells: vec![Cell {
            value: Value::Count(contributors as i64),
            contributors,
            branches: vec![4 - contributors],
            support: None,
            contributions: None,
            record_keys: None,
        }],
    };
    for statistic in [ROWS, Statistic::People] {
        for (first, second, shown) in [(4, 4, Some(10)), (4, 3, None), (1, 0, None), (0, 0, Some(0))] {
            let groups = vec![with(first, 0..4), with(second, 10..14), group(50, 50)];
            let protected = protect(&table(statistic, false, groups), &policy());
            assert_eq!(protected.rows()[1].cells[0].count(), shown, "{statistic:?} {first} {second}");
        }
    }
}

/// A condition that all rows of some groups' people meet and some rows of others' is met by few of the union.
#[test]
fn a_merged_row_has_no_small_branch() {
    let with = |not_met: u64, few: std::ops::Range<u32>| Group {
        people: 4,
        few: Some(few.collect()),
        cells: vec![Cell {
            value: Value::Count(6),
            contributors: 4,
            branches: vec![4, not_met],
            support: None,
            contributions: None,
            record_keys: None,
        }],
    };
    for (first, second, shown) in [(4, 4, Some(10)), (0, 0, Some(10)), (4, 0, None), (0, 4, None)] {
        let groups = vec![with(first, 0..4), with(second, 10..14)];
        let protected = protect(&table(ROWS, false, groups), &policy());
        assert_eq!(protected.rows()[0].cells[0].count(), shown, "{first} {second}");
    }
}

#[test]
fn the_later_of_two_numbers_that_differ_by_few_people_is_not_shown() {
    let kin = |condition| vec![crate::Kin { family: 1, of_people: false, conditions: vec![condition] }];
    let part = |conditions, people| crate::Part { conditions, people };
    let parts = crate::Parts {
        of_rows: vec![part(0b11, (0..50).collect()), part(0b01, vec![99])],
        ..crate::Parts::default()
    };
    let cell = || Cell {
        value: Value::Measure,
        contributors: 50,
        branches: vec![],
        support: None,
        contributions: None,
        record_keys: None,
    };
    let groups = vec![Group { people: 51, few: None, cells: vec![cell(), cell()] }];
    let overlaps = crate::Overlaps { columns: vec![kin(0), kin(1)], groups: vec![parts] };
    let columns = vec![column("a", Statistic::Sum), column("b", Statistic::Sum)];
    let table = Table { columns, labels_public: true, overlaps: Some(overlaps), groups, ..Table::default() };
    let protected = protect(&table, &policy());
    let states: Vec<_> = protected.rows()[0].cells.iter().map(ProtectedCell::state).collect();
    assert_eq!(states, [CellState::Shown, CellState::Suppressed(Rule::SmallDifference)]);
    assert_eq!(protected.findings()[0].people, 1);
}
