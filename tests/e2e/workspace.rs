//! Workspace tables and views: made, used, listed, ended; whole or not at all.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Done, Hub, project};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const COHORT: &str =
    "CREATE TABLE cohort AS SELECT person_id, min(event_date) AS first_date, count(*) AS events
     FROM gp_event WHERE kind = 'diagnosis' GROUP BY person_id";

fn hub() -> Hub {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub.create(&project("q", "automatic", GRANTS)).expect(0);
    hub
}

fn code(done: &Done) -> String {
    done.json()["reasons"][0]["code"].as_str().unwrap_or_default().to_owned()
}

/// Changes the database behind the hub's back, as time or an administrator would.
fn change(hub: &Hub, sql: &str) {
    assert!(hub.database().run(sql).unwrap() > 0, "{sql}");
}

fn list(hub: &Hub, project: &str) -> String {
    hub.run(&["workspace", "list", "--project", project, "--as", "researcher"]).expect(0).out
}

/// The folders of workspace tables.
fn folders(hub: &Hub) -> BTreeSet<String> {
    let root = hub.home().join("vault/_workspace");
    let Ok(projects) = std::fs::read_dir(root) else { return BTreeSet::new() };
    let tables = projects.flat_map(|p| std::fs::read_dir(p.unwrap().path()).unwrap());
    tables.map(|t| t.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn made_used_listed_and_dropped() {
    let hub = hub();
    hub.without_ledger();
    let made = hub.query(COHORT).expect(0).json();
    assert_eq!(made["status"], "created");
    assert!(made.get("rows").is_none() && made["columns"] == json!([]) && made["cells"] == json!([]));
    assert!(made["plan_digest"].as_str().unwrap().starts_with("sha256:"));
    let request = made["request"].as_str().unwrap();
    assert_eq!(folders(&hub), BTreeSet::from([request.to_owned()]));
    hub.query("CREATE VIEW women AS SELECT person_id, district FROM person WHERE sex = 'F'").expect(0);
    hub.query("CREATE TABLE per_district AS SELECT district, count(*) AS n FROM person GROUP BY district")
        .expect(0);
    hub.query("CREATE TABLE pairs AS SELECT * FROM (VALUES ('F', 'a'), ('M', 'b')) AS v(sex, letter)")
        .expect(0);

    // The same as in one query.
    let inner = COHORT.split_once(" AS ").unwrap().1;
    for sql in [
        "SELECT p.sex, count(*) AS n, sum(c.events) AS e FROM person p JOIN {c} c USING (person_id) GROUP BY 1 ORDER BY 1",
        "SELECT w.district, count(*) AS n FROM women w JOIN {c} c USING (person_id) GROUP BY 1 ORDER BY 1",
        "SELECT date_part('year', first_date) AS y, count(*) AS n FROM {c} c GROUP BY 1 ORDER BY 1",
    ] {
        let rows = |table: &str| hub.query(&sql.replace("{c}", table)).expect(0).json()["rows"].clone();
        assert_eq!(rows("cohort"), rows(&format!("({inner})")), "{sql}");
        assert_eq!(rows("workspace.cohort"), rows("cohort"), "{sql}");
    }
    let district = "SELECT district, n FROM per_district ORDER BY district";
    let same = "SELECT district, count(*) AS n FROM person GROUP BY district ORDER BY district";
    let (kept, base) = (hub.query(district).expect(0).json(), hub.query(same).expect(0).json());
    assert_eq!((&kept["rows"], &kept["cells"]), (&base["rows"], &base["cells"]));
    assert_eq!(code(&hub.query("SELECT * FROM cohort").expect(2)), "row-level-output");
    assert_eq!(
        hub.query("SELECT letter FROM pairs ORDER BY 1").expect(0).json()["rows"],
        json!([["a"], ["b"]])
    );

    let listed = list(&hub, "p");
    for part in
        ["workspace.cohort", "people", "person_id person", "workspace.women", "view", "groups", "reference"]
    {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    // Another project has a workspace of its own.
    assert!(!list(&hub, "q").contains("cohort"));
    assert_eq!(
        code(&hub.query_in("q", "researcher", "SELECT count(*) AS n FROM cohort").expect(2)),
        "unknown-table"
    );
    hub.run(&["workspace", "list", "--project", "p", "--as", "stranger"]).expect(1);
    hub.run(&["dataset", "verify"]).expect(0);
    let shown = hub.run(&["audit", "show"]).expect(0).out;
    assert!(shown.contains("workspace-created") && shown.contains("gp/v00001"), "{shown}");

    assert_eq!(hub.query("DROP TABLE cohort").expect(0).json()["status"], "dropped");
    assert_eq!(code(&hub.query("SELECT count(*) AS n FROM cohort").expect(2)), "unknown-table");
    assert!(!folders(&hub).contains(request));
    assert_eq!(code(&hub.query("DROP TABLE cohort").expect(2)), "unknown-object");
    assert_eq!(code(&hub.query("DROP TABLE women").expect(2)), "unknown-object");
    hub.query("DROP VIEW workspace.women").expect(0);
    // The name is free again.
    hub.query(COHORT).expect(0);
    hub.run(&["audit", "verify"]).expect(0);
    let requests = hub.run(&["request", "list", "--as", "researcher"]).expect(0).out;
    assert!(requests.contains("created") && requests.contains("dropped"), "{requests}");
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let hub = hub();
    hub.query(COHORT).expect(0);
    for (sql, expected) in [
        (COHORT, "name-taken"),
        ("CREATE VIEW cohort AS SELECT sex FROM person", "name-taken"),
        ("CREATE TABLE person AS SELECT 1 AS x", "name-taken"),
        ("CREATE VIEW admission AS SELECT 1 AS x", "name-taken"),
        ("CREATE TABLE t AS SELECT * FROM attendance", "unknown-table"),
        ("CREATE TABLE t AS SELECT person_id FROM person LIMIT 5", "limit-below-aggregate"),
        ("CREATE TABLE t AS SELECT count(*) FROM person", "column-name"),
        ("CREATE OR REPLACE TABLE cohort AS SELECT 1 AS x", "not-a-query"),
        ("CREATE TABLE t (x INT)", "not-a-query"),
        ("CREATE SCHEMA s", "not-a-query"),
        ("DROP TABLE person", "unknown-object"),
        ("DROP SCHEMA gp", "not-a-query"),
        ("ALTER TABLE cohort RENAME TO x", "not-a-query"),
        ("INSERT INTO cohort SELECT person_id, NULL, 1 FROM person", "not-a-query"),
        ("CREATE TABLE gp.t AS SELECT 1 AS x", "object-name"),
        ("CREATE TABLE t AS SELECT 1 AS x; SELECT 1", "several-statements"),
    ] {
        let refused = hub.query(sql).expect(2);
        assert_eq!(code(&refused), expected, "{sql}");
        assert!(refused.json().get("rows").is_none());
    }
    assert_eq!(folders(&hub).len(), 1);
    let staging = std::fs::read_dir(hub.home().join("staging")).unwrap();
    let left: Vec<String> = staging.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.starts_with("req_")), "{left:?}");
}

#[test]
fn no_more_than_there_is_room_for() {
    let hub = hub();
    let config = hub.home().join("hub.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text =
        text.replace("objects-max = 64", "objects-max = 3").replace("\nmib-max = 16384", "\nmib-max = 1024");
    std::fs::write(&config, text).unwrap();
    hub.query("CREATE TABLE a AS SELECT person_id FROM person").expect(0);
    hub.query("CREATE TABLE b AS SELECT person_id FROM person WHERE sex = 'X'").expect(0);
    assert_eq!(
        code(&hub.query("CREATE TABLE c AS SELECT person_id FROM person").expect(2)),
        "workspace-full"
    );
    hub.query("CREATE VIEW v AS SELECT person_id FROM a").expect(0);
    assert_eq!(code(&hub.query("CREATE VIEW w AS SELECT person_id FROM a").expect(2)), "workspace-full");
    hub.query("DROP TABLE a").expect(0);
    hub.query("CREATE TABLE c AS SELECT person_id FROM b").expect(0);
    // The view's table is gone; dropping does not ask who uses it.
    assert_eq!(code(&hub.query("SELECT count(*) AS n FROM v").expect(2)), "unknown-table");
}

#[test]
fn what_is_over_suspended_or_not_granted_cannot_be_used() {
    let hub = hub();
    hub.without_ledger();
    hub.query(COHORT).expect(0);
    hub.query("CREATE TABLE older AS SELECT person_id FROM cohort WHERE events > 1").expect(0);
    hub.query("CREATE TABLE women AS SELECT person_id FROM person WHERE sex = 'F'").expect(0);
    hub.query("CREATE VIEW stays AS SELECT a.person_id FROM admission a JOIN women w USING (person_id)")
        .expect(0);
    let count = |table: &str| hub.query(&format!("SELECT count(*) AS n FROM {table}"));
    for table in ["older", "women", "stays"] {
        count(table).expect(0);
    }
    hub.run(&["project", "suspend", "p"]).expect(0);
    assert_eq!(code(&count("older").expect(2)), "project-suspended");
    hub.run(&["project", "resume", "p"]).expect(0);

    // Landed again: nothing of it changes, and the answer says which version stands behind it.
    let journal = hub.path("region/gp/journal-01.csv");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{text}\n")).unwrap();
    hub.land("gp", &hub.path("region/gp")).expect(0);
    let answer = count("older").expect(0).json();
    let versions: Vec<(&str, u64)> = answer["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["name"].as_str().unwrap(), d["version"].as_u64().unwrap()))
        .collect();
    assert!(versions.contains(&("gp", 1)) && versions.contains(&("gp", 2)), "{versions:?}");

    // A column less, another version, the table itself.
    let granted = project("p", "automatic", GRANTS);
    let events = r#"{ name = "gp_event", columns = "all" }"#;
    for narrower in [
        granted.replace(events, r#"{ name = "gp_event", columns = ["person_id", "kind"] }"#),
        granted
            .replace(events, r#"{ name = "gp_event", columns = "all", row-filter = "kind = 'diagnosis'" }"#),
        granted.replace("dataset = \"gp\"\n", "dataset = \"gp\"\nversion = 2\n"),
        granted.replace(&format!(", {events}"), ""),
    ] {
        assert_ne!(narrower, granted);
        change(
            &hub,
            &format!("UPDATE project SET text = '{}' WHERE name = 'p'", narrower.replace('\'', "''")),
        );
        // Through another table too.
        for table in ["older", "cohort"] {
            assert_eq!(code(&count(table).expect(2)), "workspace-not-granted", "{narrower}");
        }
        let made = hub.query("CREATE TABLE x AS SELECT person_id FROM older").expect(2);
        assert_eq!(code(&made), "workspace-not-granted");
        assert!(list(&hub, "p").contains("workspace-not-granted"));
        if !narrower.contains("version = 2") {
            count("women").expect(0);
        }
    }
    let without = granted.split("[[grants]]\ndataset = \"hospital\"").next().unwrap();
    change(&hub, &format!("UPDATE project SET text = '{without}' WHERE name = 'p'"));
    // A view is planned from what is granted now.
    assert_eq!(code(&count("stays").expect(2)), "unknown-table");
    count("older").expect(0);
    change(&hub, &format!("UPDATE project SET text = '{granted}' WHERE name = 'p'"));
    count("stays").expect(0);

    change(&hub, "UPDATE workspace_object SET expires_at = '2024-01-01T00:00:00.000Z' WHERE name = 'older'");
    assert_eq!(code(&count("older").expect(2)), "workspace-expired");
    assert_eq!(folders(&hub).len(), 2);
    assert!(!list(&hub, "p").contains("older"));
    let shown = hub.run(&["audit", "show"]).expect(0).out;
    assert!(shown.contains("workspace-expired"), "{shown}");
    hub.query("CREATE TABLE older AS SELECT person_id FROM cohort").expect(0);
    count("older").expect(0);
    hub.run(&["audit", "verify"]).expect(0);
}

/// Values that are protected already were protected by one policy.
#[test]
fn tables_of_groups_do_not_outlive_their_policy() {
    let hub = hub();
    hub.query("CREATE TABLE g AS SELECT district, count(*) AS n FROM person GROUP BY district").expect(0);
    hub.query("CREATE TABLE t AS SELECT person_id FROM person").expect(0);
    hub.query("SELECT district, n FROM g").expect(0);
    let policy = hub.home().join("policies/disclosure/nhs-england.toml");
    let text = std::fs::read_to_string(&policy).unwrap().replace("min = 8", "min = 12");
    std::fs::write(&policy, text).unwrap();
    assert_eq!(code(&hub.query("SELECT district, n FROM g").expect(2)), "workspace-other-policy");
    hub.query("SELECT count(*) AS n FROM t").expect(0);
}

/// Of several that make the same name at once, one does.
#[test]
fn one_name_is_made_once() {
    let hub = hub();
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| hub.query(COHORT).json())).collect();
        asked.into_iter().map(|a| a.join().unwrap()).collect()
    });
    let created: Vec<&Value> = answers.iter().filter(|a| a["status"] == "created").collect();
    assert_eq!(created.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|a| a["status"] == "created" || a["reasons"][0]["code"] == "name-taken"));
    assert_eq!(folders(&hub), BTreeSet::from([created[0]["request"].as_str().unwrap().to_owned()]));
    hub.query("SELECT count(*) AS n FROM cohort").expect(0);
}

