//! The log finds what was done to it.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Database, Hub, project};

#[test]
fn everything_is_in_the_log_and_the_log_is_whole() {
    let hub = Hub::of_region(150, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub.create(&project("reviewed", "two", GRANTS)).expect(0);
    hub.query("SELECT count(*) AS n FROM person").expect(0);
    hub.query("SELECT * FROM person").expect(2);
    hub.query_in("reviewed", "researcher", "SELECT count(*) AS n FROM person").expect(3);
    let shown = hub.run(&["audit", "show"]).expect(0).out;
    for kind in [
        "hub-created",
        "dataset-landed",
        "project-created",
        "query-submitted",
        "release-made",
        "query-refused",
        "query-held",
    ] {
        assert!(shown.contains(kind), "{kind}: {shown}");
    }
    assert!(hub.run(&["audit", "verify"]).expect(0).out.contains("whole"));
    let export = hub.run(&["audit", "export"]).expect(0).out;
    assert!(export.lines().count() > 20);
}

/// Verifies a text from where there is no hub.
fn verify(hub: &Hub, text: &str) -> cloister_tests::Done {
    let (file, key) = (hub.write("signed.json", text), hub.home().join("audit/audit.pub"));
    let nowhere = hub.path("nowhere");
    let args = ["verify", file.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let output = hub.command(&args).env("CLOISTER_HOME", nowhere).output().unwrap();
    cloister_tests::Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn what_the_log_says_is_proven_without_the_hub() {
    let hub = Hub::of_region(60, ErrorRates::NONE);
    let export = hub.run(&["audit", "export"]).expect(0).out;
    assert!(verify(&hub, &export).expect(0).out.contains("the audit log is whole"));
    let early: serde_json::Value = serde_json::from_str(export.lines().last().unwrap()).unwrap();
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    // One record, and that the log only grew.
    let receipt = hub.run(&["audit", "receipt", "2"]).expect(0).out;
    let said = verify(&hub, &receipt).expect(0).out;
    assert!(said.contains("record 2 is in the log") && said.contains("\"actor\""), "{said}");
    let grown = hub.run(&["audit", "consistency", &early["size"].to_string()]).expect(0).out;
    let said = verify(&hub, &grown).expect(0).out;
    assert!(said.contains(early["root"].as_str().unwrap()), "{said}");
    hub.run(&["audit", "receipt", "100000"]).expect(1);
    hub.run(&["audit", "consistency", "100000"]).expect(1);
    // None of them says anything else.
    let export = hub.run(&["audit", "export"]).expect(0).out;
    let cut: Vec<&str> = export.lines().filter(|line| !line.ends_with("\"seq\":3}")).collect();
    assert!(verify(&hub, &cut.join("\n")).expect(1).err.contains("record 3 is missing"));
    let moved = receipt.replace("\"seq\":2", "\"seq\":3");
    assert!(verify(&hub, &moved).expect(1).err.contains("audit-not-included"));
    let other = grown.replacen(early["root"].as_str().unwrap(), &format!("sha256:{}", "ab".repeat(32)), 1);
    assert!(verify(&hub, &other).expect(1).err.contains("audit-signature"));
    let file = hub.write("signed.json", &receipt);
    assert!(hub.run(&["verify", file.to_str().unwrap()]).expect(1).err.contains("--key"));
}

/// Runs SQL on the database as somebody would who has it.
fn tamper(hub: &Hub, sql: &str) -> Result<(), sqlx::Error> {
    hub.database().run(sql).map(drop)
}

/// A copy of the whole database.
enum Copy {
    File(Vec<u8>),
    Tables,
}

const TABLES: [&str; 4] = ["request", "audit_record", "audit_checkpoint", "audit_frontier"];

impl Copy {
    fn of(hub: &Hub) -> Self {
        match hub.database() {
            Database::Sqlite(file) => Self::File(std::fs::read(file).unwrap()),
            Database::Postgres { .. } => {
                for table in TABLES {
                    tamper(hub, &format!("CREATE TABLE copy_{table} AS SELECT * FROM {table}")).unwrap();
                }
                Self::Tables
            }
        }
    }

    fn put_back(self, hub: &Hub) {
        match (self, hub.database()) {
            (Self::File(bytes), Database::Sqlite(file)) => {
                for extra in ["db-wal", "db-shm"] {
                    let _ = std::fs::remove_file(file.with_extension(extra));
                }
                std::fs::write(file, bytes).unwrap();
            }
            _ => {
                for table in TABLES {
                    let back = format!(
                        "ALTER TABLE {table} DISABLE TRIGGER ALL; DELETE FROM {table};
                         INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM copy_{table};
                         ALTER TABLE {table} ENABLE TRIGGER ALL; DROP TABLE copy_{table}"
                    );
                    tamper(hub, &back).unwrap();
                }
            }
        }
    }
}

/// What such a person does first.
fn unlock(hub: &Hub) {
    for table in ["audit_record", "audit_checkpoint"] {
        for act in ["update", "delete"] {
            let on = if hub.database().is_postgres() { format!("ON {table}") } else { String::new() };
            tamper(hub, &format!("DROP TRIGGER {table}_{act} {on}")).unwrap();
        }
    }
}

/// An event with another actor.
const OTHER_ACTOR: [&str; 2] = [
    "UPDATE audit_record SET event = CAST(replace(CAST(event AS TEXT), 'researcher', 'somebody') AS BLOB) WHERE seq = 2;",
    "UPDATE audit_record SET event = convert_to(replace(convert_from(event, 'UTF8'), 'researcher', 'somebody'), 'UTF8') WHERE seq = 2;",
];

#[test]
fn edits_deletions_insertions_and_moves_are_found() {
    for change in [
        "",
        "DELETE FROM audit_record WHERE seq = 2;",
        "DELETE FROM audit_record WHERE seq = (SELECT max(seq) FROM audit_record);",
        "INSERT INTO audit_record SELECT seq + 1, event, leaf FROM audit_record ORDER BY seq DESC LIMIT 1;",
        "UPDATE audit_record SET seq = 1000 WHERE seq = 2; UPDATE audit_record SET seq = 2 WHERE seq = 3; UPDATE audit_record SET seq = 3 WHERE seq = 1000;",
        "DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint);
         DELETE FROM audit_record WHERE seq = (SELECT max(seq) FROM audit_record);",
        "UPDATE audit_checkpoint SET line = replace(line, '\"size\":2', '\"size\":3') WHERE size = 2;",
    ] {
        let hub = Hub::new();
        for i in 0..3 {
            hub.query_in(&format!("nowhere{i}"), "researcher", "SELECT 1").expect(2);
        }
        hub.run(&["audit", "verify"]).expect(0);
        let change =
            if change.is_empty() { OTHER_ACTOR[usize::from(hub.database().is_postgres())] } else { change };
        unlock(&hub);
        assert!(hub.database().run(change).unwrap() > 0, "{change}");
        let done = hub.run(&["audit", "verify"]);
        assert_eq!(done.code, 1, "{change}: {done:?}");
        assert!(done.err.contains("error[audit-"), "{change}: {}", done.err);
    }
}

#[test]
fn the_log_cannot_be_changed_by_accident() {
    let hub = Hub::new();
    for change in [
        "DELETE FROM audit_record",
        "UPDATE audit_record SET leaf = ''",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET line = ''",
    ] {
        assert!(tamper(&hub, change).unwrap_err().to_string().contains("append-only"), "{change}");
    }
}

#[test]
fn a_database_put_back_to_an_older_copy_is_found() {
    let hub = Hub::new();
    let earlier = Copy::of(&hub);
    hub.query_in("nowhere", "researcher", "SELECT 1").expect(2);
    hub.run(&["audit", "verify"]).expect(0);
    earlier.put_back(&hub);
    let done = hub.run(&["audit", "verify"]).expect(1);
    assert!(done.err.contains("error[audit-"), "{}", done.err);
}
