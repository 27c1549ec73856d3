//! The layouts that programs write, read and written back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use cloister_check::{Purpose, Settings, Status, Table, audit, check};
use cloister_disclosure::Policy;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn policy(name: &str) -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../policies/disclosure/{name}.toml"));
    Policy::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A policy under which nothing is ever changed.
fn lenient() -> Policy {
    Policy::parse(
        "name = \"lenient\"\nversion = 1\ntitle = \"lenient\"\nmarker = \"*\"\n\
         contributors = { min = 2, zero-shown = true }\ncounts = { rounding-base = 1 }\n\
         means = { significant-digits = 15 }\nlabels = { small-groups = \"merge\" }\n\
         output = { cells-max = 100000 }\n",
    )
    .unwrap()
}

fn read(name: &str, hierarchies: &[PathBuf], settings: &Settings) -> Table {
    Table::read(&data(name), hierarchies, settings, Purpose::Protect).unwrap()
}

/// File, cells, dimensions with totals.
const LAYOUTS: &[(&str, usize, usize)] = &[
    ("pandas_margins.csv", 20, 2),
    ("pandas_header_levels.csv", 15, 3),
    ("r_ftable.csv", 8, 0),
    ("r_no_corner.csv", 4, 0),
    ("r_row_numbers.csv", 2, 0),
    ("spreadsheet_bom_thousands.csv", 9, 2),
    ("spreadsheet_title_notes.csv", 9, 2),
    ("spreadsheet_utf16.csv", 9, 2),
    ("stata_collect.csv", 9, 2),
    ("long_amounts.csv", 9, 2),
    ("subtotals.csv", 15, 3),
];

#[test]
fn layouts_are_recognised() {
    for (name, cells, totals) in LAYOUTS {
        let table = read(name, &[], &Settings::default());
        assert_eq!((table.cells(), table.totals().len()), (*cells, *totals), "{name}: {:?}", table.totals());
    }
}

/// A table that is fine goes out byte for byte as it came in.
#[test]
fn an_unchanged_table_is_written_byte_for_byte() {
    let comma = Settings { decimal: Some(','), ..Settings::default() };
    let plain = Settings::default();
    let files = LAYOUTS.iter().map(|(name, ..)| (*name, &plain));
    for (name, settings) in files.chain([("spreadsheet_decimal_comma.csv", &comma)]) {
        if name == "long_amounts.csv" {
            // What one person contributes is never shown.
            continue;
        }
        let checked = check(read(name, &[], settings), &lenient(), settings).unwrap();
        assert_eq!(checked.status(), Status::Unchanged, "{name}");
        assert_eq!(checked.protected().unwrap(), std::fs::read(data(name)).unwrap(), "{name}");
    }
}

#[test]
fn only_what_is_not_shown_is_changed() {
    let settings = Settings::default();
    let table = read("spreadsheet_bom_thousands.csv", &[], &settings);
    let checked = check(table, &policy("cms-11"), &settings).unwrap();
    assert_eq!(checked.status(), Status::Changed);
    let text = String::from_utf8(checked.protected().unwrap()).unwrap();
    assert_eq!(
        text,
        "\u{feff}Service,North,South,Total\r\nGP,\"*\",*,\"2,202\"\r\nA&E,*,*,15\r\nAll,\"1,207\",\"1,010\",\"2,217\"\r\n"
    );
}

#[test]
fn counts_are_rounded_in_the_files_own_notation() {
    let settings = Settings { decimal: Some(','), ..Settings::default() };
    let table = read("spreadsheet_decimal_comma.csv", &[], &settings);
    let checked = check(table, &policy("nhs-england"), &settings).unwrap();
    let text = String::from_utf8(checked.protected().unwrap()).unwrap();
    assert!(text.contains(";2.200\r\n") && text.ends_with("Gesamt;1.205;1.010;2.215\r\n"), "{text}");
}

