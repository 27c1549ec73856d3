//! What lands, and that it stays what it was.

use cloister_synth::ErrorRates;
use cloister_tests::Hub;
use std::collections::BTreeMap;

/// The synthetic region knows what it got wrong; landing must find exactly that.
#[test]
fn every_injected_error_is_found_and_nothing_else() {
    let hub = Hub::of_region(3_000, ErrorRates::default());
    let mut expected: Vec<(String, u64)> = Vec::new();
    let mut errors = csv::Reader::from_path(hub.path("region/truth/errors.csv")).unwrap();
    for record in errors.records().map(Result::unwrap) {
        if &record[4] == "true" {
            expected.push((record[0].to_owned(), record[1].parse().unwrap()));
        }
    }
    let mut found: Vec<(String, u64)> = Vec::new();
    for feed in ["gp", "hospital", "emergency", "pathology", "social-care"] {
        let path = hub.home().join(format!("rejects/{feed}-v00001/rejects.csv"));
        for record in csv::Reader::from_path(path).unwrap().records().map(Result::unwrap) {
            found.push((record[0].to_owned(), record[1].parse().unwrap()));
        }
    }
    expected.sort();
    expected.dedup();
    found.sort();
    found.dedup();
    assert!(expected.len() > 100);
    assert_eq!(found, expected);

    let mut rows = BTreeMap::new();
    for record in
        csv::Reader::from_path(hub.path("region/truth/counts.csv")).unwrap().records().map(Result::unwrap)
    {
        let (all, wrong): (u64, u64) = (record[1].parse().unwrap(), record[2].parse().unwrap());
        rows.insert(record[0].to_owned(), all - wrong);
    }
    let landed = |feed: &str, table: usize| {
        let path = hub.home().join(format!("rejects/{feed}-v00001/summary.json"));
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        json["tables"][table]["landed"].as_u64().unwrap()
    };
    assert_eq!(landed("gp", 0), rows["registrations"]);
    assert_eq!(landed("gp", 1), rows["journal"]);
    assert_eq!(landed("hospital", 0), rows["admissions"]);
    assert_eq!(landed("emergency", 0), rows["attendances"]);
    assert_eq!(landed("pathology", 0), rows["results"]);
    assert_eq!(landed("social-care", 0), rows["services"]);
}

#[test]
fn verify_finds_what_changed_in_the_vault() {
    let hub = Hub::of_region(300, ErrorRates::NONE);
    assert!(hub.run(&["dataset", "verify"]).expect(0).out.contains("as landed"));
    let file = hub.home().join("vault/gp/v00001/gp_event/b000000.parquet");
    let good = std::fs::read(&file).unwrap();

    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    std::fs::write(&file, &bad).unwrap();
    assert!(
        hub.run(&["dataset", "verify", "gp"])
            .expect(1)
            .out
            .contains("changed: gp/v00001/gp_event/b000000.parquet")
    );

    std::fs::remove_file(&file).unwrap();
    assert!(
        hub.run(&["dataset", "verify"]).expect(1).out.contains("missing: gp/v00001/gp_event/b000000.parquet")
    );

    std::fs::write(&file, &good).unwrap();
    std::fs::write(hub.home().join("vault/gp/v00001/person/more.parquet"), "x").unwrap();
    assert!(hub.run(&["dataset", "verify"]).expect(1).out.contains("extra: gp/v00001/person/more.parquet"));
    std::fs::remove_file(hub.home().join("vault/gp/v00001/person/more.parquet")).unwrap();
    std::fs::create_dir_all(hub.home().join("vault/gp/v00009/person")).unwrap();
    std::fs::create_dir_all(hub.home().join("vault/nobody")).unwrap();
    let answer = hub.run(&["dataset", "verify"]).expect(1).out;
    assert!(
        answer.contains("of no dataset: gp/v00009") && answer.contains("of no dataset: nobody"),
        "{answer}"
    );
}

#[test]
fn a_person_is_the_same_in_every_dataset_and_version() {
    use cloister_tests::project;
    let hub = Hub::of_region(500, ErrorRates::NONE);
    // The same people again, so that there are new files but nobody new.
    let journal = hub.path("region/gp/registrations.csv");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{text}\n")).unwrap();
    let done = hub.land("gp", &hub.path("region/gp")).expect(0);
    assert!(done.out.contains("500 in the hub, 0 of them new"), "{}", done.out);
    let grants = r#"
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }]
[[grants]]
dataset = "pathology"
tables = [{ name = "result", columns = "all" }]
"#;
    hub.create(&project("p", "automatic", grants)).expect(0);
    let answer = hub
        .query("SELECT count(DISTINCT p.person_id) AS n FROM person p JOIN result r USING (person_id)")
        .expect(0)
        .json();
    let results = std::fs::read_to_string(hub.path("region/pathology/results.csv")).unwrap();
    let people: std::collections::BTreeSet<&str> = results.lines().skip(1).map(|l| &l[..10]).collect();
    assert_eq!(answer["rows"][0][0].as_u64().unwrap() as usize, (people.len() + 2) / 5 * 5);
}
