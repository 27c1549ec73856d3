//! Secondary suppression on the reference tables: how many cells it takes, and that every goal is reached. The numbers
//! are ours; the least that were proved are 3, 1, 38, 159 and, where zeros are shown, 235.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "suppression/reference.rs"]
mod reference;
#[path = "../../../tests/src/shared_data.rs"]
mod shared_data;

use cloister_disclosure::{Limits, suppress};
use std::ops::ControlFlow;

/// Suppresses a reference table; how many secondary cells, how many impossible goals.
fn numbers(name: &str, zero_shown: bool) -> Option<(usize, usize)> {
    let table = reference::table(name, zero_shown)?;
    let limits = Limits::for_cells(table.cells().len());
    let pattern = suppress(&table, &limits, &mut |_| ControlFlow::Continue(())).unwrap();
    Some((pattern.secondary().len(), pattern.impossible().len()))
}

#[test]
fn the_small_table_needs_three_cells() {
    for zero_shown in [false, true] {
        if let Some((secondary, impossible)) = numbers("t2_small", zero_shown) {
            assert!(secondary <= 3, "{secondary}");
            assert_eq!(impossible, 0);
        }
    }
}

#[test]
fn the_two_way_table_needs_one_cell() {
    for zero_shown in [false, true] {
        if let Some((secondary, impossible)) = numbers("t2_med", zero_shown) {
            assert!(secondary <= 1, "{secondary}");
            assert_eq!(impossible, 0);
        }
    }
}

#[test]
fn magnitudes_are_protected_upwards() {
    if let Some((secondary, impossible)) = numbers("m2_hier", false) {
        assert!(secondary <= 40, "{secondary}");
        assert_eq!(impossible, 0);
    }
}

#[test]
fn two_hierarchies_of_counts() {
    if let Some((secondary, impossible)) = numbers("h2_med", false) {
        assert!(secondary <= 172, "{secondary}");
        assert_eq!(impossible, 0);
    }
    if let Some((secondary, impossible)) = numbers("h2_med", true) {
        assert!(secondary <= 271, "{secondary}");
        assert_eq!(impossible, 17);
    }
}
