//! The forms and exit statuses of answers, which other programs parse.

use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};
use serde_json::{Value, json};

pub(crate) const GRANTS: &str = r#"
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }, { name = "gp_event", columns = "all" }]
[[grants]]
dataset = "hospital"
tables = [{ name = "admission", columns = "all" }]
"#;

fn hub() -> Hub {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub.create(&project("reviewed", "two", GRANTS)).expect(0);
    hub
}

#[test]
fn answers_have_the_documented_form() {
    let hub = hub();
    let answer =
        hub.query("SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex").expect(0).json();
    let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected =
        ["status", "request", "policy", "datasets", "plan_digest", "columns", "rows", "cells", "reasons"];
    expected.sort_unstable();
    let mut found = keys.clone();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(answer["status"], "released");
    assert!(answer["request"].as_str().unwrap().starts_with("req_"));
    assert_eq!(answer["policy"]["name"], "nhs-england");
    assert!(answer["policy"]["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(answer["datasets"][0]["name"], "gp");
    assert_eq!(answer["datasets"][0]["version"], 1);
    assert_eq!(
        answer["columns"],
        json!([
            {"name": "sex", "type": "Utf8", "role": "key"},
            {"name": "n", "type": "Int64", "role": "count"},
        ])
    );
    assert_eq!(answer["rows"].as_array().unwrap().len(), 2);
    assert_eq!(answer["reasons"], json!([]));

    let refused = hub.query("SELECT * FROM person").expect(2).json();
    assert_eq!(refused["status"], "refused");
    assert!(refused.get("rows").is_none());
    assert!(refused["reasons"][0]["hint"].is_string());

    let held = hub.query_in("reviewed", "researcher", "SELECT count(*) AS n FROM person").expect(3).json();
    assert_eq!(held["status"], "held");
    assert!(held.get("rows").is_none() && held["cells"] == json!([]));
    assert_eq!(held["reasons"][0]["code"], "review-required");
    let request = held["request"].as_str().unwrap();
    let fetched = hub.run(&["request", "fetch", request, "--as", "researcher"]).expect(1);
    assert!(fetched.err.contains("not-released") && fetched.out.is_empty(), "{fetched:?}");
}

#[test]
fn csv_is_the_table_and_nothing_else() {
    let hub = hub();
    let sql = "SELECT district, count(*) AS n FROM person GROUP BY district ORDER BY district";
    let json = hub.query(sql).expect(0).json();
    let csv = hub.run(&["query", "--project", "p", "--as", "researcher", "--format", "csv", sql]).expect(0);
    let mut reader = csv::Reader::from_reader(csv.out.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["district", "n"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), json["rows"].as_array().unwrap().len());
    for (csv, json) in rows.iter().zip(json["rows"].as_array().unwrap()) {
        let expected = if json[1].is_null() { "*".to_owned() } else { json[1].to_string() };
        assert_eq!(&csv[1], expected);
    }
    assert!(rows.iter().any(|r| &r[1] == "*"), "the island is small");
}

#[test]
fn a_release_can_be_fetched_and_is_what_was_answered() {
    let hub = hub();
    let answer = hub.query("SELECT sex, count(*) AS n FROM person GROUP BY sex").expect(0);
    let request = answer.json()["request"].as_str().unwrap().to_owned();
    let fetch =
        |user: &str, format: &str| hub.run(&["request", "fetch", &request, "--as", user, "--format", format]);
    assert_eq!(fetch("researcher", "json").expect(0).out.trim(), answer.out.trim());
    fetch("checker1", "json").expect(1);
    fetch("stranger", "json").expect(1);
    let table = hub.home().join("releases").join(&request).join("table.csv");
    std::fs::write(&table, "sex,n\r\nF,1\r\n").unwrap();
    assert!(fetch("researcher", "csv").expect(1).err.contains("release-changed"));
}

#[test]
fn null_is_told_from_suppressed() {
    let hub = hub();
    let sql = "SELECT discharged_on IS NULL AS inside, nullif(count(*), count(*)) AS nothing FROM admission GROUP BY 1";
    let answer = hub.query(sql);
    if answer.code == 0 {
        let answer = answer.json();
        let states: Vec<&Value> = answer["cells"].as_array().unwrap().iter().map(|c| &c["state"]).collect();
        assert!(
            !states.is_empty() && states.iter().all(|s| **s == "null" || **s == "suppressed"),
            "{answer}"
        );
    } else {
        answer.expect(2);
    }
}

#[test]
fn a_wrong_command_line_is_neither_refused_nor_held() {
    let hub = hub();
    hub.run(&["query", "--project", "p"]).expect(1);
    hub.run(&["query", "--project", "P!", "--as", "researcher", "SELECT 1"]).expect(1);
    hub.run(&["nonsense"]).expect(1);
    hub.run(&["--help"]).expect(0);
    let elsewhere = Hub::nowhere();
    let answer = elsewhere.query("SELECT 1").expect(1);
    assert_eq!(answer.json()["reasons"][0]["code"], "no-hub");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let hub = hub();
    let program = hub.command(&[]).get_program().to_owned();
    let done = std::process::Command::new("sh")
        .args(["-c", "\"$0\" --home \"$1\" project show p | head -1"])
        .arg(program)
        .arg(hub.home())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(err.is_empty(), "{err}");
}
