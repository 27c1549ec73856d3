//! Synthetic twins: any query runs on invented rows, and the vault is never read.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Done, Hub, omop, project};
use serde_json::{Value, json};

fn twin(hub: &Hub, sql: &str) -> Done {
    hub.run(&["query", "--project", "p", "--as", "researcher", "--format", "json", "--twin", "--", sql])
}

fn hub() -> Hub {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub
}

#[test]
fn the_vault_is_never_read() {
    let hub = hub();
    let sql = "SELECT p.sex, count(*) AS n, avg(a.cost) AS cost FROM person p JOIN admission a USING (person_id) GROUP BY p.sex ORDER BY p.sex";
    let before = twin(&hub, sql).expect(0);
    std::fs::remove_dir_all(hub.home().join("vault")).unwrap();
    assert_eq!(twin(&hub, sql).expect(0).out, before.out);
    let rows = twin(&hub, "SELECT person_id, sex, birth_year, district FROM person ORDER BY person_id")
        .expect(0)
        .json();
    assert_eq!(rows["rows"].as_array().unwrap().len(), 200);
    assert_eq!(rows["rows"][0][0], "person-000001");
    assert_eq!(rows["real"]["outcome"], "would-be-refused");
    assert_eq!(rows["real"]["reasons"][0]["code"], "row-level-output");
    // It runs on the real data no more.
    assert_ne!(hub.query(sql).code, 0);
}

#[test]
fn invented_values_are_told_from_real_ones() {
    let hub = hub();
    let answer = twin(&hub, "SELECT sex, count(*) AS n FROM person GROUP BY sex").expect(0).json();
    assert_eq!(answer["status"], "twin");
    assert!(answer["note"].as_str().unwrap().contains("invented"));
    assert_eq!(answer["real"], json!({"outcome": "would-run", "reasons": []}));
    // Nothing is rounded or suppressed: 200 people in all.
    let total: u64 = answer["rows"].as_array().unwrap().iter().map(|r| r[1].as_u64().unwrap()).sum();
    assert_eq!(total, 200);
    for (sql, outcome, code) in [
        (
            "SELECT sum(length_of_stay * length_of_stay) AS n FROM admission",
            "would-be-held",
            "argument-shape",
        ),
        (
            "SELECT a.sex FROM person a JOIN person b ON a.district = b.district",
            "would-be-refused",
            "cross-person-join",
        ),
        (
            "SELECT max(cost) AS c FROM (SELECT cost FROM admission LIMIT 5) q",
            "would-be-refused",
            "limit-below-aggregate",
        ),
    ] {
        let real = &twin(&hub, sql).expect(0).json()["real"];
        assert_eq!((&real["outcome"], &real["reasons"][0]["code"]), (&json!(outcome), &json!(code)), "{sql}");
    }
    for (sql, code) in [
        ("SELECT * FROM nowhere", "unknown-table"),
        ("DROP TABLE person", "not-a-query"),
        ("SELECT count(*) FROM '/etc/passwd'", "unknown-table"),
    ] {
        let answer = twin(&hub, sql).expect(2).json();
        assert_eq!(
            (&answer["status"], &answer["reasons"][0]["code"]),
            (&json!("refused"), &json!(code)),
            "{sql}"
        );
    }
    // For people and for other programs.
    let csv = hub.run(&[
        "query",
        "--project",
        "p",
        "--as",
        "researcher",
        "--twin",
        "--format",
        "csv",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex",
    ]);
    let csv = csv.expect(0);
    assert!(
        csv.out.starts_with("sex,n\r\n") && csv.err.contains("invented") && csv.err.contains("it would run")
    );
    // Trying is no request, and is logged.
    assert!(!hub.run(&["request", "list", "--as", "researcher"]).expect(0).out.contains("req_"));
    assert!(hub.run(&["audit", "show"]).expect(0).out.contains("twin-queried"));
    // Whoever is no member has no twin either.
    let stranger =
        hub.run(&["query", "--project", "p", "--as", "stranger", "--format", "json", "--twin", "SELECT 1"]);
    assert_eq!(stranger.expect(2).json()["reasons"][0]["code"], "not-a-researcher");
}

/// No row of a twin is a row of the data: not one combination of values that the region's people have is there
/// more often than the contract's few codes make it.
#[test]
fn a_twin_is_the_same_whatever_was_landed() {
    let (one, other) = (hub(), Hub::of_region(150, ErrorRates::default()));
    other.create(&project("p", "automatic", GRANTS)).expect(0);
    for sql in ["SELECT * FROM person ORDER BY 1", "SELECT * FROM admission ORDER BY 1, 2, 3, 4, 5"] {
        let rows = |hub: &Hub| twin(hub, sql).expect(0).json()["rows"].clone();
        assert_eq!(rows(&one), rows(&other), "{sql}");
    }
}

#[test]
fn only_granted_columns_have_twins() {
    let hub = Hub::of_region(150, ErrorRates::NONE);
    let grants = "[[grants]]\ndataset = \"gp\"\ntables = [{ name = \"person\", columns = [\"person_id\", \"sex\"] }]\n";
    hub.create(&project("p", "automatic", grants)).expect(0);
    let answer = twin(&hub, "SELECT * FROM person LIMIT 1").expect(0).json();
    let columns: Vec<&Value> = answer["columns"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(columns, ["person_id", "sex"]);
    twin(&hub, "SELECT birth_year FROM person").expect(2);
    twin(&hub, "SELECT * FROM gp_event").expect(2);
}

#[test]
fn an_omop_twin_joins_with_its_vocabulary() {
    let Some(folder) = omop() else { return };
    let hub = Hub::new();
    hub.land("omop-cdm-5.4", &folder).expect(0);
    let grants = r#"
[[grants]]
dataset = "omop"
tables = [
  { name = "person", columns = "all" },
  { name = "condition_occurrence", columns = "all" },
  { name = "concept", columns = "all" },
]
"#;
    hub.create(&project("p", "automatic", grants)).expect(0);
    let sql = "SELECT c.concept_name, count(DISTINCT o.person_id) AS people FROM condition_occurrence o
               JOIN concept c ON c.concept_id = o.condition_concept_id GROUP BY 1 ORDER BY 2 DESC, 1";
    let answer = twin(&hub, sql).expect(0).json();
    assert!(answer["rows"].as_array().unwrap().len() > 10);
    assert_eq!(answer["real"]["outcome"], "would-run");
    let sql = "SELECT count(*) AS n FROM person p JOIN concept c ON c.concept_id = p.gender_concept_id";
    assert_eq!(twin(&hub, sql).expect(0).json()["rows"], json!([[200]]));
}
