//! `cloister check`: tables made elsewhere, without a hub.

use cloister_tests::{Hub, policies};
use std::path::Path;

const TABLE: &str = "region,F,M,Total\nNorth,3,20,23\nSouth,40,50,90\nWest,60,70,130\nTotal,103,140,243\n";

fn check(hub: &Hub, file: &Path, more: &[&str]) -> cloister_tests::Done {
    let policy = policies().join("disclosure/cms-11.toml");
    let mut args = vec!["check", file.to_str().unwrap(), "--policy", policy.to_str().unwrap()];
    args.extend(more);
    hub.run(&args)
}

#[test]
fn a_table_is_protected_in_its_own_layout() {
    let hub = Hub::nowhere();
    let (file, out) = (hub.write("table.csv", TABLE), hub.path("out"));
    check(&hub, &file, &["--out", out.to_str().unwrap()]).expect(4);
    let text = std::fs::read_to_string(out.join("table.csv")).unwrap();
    let (before, after): (Vec<&str>, Vec<&str>) = (TABLE.lines().collect(), text.lines().collect());
    assert_eq!(before.len(), after.len());
    let changed = before.iter().zip(&after).flat_map(|(b, a)| b.split(',').zip(a.split(',')));
    let changed: Vec<_> = changed.filter(|(b, a)| b != a).collect();
    assert!(changed.len() >= 4 && changed.iter().all(|(_, a)| *a == "*"), "{changed:?}");
    assert!(changed.iter().any(|(b, _)| *b == "3"), "{changed:?}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<table") && !page.contains("<script"), "{page}");
    let results = std::fs::read_to_string(out.join("acro/results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    assert!(results["results"].as_object().is_some_and(|r| r.len() == 1), "{results}");
    // What was protected withstands the attack; a folder that is there is not written over.
    check(&hub, &out.join("table.csv"), &["--audit"]).expect(0);
    check(&hub, &file, &["--out", out.to_str().unwrap()]).expect(1);
}

#[test]
fn what_can_be_subtracted_is_found() {
    let hub = Hub::nowhere();
    let file = hub.write("table.csv", TABLE.replace("North,3,", "North,*,"));
    let audited = check(&hub, &file, &["--audit", "--format", "text"]).expect(4);
    assert!(audited.out.contains('3') && audited.out.contains("North"), "{}", audited.out);
}

#[test]
fn totals_that_do_not_add_up_are_named_without_their_values() {
    let hub = Hub::nowhere();
    let file = hub.write("table.csv", TABLE.replace("South,40,50,90", "South,40,50,91"));
    let out = hub.path("out");
    let wrong = check(&hub, &file, &["--out", out.to_str().unwrap()]).expect(1);
    assert!(wrong.err.contains("table.csv") && !wrong.err.contains("91"), "{}", wrong.err);
    assert!(!out.exists());
}

/// Whatever is wrong with a table: the row is named, nothing that stands there is, and nothing is written.
#[test]
fn bad_tables_leave_nothing_behind() {
    let hub = Hub::nowhere();
    let out = hub.path("out");
    let bad = [
        ("negative", TABLE.replace("3,20,23", "-3,20,17"), "row 2"),
        ("fraction", TABLE.replace("40,50,90", "40.5,49.5,90"), "row 3"),
        ("mixed", TABLE.replace("60,70,130", "60,many,130"), "row 4"),
        ("ragged", TABLE.replace("60,70,130", "60,130"), "row 4"),
        ("duplicate", "area,sex,n\nNorth,F,12\nNorth,F,13\n".to_owned(), "row 3"),
        ("missing", "area,sex,n\nNorth,F,12\nNorth,M,13\nSouth,F,14\n".to_owned(), "row 4"),
    ];
    for (name, text, row) in bad {
        let file = hub.write(&format!("{name}.csv"), text);
        let wrong = check(&hub, &file, &["--out", out.to_str().unwrap()]).expect(1);
        assert!(wrong.err.contains(row) && !wrong.err.contains("many"), "{name}: {}", wrong.err);
        assert!(!out.exists() && wrong.out.is_empty(), "{name}: {}", wrong.out);
    }
    let hierarchy = hub.write("wrong.toml", "[region]\nAll = [\"North\", \"Elsewhere\"]\n");
    let file = hub.write("table.csv", TABLE);
    let args = ["--hierarchy", hierarchy.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let wrong = check(&hub, &file, &args).expect(1);
    assert!(wrong.err.contains("wrong.toml") && !out.exists(), "{}", wrong.err);
}
