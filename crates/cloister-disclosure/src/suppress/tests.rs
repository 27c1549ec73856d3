use super::*;
use crate::reference;

/// Suppresses a reference table; how many secondary cells, how many impossible goals.
fn numbers(name: &str, zero_shown: bool) -> Option<(usize, usize)> {
    let reference = reference::table(name, zero_shown)?;
    let started = std::time::Instant::now();
    let mut told = |p: Progress| {
        if std::env::var_os("SUPPRESSION_TRACE").is_some() {
            eprintln!("{:?} {p:?}", started.elapsed());
        }
        ControlFlow::Continue(())
    };
    let pattern =
        suppress(&reference.table, &Limits::for_cells(reference.table.cells().len()), &mut told).unwrap();
    eprintln!(
        "{name} {zero_shown}: {} secondary, {} impossible, {} programs, {:?}",
        pattern.secondary().len(),
        pattern.impossible().len(),
        pattern.programs(),
        started.elapsed()
    );
    if let Some(path) = std::env::var_os("SUPPRESSION_OUT") {
        let text: Vec<String> =
            pattern.secondary().iter().map(|c| reference.layout.key(*c).unwrap().join(",")).collect();
        std::fs::write(path, text.join("\n") + "\n").unwrap();
    }
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
        assert!(secondary <= 41, "{secondary}");
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

#[test]
#[ignore = "a table of one's own: SUPPRESSION_DIR and SUPPRESSION_TABLE"]
fn any_table() {
    let name = std::env::var("SUPPRESSION_TABLE").unwrap();
    numbers(&name, std::env::var_os("SUPPRESSION_ZERO_HIDDEN").is_none());
}
