use super::*;
use datafusion::arrow::array::new_null_array;

/// Rows of (group, person, conditions), given to two partial results and merged.
fn run(of_people: bool, max: usize, rows: &[(usize, Option<u32>, &[bool])]) -> Vec<(Vec<Part>, bool)> {
    let groups = rows.iter().map(|r| r.0).max().unwrap() + 1;
    let mut whole = Overlapping::new(of_people, max);
    for half in rows.chunks(rows.len().div_ceil(2)) {
        let mut partial = Overlapping::new(of_people, max);
        let mut values: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from_iter(half.iter().map(|r| r.1)))];
        for c in 0..rows[0].2.len() {
            values.push(Arc::new(BooleanArray::from_iter(half.iter().map(|r| Some(r.2[c])))));
        }
        let of: Vec<usize> = half.iter().map(|r| r.0).collect();
        partial.update_batch(&values, &of, None, groups).unwrap();
        let state = partial.state(EmitTo::All).unwrap();
        whole.merge_batch(&state, &(0..groups).collect::<Vec<_>>(), groups).unwrap();
    }
    let mut found = parts_of(&whole.evaluate(EmitTo::All).unwrap()).unwrap();
    for (parts, _) in &mut found {
        parts.sort_by_key(|p| p.conditions);
        parts.iter_mut().for_each(|p| p.people.sort_unstable());
    }
    found
}

fn part(conditions: u64, people: &[u32]) -> Part {
    Part { conditions, people: people.to_vec() }
}

const ROWS: &[(usize, Option<u32>, &[bool])] = &[
    (0, Some(1), &[true, true]),
    (0, Some(1), &[true, false]),
    (0, Some(2), &[true, true]),
    (1, Some(2), &[false, false]),
    (0, None, &[true, false]),
    (0, Some(3), &[true, true]),
    (0, Some(2), &[false, true]),
    (0, Some(1), &[true, true]),
];

#[test]
fn rows_and_people_are_parted_by_what_they_meet() {
    let rows = run(false, 8, ROWS);
    assert_eq!(rows[0].0, [part(0b01, &[1]), part(0b10, &[2]), part(0b11, &[1, 2, 3])]);
    assert_eq!(rows[1].0, [part(0b00, &[2])]);
    let people = run(true, 8, ROWS);
    assert_eq!(people[0].0, [part(0b11, &[1, 2, 3])]);
    assert_eq!(people[1].0, [part(0b00, &[2])]);
    assert!(rows.iter().chain(&people).all(|(_, more)| !more));
}

#[test]
fn no_more_people_are_named_than_are_asked_for() {
    assert_eq!(run(false, 2, ROWS)[0].0[2].people.len(), 2);
}

#[test]
fn too_many_parts_are_said_to_be_too_many() {
    let bits: Vec<Vec<bool>> = (0..600u32).map(|n| (0..10).map(|b| n >> b & 1 == 1).collect()).collect();
    let rows: Vec<_> = (0u32..).zip(&bits).map(|(i, b)| (0usize, Some(i), b.as_slice())).collect();
    let found = run(false, 8, &rows);
    assert!(found[0].1);
    assert_eq!(found[0].0.len(), PARTS_MAX);
}

#[test]
fn a_missing_condition_is_not_met() {
    let values: Vec<ArrayRef> =
        vec![Arc::new(UInt32Array::from(vec![7])), new_null_array(&DataType::Boolean, 1)];
    let mut one = Overlapping::new(false, 8);
    one.update_batch(&values, &[0], None, 1).unwrap();
    assert_eq!(parts_of(&one.evaluate(EmitTo::All).unwrap()).unwrap(), [(vec![part(0, &[7])], false)]);
    assert!(decoded(&[0, 1]).is_err());
}