/// A file that was changed, moved or added is found, and is not read.
#[test]
fn workspace_files_are_verified() {
    let hub = hub();
    hub.query("CREATE TABLE a AS SELECT person_id, sex FROM person").expect(0);
    hub.query("CREATE TABLE b AS SELECT person_id, sex FROM person").expect(0);
    hub.run(&["dataset", "verify"]).expect(0);
    let root = hub.home().join("vault/_workspace/p");
    let names: Vec<String> = folders(&hub).into_iter().collect();
    let file = |folder: &str| root.join(folder).join("b000000.parquet");
    let (one, two) = (std::fs::read(file(&names[0])).unwrap(), std::fs::read(file(&names[1])).unwrap());
    // Under another table's name it cannot be opened.
    std::fs::write(file(&names[0]), &two).unwrap();
    std::fs::write(file(&names[1]), &one).unwrap();
    for table in ["a", "b"] {
        assert_eq!(
            code(&hub.query(&format!("SELECT count(*) AS n, count(sex) AS m FROM {table}")).expect(1)),
            "query-failed"
        );
    }
    assert!(hub.run(&["dataset", "verify"]).expect(1).out.contains("NOT as written"));
    std::fs::write(file(&names[0]), &one).unwrap();
    std::fs::write(file(&names[1]), &two).unwrap();
    hub.run(&["dataset", "verify"]).expect(0);
    std::fs::write(root.join("stray"), "x").unwrap();
    assert!(hub.run(&["dataset", "verify"]).expect(1).out.contains("_workspace/p/stray"));
}

