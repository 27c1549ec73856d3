use super::*;

fn policy(zeros: bool) -> Policy {
    let text = include_str!("../../../../policies/disclosure/nhs-england.toml");
    Policy::parse(&text.replace("zero-shown = true", &format!("zero-shown = {zeros}"))).unwrap()
}

/// A part of so many people that meets the conditions whose numbers are given. People of different parts are
/// different.
fn parts(of: &[(&[u8], u32)]) -> Vec<Part> {
    let mut next = 0;
    let part = |(conditions, people): &(&[u8], u32)| {
        next += people;
        let conditions = conditions.iter().fold(0, |bits, c| bits | 1 << c);
        Part { conditions, people: (next - people..next).collect() }
    };
    of.iter().map(part).collect()
}

/// Expectations by hand: can the few people's sum be had by adding and subtracting the conditions' sums?
#[test]
fn what_can_be_subtracted_is_found() {
    for (name, conditions, of, found) in [
        ("all and all but one", &[0u8, 1][..], &[(&[0u8, 1][..], 99), (&[0], 1)][..], Some(1)),
        ("all and all but eight", &[0, 1], &[(&[0, 1], 99), (&[0], 8)], None),
        ("the same rows", &[0, 1], &[(&[0, 1], 99)], None),
        ("two sets apart", &[0, 1], &[(&[0], 50), (&[1], 50)], None),
        ("two sets that share one person", &[0, 1], &[(&[0], 50), (&[1], 50), (&[0, 1], 1)], None),
        (
            "with their whole, nobody outside",
            &[0, 1, 2],
            &[(&[0, 2], 50), (&[1, 2], 50), (&[0, 1, 2], 1)],
            Some(1),
        ),
        (
            "with their whole, many outside",
            &[0, 1, 2],
            &[(&[0, 2], 50), (&[1, 2], 50), (&[0, 1, 2], 1), (&[2], 50)],
            None,
        ),
        ("few on either side", &[0, 1], &[(&[0, 1], 50), (&[0], 2), (&[1], 3)], Some(2)),
        ("few on one side, many on the other", &[0, 1], &[(&[0, 1], 50), (&[0], 2), (&[1], 30)], None),
        ("the whole and two parts", &[0, 1, 2], &[(&[0, 1], 30), (&[0, 2], 30), (&[0], 1)], Some(1)),
        ("half of a sum of three", &[0, 1, 2], &[(&[0, 1], 30), (&[1, 2], 30), (&[0, 2], 7)], Some(7)),
        ("few that no condition takes in", &[0, 1], &[(&[0, 1], 30), (&[], 1)], None),
        ("rows about nobody", &[0, 1], &[(&[0, 1], 30), (&[0], 0)], None),
    ] {
        assert_eq!(determined(conditions, &parts(of), &policy(true)), found, "{name}");
    }
}

#[test]
fn the_same_person_in_two_parts_counts_once() {
    let shared = vec![
        Part { conditions: 0b11, people: (0..50).collect() },
        Part { conditions: 0b01, people: (100..106).collect() },
        Part { conditions: 0b101, people: (100..106).collect() },
    ];
    // Without the third condition, the two parts are one of six people.
    assert_eq!(determined(&[0, 1], &shared, &policy(true)), Some(6));
}

#[test]
fn where_zeros_are_not_shown_no_difference_is_too_small_too() {
    assert_eq!(determined(&[0, 1], &parts(&[(&[0, 1], 99)]), &policy(false)), Some(0));
    assert_eq!(determined(&[0, 1], &parts(&[(&[0, 1], 99), (&[0], 50)]), &policy(false)), None);
}

#[test]
fn only_kin_are_compared_and_more_parts_than_known_tell() {
    let kin = |family, of_people, condition| vec![Kin { family, of_people, conditions: vec![condition] }];
    let mut overlaps = Overlaps {
        columns: vec![kin(0, false, 0), kin(1, false, 1), kin(0, true, 1), kin(0, false, 1)],
        groups: vec![Parts { of_rows: parts(&[(&[0, 1], 99), (&[0], 1)]), ..Parts::default() }],
    };
    let tells = |overlaps: &Overlaps, column| overlaps.tells(0, &[0], column, &policy(true));
    assert_eq!([1, 2, 3].map(|c| tells(&overlaps, c)), [None, None, Some(1)]);
    overlaps.groups[0].more = true;
    assert_eq!([1, 3].map(|c| tells(&overlaps, c)), [None, Some(0)]);
}

#[test]
fn ranks_are_those_of_the_matrices() {
    assert_eq!(rank(vec![vec![1, 1, 0], vec![0, 1, 1], vec![1, 0, 1]]), 3);
    assert_eq!(rank(vec![vec![1, 1, 1], vec![1, 0, 1], vec![0, 1, 0]]), 2);
    assert_eq!(rank(vec![vec![0, 0], vec![0, 0]]), 0);
    assert_eq!(rank(vec![]), 0);
    assert_eq!(times(inverse(12_345), 12_345), 1);
}
