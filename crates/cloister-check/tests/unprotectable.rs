//! What nothing protects is said so, with what would help: against an exact attack by another solver.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use cloister_check::{Checked, Purpose, Settings, Status, Table, check};
use cloister_disclosure::Policy;

#[path = "generated/table.rs"]
mod generated;

fn cms() -> Policy {
    Policy::parse(include_str!("../../../policies/disclosure/cms-11.toml")).unwrap()
}

fn checked(text: &str, hierarchy: Option<&str>) -> Checked {
    let settings = Settings { count: Some("n".into()), ..Settings::default() };
    let table = Table::parse("t.csv", text.into(), hierarchy, &settings, Purpose::Protect).unwrap();
    check(table, &cms(), &settings).unwrap()
}

/// `EXPECTED` comes from SciPy 1.17's HiGHS (`generated/unprotectable.py`, which compares the cells as well): for each cell from 1 to 10 the least and the
/// greatest value that all relations permit with every cell but zeros hidden, and known to be at least 1.
#[test]
fn nothing_protects_the_cells_that_are_said_to_be_such() {
    let (text, hierarchy) = generated::table(false);
    if let Ok(folder) = std::env::var("UNPROTECTABLE_TABLE") {
        std::fs::write(format!("{folder}/t.csv"), &text).unwrap();
        std::fs::write(format!("{folder}/h.toml"), &hierarchy).unwrap();
    }
    let checked = checked(&text, Some(&hierarchy));
    assert_eq!(checked.status(), Status::Held);
    assert!(checked.protected().is_none());
    let found = checked.holds()[0].unprotectable.as_ref().unwrap();
    if let Ok(folder) = std::env::var("UNPROTECTABLE_TABLE") {
        let lines: Vec<String> =
            found.cells.iter().map(|c| format!("{};{};{}", c.labels, c.above, c.below)).collect();
        std::fs::write(format!("{folder}/found.txt"), lines.join("\n")).unwrap();
    }
    let above = found.cells.iter().filter(|c| c.above).count();
    let below = found.cells.iter().filter(|c| c.below).count();
    assert_eq!((above, below), EXPECTED);
    assert!(!found.coarser.is_empty() && found.coarser.iter().all(|c| c.left < found.cells.len()));
}

const EXPECTED: (usize, usize) = (0, 135);

/// Two people in all of a region, in three cells that are shown to be somebody or nobody.
const SMALL: &str = "region,sex,n\nNorth,F,1\nNorth,M,1\nNorth,all,2\nSouth,F,40\nSouth,M,50\nSouth,all,90\n\
                     all,F,41\nall,M,51\nall,all,92\n";

#[test]
fn the_report_says_which_and_what_would_help_and_no_number() {
    let checked = checked(SMALL, None);
    assert_eq!(checked.status(), Status::Held);
    let text = checked.to_text(&cms());
    for expected in
        ["held[not-protectable]", "North × F", "what would help: leave `sex` out (keep its total only)"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let json = checked.to_json(&cms());
    let hold = &json["holds"][0];
    assert_eq!(hold["code"], "not-protectable");
    assert!(hold["cells"].as_array().is_some_and(|cells| !cells.is_empty()), "{hold}");
    assert!(checked.to_page(&cms(), "2026-01-01").contains("Cells that nothing protects"));
    for hidden in ["41", "51", "92", "90"] {
        assert!(!hold.to_string().contains(hidden), "{hold}");
    }
}

/// Taking the advice helps: the table without the column is protected.
#[test]
fn the_advice_leads_to_a_table_that_is_protected() {
    let coarser = "region,n\nNorth,2\nSouth,90\nWest,40\nall,132\n";
    assert_ne!(checked(coarser, None).status(), Status::Held);
}
