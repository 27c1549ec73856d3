//! Projects: provisioned whole or not at all; outside their bounds nothing runs.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};

const COUNT: &str = "SELECT count(*) AS n FROM person";

#[test]
fn every_mistake_in_a_project_is_listed() {
    let hub = Hub::of_region(150, ErrorRates::NONE);
    let wrong = project("p", "automatic", GRANTS)
        .replace("purpose = \"To test\"", "purpose = \" \"")
        .replace("ends = \"2099-12-31\"", "ends = \"2019-12-31\"");
    let done = hub.create(&wrong).expect(1);
    assert!(done.err.contains("purpose") && done.err.contains("ends"), "{}", done.err);
    let wrong = project("p", "automatic", GRANTS)
        .replace("\"gp_event\", columns = \"all\"", "\"gp_event\", columns = [\"kind\", \"phone\"]")
        .replace("\"admission\"", "\"operation\"")
        .replace("nhs-england", "nobody");
    let done = hub.create(&wrong).expect(1);
    for part in ["phone", "operation", "nobody"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    let filter = |text: &str| {
        let table = format!("{{ name = \"person\", columns = \"all\", row-filter = \"{text}\" }}");
        project("p", "automatic", &format!("[[grants]]\ndataset = \"gp\"\ntables = [{table}]\n"))
    };
    for wrong in
        ["phone = '1'", "sex = ", "sex = 'F'; SELECT 1", "person_id IN (SELECT person_id FROM gp_event)"]
    {
        hub.create(&filter(wrong)).expect(1);
    }
    assert!(!hub.run(&["project", "list"]).expect(0).out.contains("│ p "));
    hub.create(&filter("sex = 'F'")).expect(0);
    hub.create(&filter("sex = 'F'")).expect(1);
}

#[test]
fn what_is_not_granted_does_not_exist() {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    let grants = r#"
[[grants]]
dataset = "gp"
tables = [
  { name = "person", columns = ["person_id", "sex"], row-filter = "sex = 'F' AND birth_year < 1990" },
  { name = "gp_event", columns = ["person_id", "kind"], window = { column = "event_date", from = "2024-01-01", to = "2024-12-31" } },
]
"#;
    hub.create(&project("p", "automatic", grants)).expect(0);
    let answer = hub.query("SELECT sex, count(*) AS n FROM person GROUP BY sex").expect(0).json();
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    let people = std::fs::read_to_string(hub.path("region/truth/people.csv")).unwrap();
    let women = people
        .lines()
        .skip(1)
        .filter(|l| l.split(',').nth(1) == Some("F") && l.split(',').nth(2).unwrap() < "1990")
        .count();
    assert_eq!(rows[0], serde_json::json!(["F", (women + 2) / 5 * 5]));
    assert_eq!(
        hub.query("SELECT birth_year, count(*) AS n FROM person GROUP BY birth_year").expect(2).json()["reasons"]
            [0]["code"],
        "unknown-column"
    );
    assert_eq!(
        hub.query("SELECT count(*) AS n FROM admission").expect(2).json()["reasons"][0]["code"],
        "unknown-table"
    );
    let answer = hub.query("SELECT count(*) AS n FROM gp_event").expect(0).json();
    let journal = std::fs::read_to_string(hub.path("region/gp/journal-01.csv")).unwrap();
    let within =
        journal.lines().filter(|l| l.split(',').nth(2).is_some_and(|d| d.starts_with("2024-"))).count();
    assert_eq!(answer["rows"][0][0].as_u64().unwrap() as usize, (within + 2) / 5 * 5);
}

#[test]
fn outside_its_bounds_nothing_runs() {
    let hub = Hub::of_region(150, ErrorRates::NONE);
    let base = project("p", "automatic", GRANTS);
    let code = |name: &str, user: &str| {
        let answer = hub.query_in(name, user, COUNT).expect(2).json();
        answer["reasons"][0]["code"].as_str().unwrap().to_owned()
    };
    hub.create(&base.replace("\"p\"", "\"early\"").replace("2020-01-01", "2098-01-01")).expect(0);
    assert_eq!(code("early", "researcher"), "project-not-started");
    hub.create(&base.replace("\"p\"", "\"over\"").replace("ends = \"2099-12-31\"", "ends = \"2021-12-31\""))
        .expect(0);
    assert_eq!(code("over", "researcher"), "project-ended");
    let lapsed = base.replace("\"p\"", "\"lapsed\"").replacen(
        "training-expires = \"2099-12-31\"",
        "training-expires = \"2021-12-31\"",
        1,
    );
    hub.create(&lapsed).expect(0);
    assert_eq!(code("lapsed", "researcher"), "training-expired");
    hub.create(&base).expect(0);
    hub.create(&base.replace("\"p\"", "\"admins\"").replace("[\"researcher\"]", "[\"administrator\"]"))
        .expect(1);
    assert_eq!(code("p", "stranger"), "not-a-researcher");
    assert_eq!(code("nowhere", "researcher"), "not-a-researcher");
    hub.query(COUNT).expect(0);
    hub.run(&["project", "suspend", "p"]).expect(0);
    assert_eq!(code("p", "researcher"), "project-suspended");
    hub.run(&["project", "suspend", "p"]).expect(1);
    hub.run(&["project", "resume", "p"]).expect(0);
    hub.query(COUNT).expect(0);
    hub.run(&["project", "close", "p"]).expect(0);
    assert_eq!(code("p", "researcher"), "project-closed");
    hub.run(&["project", "resume", "p"]).expect(1);
    // Who is no member learns nothing of the state.
    assert_eq!(code("p", "stranger"), "not-a-researcher");
}
