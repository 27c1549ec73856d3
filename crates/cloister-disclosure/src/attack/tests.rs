use super::*;
use crate::{AdditiveCell, Relation};

/// A total over three, of two by two cells with margins.
fn square(values: [[u32; 2]; 2]) -> Additive {
    let [[a, b], [c, d]] = values;
    let cells = [a + b + c + d, a + c, b + d, a + b, a, b, c + d, c, d];
    let relation = |total, parts: [usize; 2]| Relation { total, parts: parts.to_vec() };
    let relations = vec![
        relation(0, [1, 2]),
        relation(3, [4, 5]),
        relation(6, [7, 8]),
        relation(0, [3, 6]),
        relation(1, [4, 7]),
        relation(2, [5, 8]),
    ];
    Additive::new(cells.map(|people| AdditiveCell::count(people, 5, true)).to_vec(), relations).unwrap()
}

#[test]
fn a_cell_alone_in_its_row_is_recovered_and_the_subtraction_named() {
    let table = square([[3, 20], [30, 40]]);
    let attack = attack(&table, [4], Knowledge::Lower);
    assert_eq!(attack.recovered().collect::<Vec<_>>(), [4]);
    assert_eq!(attack.short().len(), 2);
    assert!(!attack.has_failed());
    let Explanation::Subtraction(found) = explain(&table, [4], 4, Knowledge::Lower) else { panic!() };
    assert_eq!(found.divisor, 1);
    assert_eq!(found.multipliers.len(), 1);
}

#[test]
fn four_suppressed_cells_leave_an_interval() {
    let table = square([[3, 20], [30, 40]]);
    let attack = attack(&table, [4, 5, 7, 8], Knowledge::Lower);
    assert!(attack.has_failed());
    assert_eq!(attack.recovered().count(), 0);
}

#[test]
fn knowing_that_cells_are_not_zero_can_recover_them() {
    // The row's total is 2, of two cells that are not zero.
    let table = square([[1, 1], [30, 40]]);
    let attack_knowing = attack(&table, [4, 5, 7, 8], Knowledge::Lower);
    assert_eq!(attack_knowing.recovered().collect::<Vec<_>>(), [4, 5, 7, 8]);
    let attack_not_knowing = attack(&table, [4, 5, 7, 8], Knowledge::NotNegative);
    assert_eq!(attack_not_knowing.recovered().count(), 0);
    let Explanation::Bounds { above: Some(above), .. } = explain(&table, [4, 5, 7, 8], 4, Knowledge::Lower)
    else {
        panic!()
    };
    assert_eq!(above.distance, 0);
}
