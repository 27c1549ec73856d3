//! Extracts that try to do more than be read.

use cloister_tests::Hub;

const CONTRACT: &str = r#"
name = "t"
version = 1
title = "Test"
person-scheme = "nhs-number"
rejects = { fraction-max = 1.0 }
[[tables]]
name = "thing"
files = ["thing*.csv"]
person = "nhs"
columns = [
  { name = "nhs", to = "person_id", type = "text", class = "identifier", required = true, transform = { pseudonymise = "person" } },
  { name = "code", type = "text", class = "code", pattern = "[A-Z]+" },
]
"#;

fn land(hub: &Hub, name: &str, text: &str) -> cloister_tests::Done {
    let contract = hub.write("t.toml", CONTRACT);
    let file = hub.write(name, text);
    hub.run(&["dataset", "land", contract.to_str().unwrap(), "--from", file.to_str().unwrap()])
}

/// The name of a file is the sender's: it must not reach a report as a formula or break its lines.
#[test]
fn names_of_files_cannot_break_the_report() {
    let hub = Hub::new();
    land(&hub, "thing,\"x\".csv", "nhs,code\n123,A\n").expect(0);
    let report = std::fs::read_to_string(hub.home().join("rejects/t-v00001/rejects.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(report.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    assert_eq!(&record[0], "thing,\"x\".csv");
    assert_eq!(&record[3], "nhs-number-invalid");
}

/// Numbers that are no NHS numbers, however they are written.
#[test]
fn only_nhs_numbers_are_people() {
    let hub = Hub::new();
    let wrong = [
        "9434765910",
        "943476591",
        "94347659190",
        "1111111111",
        "0000000000",
        "9434 765 91O",
        "９４３４７６５９１９",
        "-9434765919",
        "9.434765919e9",
    ];
    let right = ["9434765919", "943 476 5919", "943-476-5919", " 9434765919 "];
    let text: String = wrong.iter().chain(&right).map(|n| format!("{n},A\n")).collect();
    let done = land(&hub, "thing.csv", &format!("nhs,code\n{text}")).expect(0);
    assert!(done.out.contains("people: 1 in the hub"), "{}", done.out);
    let report = std::fs::read_to_string(hub.home().join("rejects/t-v00001/rejects.csv")).unwrap();
    assert_eq!(report.lines().count(), 1 + wrong.len(), "{report}");
    assert!(!report.contains("9434") && !done.err.contains("9434"));
}

/// A key that others can read is no key.
#[test]
fn exposed_keys_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    for key in ["pseudonym", "vault", "audit"] {
        let hub = Hub::new();
        let path = hub.home().join(format!("keys/{key}.key"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let done = land(&hub, "thing.csv", "nhs,code\n9434765919,A\n").expect(1);
        assert!(done.err.contains("key-exposed"), "{key}: {}", done.err);
    }
}