/// A table that is cut off while it is written (too large, out of time, no longer wanted) answers like any query
/// that is, and leaves nothing behind.
#[test]
fn a_table_that_is_cut_off_leaves_nothing() {
    const LARGE: &str = "CREATE TABLE t AS SELECT a.person_id, a.code, b.event_date, c.value \
         FROM gp_event a JOIN gp_event b ON a.person_id = b.person_id JOIN gp_event c ON a.person_id = c.person_id \
         JOIN gp_event d ON a.person_id = d.person_id JOIN gp_event e ON a.person_id = e.person_id";
    let hub = hub();
    let set = |from: &str, to: &str| {
        let path = hub.home().join("hub.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        std::fs::write(&path, text.replace(from, to)).unwrap();
    };
    let nothing_left = || {
        hub.run(&["request", "list", "--as", "researcher"]).expect(0);
        assert_eq!(folders(&hub), BTreeSet::new());
        assert!(!list(&hub, "p").contains("workspace.t"));
        let staging = std::fs::read_dir(hub.home().join("staging")).unwrap();
        let left: Vec<String> = staging.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        assert!(left.iter().all(|name| !name.starts_with("req_")), "{left:?}");
    };
    let fixed = |done: &Done| {
        let mut answer = done.json();
        for own in ["request", "plan_digest"] {
            answer[own] = Value::Null;
        }
        (done.code, answer.to_string(), done.err.replace(|c: char| c.is_ascii_digit(), ""))
    };
    // Its process has no memory for so many rows, or no time, or the table no room.
    set("memory-mib-max = 4096", "memory-mib-max = 16");
    let memory = hub.query(LARGE).expect(1);
    nothing_left();
    set("memory-mib-max = 16", "memory-mib-max = 4096");
    set("\nseconds-max = 300", "\nseconds-max = 1");
    let time = hub.query(LARGE).expect(1);
    nothing_left();
    set("\nseconds-max = 1", "\nseconds-max = 300");
    set("table-mib-max = 512", "table-mib-max = 1");
    let size = hub
        .query("CREATE TABLE t AS SELECT a.person_id, concat(a.code, CAST(b.event_date AS TEXT), CAST(c.value AS TEXT), CAST(a.event_date AS TEXT), c.code) AS text FROM gp_event a JOIN gp_event b ON a.person_id = b.person_id JOIN gp_event c ON a.person_id = c.person_id")
        .expect(1);
    nothing_left();
    assert_eq!(code(&memory), "query-failed");
    assert_eq!(fixed(&memory), fixed(&time));
    assert_eq!(fixed(&memory), fixed(&size));
    set("table-mib-max = 1", "table-mib-max = 512");
    let args = ["query", "--project", "p", "--as", "researcher", "--format", "json", LARGE];
    let mut child = hub.command(&args).stdout(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = std::process::Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let mut out = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["reasons"][0]["code"], "cancelled");
    nothing_left();
    hub.query(COHORT).expect(0);
    hub.run(&["audit", "verify"]).expect(0);
}
