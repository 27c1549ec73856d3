//! Queries run in processes of their own: what dies there takes nobody along, and says nothing.
#![cfg(target_os = "linux")]

use crate::query::GRANTS;
use cloister_store::KeyWrap;
use cloister_synth::ErrorRates;
use cloister_tests::{Done, Hub, project};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// It goes on for hours.
pub(crate) const LONG: &str = "SELECT count(*) AS n FROM gp_event a JOIN gp_event b ON a.person_id = b.person_id \
     JOIN gp_event c ON a.person_id = c.person_id JOIN gp_event d ON a.person_id = d.person_id \
     JOIN gp_event e ON a.person_id = e.person_id JOIN gp_event f ON a.person_id = f.person_id \
     JOIN gp_event g ON a.person_id = g.person_id JOIN gp_event h ON a.person_id = h.person_id";
const SHORT: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex";
const FAILED: &str = "The query could not be completed.";

/// A hub with limits of the test's in the place of the defaults.
fn hub(limits: &[(&str, &str)]) -> Hub {
    let hub = Hub::of_region(300, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let path = hub.home().join("hub.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (key, value) in limits {
        let line = text.lines().find(|l| l.starts_with(&format!("{key} = "))).unwrap().to_owned();
        text = text.replace(&line, &format!("{key} = {value}"));
    }
    std::fs::write(&path, text).unwrap();
    hub
}

fn asked(hub: &Hub, project: &str, sql: &str) -> Child {
    let mut command =
        hub.command(&["query", "--project", project, "--as", "researcher", "--format", "json", sql]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn done(child: Child) -> Done {
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The process that works for this one, once it is locked in.
fn worker_of(parent: u32) -> u32 {
    let since = Instant::now();
    loop {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            if is_worker_of(pid, parent) && status(pid, "Seccomp").as_deref() == Some("2") {
                return pid;
            }
        }
        assert!(since.elapsed() < Duration::from_secs(60), "no worker");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_worker_of(pid: u32, parent: u32) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command.ends_with(b"engine-worker\0") && status(pid, "PPid") == Some(parent.to_string())
}

fn status(pid: u32, field: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

fn lives(pid: u32) -> bool {
    !matches!(status(pid, "State").as_deref(), None | Some("Z (zombie)"))
}

fn gone(pid: u32) {
    let since = Instant::now();
    while lives(pid) {
        assert!(since.elapsed() < Duration::from_secs(10), "process {pid} lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap().success());
}

/// An answer without what differs between any two.
fn fixed(answer: &Done) -> Value {
    let mut json = answer.json();
    assert!(json["request"].as_str().unwrap().starts_with("req_"));
    json["request"] = Value::Null;
    json["plan_digest"] = Value::Null;
    assert_eq!(json["reasons"][0]["code"], "query-failed", "{answer:?}");
    assert_eq!(json["reasons"][0]["message"], FAILED);
    assert_eq!(answer.code, 1);
    json
}

fn cause(hub: &Hub, request: &str) -> String {
    let log = hub.run(&["audit", "export"]).expect(0).out;
    let line = log.lines().find(|l| l.contains("query-failed") && l.contains(request)).unwrap();
    let from = line.split("cause").nth(1).unwrap();
    from.trim_start_matches(['\\', '"', ':']).split(['\\', '"']).next().unwrap().to_owned()
}

#[test]
fn whatever_breaks_a_query_off_gets_one_answer() {
    let hub = hub(&[("seconds-max", "3"), ("memory-mib-max", "64"), ("cells-max", "8")]);
    let config = hub.home().join("hub.toml");
    let mut answers = Vec::new();
    // Too long.
    let since = Instant::now();
    answers.push((hub.query(LONG), "time-limit"));
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("seconds-max = 3\n", "seconds-max = 300\n")).unwrap();
    // Too much memory: outside the operators' pool, where only the process's own limit sees it.
    // A condition that is pushed down through these doubles each time.
    let mut with = vec!["q0 AS (SELECT person_id, sex AS x FROM person)".to_owned()];
    with.extend((0..40).map(|i| format!("q{} AS (SELECT person_id, x || x AS x FROM q{i})", i + 1)));
    let text = format!("WITH {} SELECT count(*) AS n FROM q40 WHERE length(x) > 5", with.join(", "));
    let since = Instant::now();
    answers.push((hub.query(&text), "signal-6"));
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
    // Too many cells.
    answers.push((hub.query("SELECT birth_year, count(*) AS n FROM person GROUP BY birth_year"), "engine"));
    // Killed from outside.
    for (name, expected) in [("KILL", "signal-9"), ("TERM", "signal-15"), ("ABRT", "signal-6")] {
        let child = asked(&hub, "p", LONG);
        signal(name, worker_of(child.id()));
        answers.push((done(child), expected));
    }
    let first = fixed(&answers[0].0);
    for (answer, expected) in &answers {
        assert_eq!(fixed(answer), first);
        let json = answer.json();
        let request = json["request"].as_str().unwrap();
        let cause = cause(&hub, request);
        assert_eq!(cause, *expected);
        assert!(!answer.err.contains(&cause) && !answer.out.contains(&cause), "{answer:?}");
        // What is known is kept for checkers, sealed.
        let account = std::fs::read(hub.home().join(format!("failures/{request}.sealed"))).unwrap();
        assert!(account.len() >= 60 && !String::from_utf8_lossy(&account).contains("cells"), "{request}");
        let shown = hub.run(&["request", "show", request, "--as", "researcher"]).expect(0).out;
        assert!(shown.contains("failed") && !shown.contains(&cause), "{shown}");
    }
    let request = answers[2].0.json()["request"].as_str().unwrap().to_owned();
    let sealed = std::fs::read(hub.home().join(format!("failures/{request}.sealed"))).unwrap();
    let key = cloister_store::read_key(&hub.home().join("keys/vault.key")).unwrap();
    let key = cloister_store::VaultKey::from_bytes(&key);
    let told = key.open(&format!("failure|{request}"), &sealed).unwrap();
    assert!(String::from_utf8_lossy(&told).contains("cells"), "{told:?}");
    hub.query(SHORT).expect(0);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_plan_that_overflows_the_stack_takes_nobody_along() {
    let hub = hub(&[]);
    hub.create(&project("deep", "automatic", GRANTS)).expect(0);
    // No researcher can write so much; whoever provisions a project can.
    let filter = format!("1 = 1{}", " OR 1 = 1".repeat(60_000));
    let deep = GRANTS.replacen(
        "{ name = \"person\", columns = \"all\" }",
        &format!("{{ name = \"person\", columns = \"all\", row-filter = \"{filter}\" }}"),
        1,
    );
    let refused = hub.create(&project("other", "automatic", &deep)).expect(1);
    assert!(refused.err.contains("cannot be planned"), "{refused:?}");
    replace_project(&hub, "deep", &project("deep", "automatic", &deep));
    let (overflowing, neighbour) = (asked(&hub, "deep", SHORT), asked(&hub, "p", SHORT));
    let (overflowing, neighbour) = (done(overflowing), done(neighbour));
    fixed(&overflowing);
    assert_eq!(cause(&hub, overflowing.json()["request"].as_str().unwrap()), "signal-6");
    assert_eq!(neighbour.expect(0).json()["rows"].as_array().unwrap().len(), 2);
    hub.query(SHORT).expect(0);
}

fn replace_project(hub: &Hub, name: &str, text: &str) {
    let text = text.replace('\'', "''");
    let changed = hub.database().run(&format!("UPDATE project SET text = '{text}' WHERE name = '{name}'"));
    assert_eq!(changed.unwrap(), 1);
}

#[test]
fn a_worker_dies_with_its_parent_and_for_whoever_cancels() {
    let hub = hub(&[]);
    let mut child = asked(&hub, "p", LONG);
    let worker = worker_of(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    gone(worker);
    // The next who opens the hub settles what was left, and its place in the queue is free.
    assert!(hub.run(&["request", "list", "--as", "researcher"]).expect(0).out.contains("interrupted"));
    for name in ["INT", "TERM"] {
        let child = asked(&hub, "p", LONG);
        let worker = worker_of(child.id());
        signal(name, child.id());
        let answer = done(child);
        gone(worker);
        assert_eq!(answer.code, 1, "{answer:?}");
        let json = answer.json();
        assert_eq!((&json["status"], &json["reasons"][0]["code"]), (&"failed".into(), &"cancelled".into()));
        let request = json["request"].as_str().unwrap();
        assert!(
            hub.run(&["request", "show", request, "--as", "researcher"]).expect(0).out.contains("cancelled")
        );
    }
    hub.query(SHORT).expect(0);
}

/// Files of a folder, by path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn a_worker_is_locked_in() {
    let hub = hub(&[("sandbox", "\"required\"")]);
    let answer = hub.query(SHORT).expect(0);
    assert!(!answer.err.contains("WARNING"), "{answer:?}");
    let before = files(&hub.home());
    let mut child = asked(&hub, "p", LONG);
    let worker = worker_of(child.id());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(status(worker, "NoNewPrivs").as_deref(), Some("1"));
    // At most the power to read what the hub's account owns (bit 2).
    let powers = u64::from_str_radix(&status(worker, "CapPrm").unwrap(), 16).unwrap();
    assert_eq!(powers & !4, 0, "{powers:x}");
    assert_eq!(std::fs::read(format!("/proc/{worker}/environ")).unwrap_or_default(), b"");
    let vault = hub.home().join("vault").canonicalize().unwrap();
    // Only root can look into a process that cannot be looked into.
    for entry in std::fs::read_dir(format!("/proc/{worker}/fd")).into_iter().flatten().flatten() {
        let Ok(open) = std::fs::read_link(entry.path()) else { continue };
        let text = open.to_string_lossy();
        assert!(text.starts_with("pipe:") || open.starts_with(&vault), "{text}");
    }
    // Nothing is spilled, or left anywhere.
    let new: Vec<PathBuf> = files(&hub.home()).into_iter().filter(|f| !before.contains(f)).collect();
    let known = |f: &PathBuf| {
        let text = f.to_string_lossy();
        text.ends_with(".lock") || text.contains("/queue/") || text.contains("cloister.db-")
    };
    assert!(new.iter().all(known), "{new:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    gone(worker);
}

#[test]
fn limits_are_told_before_anything_runs() {
    let hub = hub(&[("rows-max", "700")]);
    hub.without_ledger();
    hub.query(SHORT).expect(0);
    let twice = "SELECT a.sex, count(*) AS n FROM person a JOIN person b USING (person_id) GROUP BY a.sex";
    hub.query(twice).expect(0);
    let thrice = "SELECT a.sex, count(*) AS n FROM person a JOIN person b USING (person_id) \
                  JOIN person c USING (person_id) GROUP BY a.sex";
    let subquery = "SELECT sex, count(*) AS n FROM person WHERE person_id IN (SELECT person_id FROM gp_event) GROUP BY sex";
    for sql in [thrice, subquery] {
        let answer = hub.query(sql).expect(2);
        assert_eq!(answer.json()["reasons"][0]["code"], "too-many-rows", "{answer:?}");
    }
    std::fs::write(hub.home().join("hub.toml"), "name = \"north\"\n[query]\nseconds-max = 0\n").unwrap();
    assert_eq!(hub.query(SHORT).expect(1).json()["reasons"][0]["code"], "config");
}

#[test]
fn who_waits_too_long_is_refused_and_projects_take_turns() {
    let hub = hub(&[("queries-max", "1"), ("seconds-max", "8"), ("queue-seconds-max", "1")]);
    hub.create(&project("q", "automatic", GRANTS)).expect(0);
    let mut long = asked(&hub, "p", LONG);
    worker_of(long.id());
    let busy = hub.query_in("q", "researcher", SHORT).expect(2).json();
    assert_eq!((&busy["status"], &busy["reasons"][0]["code"]), (&"refused".into(), &"busy".into()));
    long.kill().unwrap();
    long.wait().unwrap();
    hub.query(SHORT).expect(0);
    // One runs; then two of the same project, then one of another, which is let in first.
    let config = hub.home().join("hub.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("queue-seconds-max = 1", "queue-seconds-max = 60")).unwrap();
    let long = asked(&hub, "p", LONG);
    worker_of(long.id());
    let mut waiting = Vec::new();
    for (place, name) in ["p", "p", "q"].into_iter().enumerate() {
        waiting.push(asked(&hub, name, SHORT));
        in_queue(&hub, place + 2);
    }
    fixed(&done(long));
    let requests: Vec<String> = waiting
        .into_iter()
        .map(|child| done(child).expect(0).json()["request"].as_str().unwrap().to_owned())
        .collect();
    let log = hub.run(&["audit", "export"]).expect(0).out;
    let released =
        |request: &str| log.lines().position(|l| l.contains("release-made") && l.contains(request)).unwrap();
    let order: Vec<usize> = requests.iter().map(|r| released(r)).collect();
    assert!(order[2] < order[0] && order[0] < order[1], "{order:?}");
}

/// Waits until so many have a place in the queue.
fn in_queue(hub: &Hub, places: usize) {
    let since = Instant::now();
    loop {
        let text = std::fs::read_to_string(hub.home().join("queue/queue.json")).unwrap_or_default();
        let list: Value = serde_json::from_str(&text).unwrap_or_default();
        if list["places"].as_array().is_some_and(|p| p.len() == places) {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