#[test]
fn one_persons_amount_is_never_shown() {
    let settings = Settings::default();
    let checked = check(read("long_amounts.csv", &[], &settings), &lenient(), &settings).unwrap();
    let text = String::from_utf8(checked.protected().unwrap()).unwrap();
    assert!(text.lines().skip(1).all(|line| line.ends_with(",*,*")), "{text}");
    assert!(text.contains("young,South,15,1500.25,*,*\n"));
}

#[test]
fn a_hierarchy_says_what_is_a_total_of_what() {
    let table = read("subtotals.csv", &[data("subtotals.toml")], &Settings::default());
    assert_eq!(
        table.totals(),
        [
            "area: All = Mainland + West (by the hierarchy)",
            "area: Mainland = North + South (by the hierarchy)",
            "columns: Total = F + M (by its name)"
        ]
    );
    let found = read("subtotals.csv", &[], &Settings::default());
    assert!(found.totals()[0].ends_with("(detected)"));
}

#[test]
fn the_one_recoverable_cell_is_found_with_its_subtraction() {
    let none: [PathBuf; 0] = [];
    let table =
        Table::read(&data("suppressed_star.csv"), &none, &Settings::default(), Purpose::Audit).unwrap();
    let audited = audit(table, &policy("sdap-10")).unwrap();
    assert_eq!((audited.suppressed, audited.found.len()), (5, 1));
    assert_eq!(
        audited.found[0].because,
        "18-29 × North = 18-29 × Total (39) − 18-29 × South (20) − 18-29 × West (15)"
    );
    assert_eq!((audited.found[0].range.low, audited.found[0].range.high), (4.0, 4.0));
}

/// No single total gives these away, but three of them together do.
#[test]
fn a_cell_that_several_totals_give_away_together_is_found() {
    let text =
        "g,h,n\nA,x,*\nA,y,*\nA,Total,30\nB,x,*\nB,y,25\nB,Total,*\nTotal,x,*\nTotal,y,37\nTotal,Total,*\n";
    let table = Table::parse("t.csv", text.into(), None, &Settings::default(), Purpose::Audit).unwrap();
    let audited = audit(table, &policy("cms-11")).unwrap();
    let found: Vec<_> = audited.found.iter().map(|f| (f.row, f.range.low)).collect();
    assert_eq!(found, [(2, 18.0), (3, 12.0)]);
}

#[test]
fn what_the_check_protects_its_own_attack_does_not_undo() {
    let settings = Settings::default();
    for name in ["pandas_margins.csv", "stata_collect.csv", "subtotals.csv", "pandas_header_levels.csv"] {
        for policy in ["sdap-10", "cms-11"].map(policy) {
            let checked = check(read(name, &[], &settings), &policy, &settings).unwrap();
            let Some(bytes) = checked.protected() else { continue };
            let hierarchy = (name == "subtotals.csv").then_some(include_str!("data/subtotals.toml"));
            let table = Table::parse(name, bytes, hierarchy, &settings, Purpose::Audit).unwrap();
            let audited = audit(table, &policy).unwrap();
            assert_eq!(audited.found, [], "{name} {}", policy.name());
        }
    }
}

#[test]
fn the_sacro_viewers_folder_has_one_index_column_and_matching_checksums() {
    let settings = Settings::default();
    let policy = policy("cms-11");
    let checked = check(read("pandas_header_levels.csv", &[], &settings), &policy, &settings).unwrap();
    let files = checked.files(&policy, "2026-01-01T00:00:00Z");
    let find = |path: &str| &files.iter().find(|f| f.path == path).unwrap().bytes;
    let table = String::from_utf8(find("acro/output_0_0.csv").clone()).unwrap();
    assert!(table.starts_with("age,F / North,F / South,M / North,M / South,All\n18-29,"), "{table}");
    let results: serde_json::Value = serde_json::from_slice(find("acro/results.json")).unwrap();
    let output = &results["results"]["output_0"];
    assert_eq!(output["files"][0]["sdc"]["cells"]["MinimumThresholdCheck"], serde_json::json!([[1, 2]]));
    assert_eq!(output["outcome"]["M / North"]["30-44"], "MinimumThresholdCheck; ");
    assert!(output["summary"].as_str().unwrap().starts_with("fail; "));
    let sum = cloister_model::Digest::of(table.as_bytes()).to_string();
    assert_eq!(find("acro/checksums/output_0_0.csv.txt"), sum.trim_start_matches("sha256:").as_bytes());
}

