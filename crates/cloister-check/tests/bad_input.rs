//! What is wrong with a table is said with its row and column, and never with what stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use cloister_check::{CheckError, Purpose, Settings, Table};

fn error(text: &str, hierarchy: Option<&str>) -> CheckError {
    Table::parse("table.csv", text.into(), hierarchy, &Settings::default(), Purpose::Protect).unwrap_err()
}

/// What, the table, its hierarchy, the code, the row, the column.
type Case = (&'static str, &'static str, Option<&'static str>, &'static str, Option<usize>, Option<usize>);

const CASES: &[Case] = &[
    ("empty", "", None, "empty", None, None),
    ("header only", "age,North,South\n", None, "header-only", Some(1), None),
    (
        "totals that do not add up",
        "age,a,b,Total\nx,4711,20,4731\ny,12,14,27\nTotal,4723,34,4757\n",
        None,
        "totals-do-not-add",
        Some(3),
        Some(4),
    ),
    ("negative counts", "age,a,b\nx,10,-4711\n", None, "negative", Some(2), Some(3)),
    ("fractions of people", "age,a,b\nx,4711.5,20\n", None, "fraction", Some(2), Some(2)),
    ("mixed types", "age,a,b\nx,10,4711z\ny,10,20\n", None, "not-a-number", Some(2), Some(3)),
    ("several numbers", "age,a,b\nx,4711 (29.1%),1 (2%)\n", None, "several-numbers", Some(2), Some(2)),
    ("percentages", "age,a,a\n,No.,Col %\nx,37,27.6\n", None, "percentage", Some(2), Some(3)),
    (
        "duplicate cells",
        "age,region,n\nx,North,10\nx,North,4711\ny,North,9\n",
        None,
        "duplicate",
        Some(3),
        Some(3),
    ),
    (
        "missing combinations",
        "age,region,n\nx,North,10\nx,South,11\ny,North,4711\n",
        None,
        "missing-combination",
        Some(4),
        Some(1),
    ),
    ("ragged rows", "age,a,b\nx,10,20\ny,4711\nz,1,2\n", None, "ragged", Some(3), None),
    (
        "two names of the total",
        "age,a,b\nx,10,10\nTotal,10,10\nAll,10,10\n",
        None,
        "two-totals",
        Some(4),
        Some(1),
    ),
    ("a blank number", "age,a,b\nx,,4711\n", None, "blank", Some(2), Some(2)),
    ("a marker", "age,a,b\nx,*,4711\n", None, "already-suppressed", Some(2), Some(2)),
    ("an ambiguous number", "age;a;b\nx;4.711;1\n", None, "ambiguous-number", Some(2), Some(2)),
    ("no column of people", "age,value\nx,4711\n", None, "no-count", None, None),
    ("an unknown measure", "age,n,shoe\nx,10,4711\n", None, "unknown-measure", Some(1), Some(3)),
    ("an open quotation mark", "age,a\n\"x,4711\n", None, "quote", Some(2), None),
    (
        "a label that no row has",
        "area,n\nNorth,10\nSouth,4711\n",
        Some("[area]\nE = [\"North\", \"South\"]"),
        "unknown-code",
        None,
        None,
    ),
    (
        "a label that is not in the hierarchy",
        "area,n\nE,10\nNorth,4\nSouth,6\nWest,4711\n",
        Some("[area]\nE = [\"North\", \"South\"]"),
        "not-in-hierarchy",
        Some(5),
        Some(1),
    ),
    (
        "a label in two groups",
        "area,n\nNorth,10\n",
        Some("[area]\nE = [\"North\"]\nF = [\"North\"]"),
        "two-groups",
        None,
        None,
    ),
    (
        "a hierarchy of another table",
        "area,n\nNorth,10\n",
        Some("[colour]\nE = [\"red\"]"),
        "unknown-dimension",
        None,
        None,
    ),
    (
        "labels equal to two totals",
        "area,n\nNorth,0\nSouth,4711\nWest,4711\n",
        None,
        "ambiguous-total",
        Some(4),
        Some(1),
    ),
];

#[test]
fn every_kind_says_where() {
    for (what, text, hierarchy, code, row, column) in CASES {
        let error = error(text, *hierarchy);
        assert_eq!((error.code(), error.row(), error.column()), (*code, *row, *column), "{what}: {error}");
        assert!(
            !error.to_string().contains("4711") && !error.to_string().contains("4.711"),
            "{what}: {error}"
        );
    }
}

/// Ten million rows are not read to their end.
#[test]
fn ten_million_rows_are_refused_at_once() {
    let rows = std::io::Write::write_all;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = std::io::BufWriter::new(file.as_file());
    for i in 0..10_000_000u32 {
        rows(&mut out, format!("{i},9\n").as_bytes()).unwrap();
    }
    drop(out);
    let none: [&str; 0] = [];
    let started = std::time::Instant::now();
    let error = Table::read(file.path(), &none, &Settings::default(), Purpose::Protect).unwrap_err();
    assert_eq!((error.code(), error.row()), ("too-many-rows", Some(200_001)));
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn numbers_that_cannot_be_together_are_no_table_to_attack() {
    let text = "age,a,b,Total\nx,*,20,39\ny,30,*,60\nTotal,10,50,99\n";
    let table = Table::parse("t", text.into(), None, &Settings::default(), Purpose::Audit);
    assert_eq!(table.unwrap_err().code(), "totals-do-not-add");
}