#[test]
fn the_page_escapes_labels_and_marks_changes_with_words() {
    let text = "<script>,a\"b,Total\nx & y,3,3\nz,40,40\nTotal,43,43\n";
    let settings = Settings::default();
    let table = Table::parse("<t>.csv", text.into(), None, &settings, Purpose::Protect).unwrap();
    let checked = check(table, &lenient_at(5), &settings).unwrap();
    let page = checked.to_page(&lenient_at(5), "now");
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;") && page.contains("x &amp; y"));
    assert!(page.contains("suppressed (small-count)") && page.contains("<th scope=\"row\">"));
    assert!(!page.contains("://") && !page.contains("src="), "{page}");
}

fn lenient_at(min: u32) -> Policy {
    Policy::parse(&format!(
        "name = \"lenient\"\nversion = 1\ntitle = \"lenient\"\nmarker = \"*\"\n\
         contributors = {{ min = {min}, zero-shown = true }}\ncounts = {{ rounding-base = 1 }}\n\
         means = {{ significant-digits = 15 }}\nsecondary = {{ on = true, outsider-knows-zeros = true, protect-totals = true }}\n\
         labels = {{ small-groups = \"merge\" }}\noutput = {{ cells-max = 100000 }}\n"
    ))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Random wide tables with margins, in any notation, survive reading and writing.
    #[test]
    fn wide_tables_survive(
        (rows, columns) in (1usize..6, 1usize..6),
        seed in proptest::collection::vec(0u32..5_000, 36),
        delimiter in prop::sample::select(vec![',', ';', '\t']),
        end in prop::sample::select(vec!["\n", "\r\n"]),
        quoted in any::<bool>(),
    ) {
        let q = if quoted { "\"" } else { "" };
        let at = |r: usize, c: usize| u64::from(seed[r * 6 + c]);
        let mut lines = vec![{
            let names = (0..columns).map(|c| format!("{q}c{c}{q}"));
            let names = std::iter::once(format!("{q}k{q}")).chain(names).chain([format!("{q}Total{q}")]);
            names.collect::<Vec<_>>()
        }];
        for r in 0..rows {
            let numbers: Vec<u64> = (0..columns).map(|c| at(r, c)).collect();
            let sum: u64 = numbers.iter().sum();
            let texts = numbers.iter().chain([&sum]).map(u64::to_string);
            lines.push(std::iter::once(format!("{q}r{r}{q}")).chain(texts).collect());
        }
        let sums: Vec<u64> = (0..columns).map(|c| (0..rows).map(|r| at(r, c)).sum()).collect();
        let all: u64 = sums.iter().sum();
        lines.push(std::iter::once("Total".to_owned()).chain(sums.iter().chain([&all]).map(u64::to_string)).collect());
        let text: String = lines.iter().map(|l| l.join(&delimiter.to_string()) + end).collect();
        let settings = Settings::default();
        let table = Table::parse("t", text.clone().into(), None, &settings, Purpose::Protect).unwrap();
        prop_assert_eq!(table.cells(), (rows + 1) * (columns + 1));
        prop_assert_eq!(table.totals().len(), 2);
        let checked = check(table, &lenient_at(2), &settings).unwrap();
        if checked.status() == Status::Unchanged {
            prop_assert_eq!(checked.protected().unwrap(), text.into_bytes());
        }
    }
}
