//! What people were told, held against what is there afterwards.

use cloister_tests::Hub;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Everything that was acknowledged.
#[derive(Default)]
pub(super) struct Account {
    acts: Mutex<Vec<(String, &'static str)>>,
    states: Mutex<BTreeMap<String, String>>,
    keys: Mutex<BTreeSet<String>>,
}

fn events(export: &str) -> Vec<Value> {
    let lines = export.lines().filter(|line| line.starts_with(r#"{"event":"#));
    lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone()).collect()
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}

impl Account {
    /// Notes a key that something is asked with; the key.
    pub(super) fn key(&self, key: &str) -> String {
        self.keys.lock().unwrap().insert(key.to_owned());
        key.to_owned()
    }

    pub(super) fn acknowledged(&self, subject: &str, kind: &'static str) {
        self.acts.lock().unwrap().push((subject.to_owned(), kind));
    }

    pub(super) fn settled(&self, query: &str, state: &str) {
        self.states.lock().unwrap().insert(query.to_owned(), state.to_owned());
    }

    pub(super) fn len(&self) -> usize {
        self.acts.lock().unwrap().len()
    }

    /// Everything that was acknowledged is in the log, once where it was asked once, and the log allows what it tells.
    pub(super) fn check(&self, export: &str) {
        let events = events(export);
        let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for event in &events {
            *kinds.entry((text(event, "subject"), text(event, "kind"))).or_default() += 1;
        }
        for (subject, kind) in self.acts.lock().unwrap().iter() {
            assert!(
                kinds.contains_key(&(subject.as_str(), *kind)),
                "{kind} of {subject} was acknowledged and is gone"
            );
        }
        // A query, or a request, that was sent many times was asked once.
        let asked = |kind: &str| events.iter().filter(|e| text(e, "kind") == kind).count();
        let keys = self.keys.lock().unwrap();
        let sent = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
        assert_eq!(asked("query-submitted"), sent("query-"));
        assert_eq!(asked("request-created"), sent("request-"));
        for ((subject, kind), count) in &kinds {
            let once = [
                "query-submitted",
                "query-held",
                "query-refused",
                "release-made",
                "request-released",
                "request-approved",
            ];
            assert!(!once.contains(kind) || *count == 1, "{kind} of {subject}: {count} times");
        }
        for (query, state) in self.states.lock().unwrap().iter() {
            let kind = match state.as_str() {
                "held" => "query-held",
                "released" => "release-made",
                "refused" => "query-refused",
                "failed" => "query-failed",
                "interrupted" => "query-interrupted",
                other => panic!("{query} is {other}"),
            };
            assert!(
                kinds.contains_key(&(query.as_str(), kind)),
                "{query} was {state}, which the log does not tell"
            );
        }
        for (subject, steps) in by_request(&events) {
            check_steps(subject, &steps);
        }
    }
}

fn by_request(events: &[Value]) -> BTreeMap<&str, Vec<&Value>> {
    let mut requests: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for event in events.iter().filter(|e| text(e, "kind").starts_with("request-")) {
        requests.entry(text(event, "subject")).or_default().push(event);
    }
    requests
}

/// No release without its decision, no decision without its checkers, nothing after an end.
fn check_steps(subject: &str, steps: &[&Value]) {
    let mut state = "";
    let (mut finished, mut over) = (BTreeSet::new(), false);
    for step in steps {
        let kind = text(step, "kind");
        assert!(!over, "{subject}: {kind} after its end");
        match kind {
            "request-review-finished" => {
                assert_eq!(state, "submitted", "{subject}: {kind}");
                assert!(finished.insert(text(step, "actor")), "{subject}: one checker finished twice");
            }
            "request-submitted" => state = "submitted",
            "request-approved" | "request-rejected" => {
                assert_eq!(state, "submitted", "{subject}: {kind}");
                let needed = if text(&step["details"], "project") == "two-eyes" { 2 } else { 1 };
                assert!(finished.len() >= needed, "{subject}: decided by {finished:?}");
                assert!(
                    finished.contains(text(step, "actor")),
                    "{subject}: decided by somebody who did not check it"
                );
                state = "decided";
                over = kind == "request-rejected";
            }
            "request-released" => {
                assert_eq!(state, "decided", "{subject}: released without a decision");
                over = true;
            }
            _ => {}
        }
    }
    assert!(over || state == "submitted", "{subject} was approved and never released");
}

/// What lies in the home is what the log tells: each package whole, none besides.
pub(super) fn check_home(hub: &Hub, export: &str) {
    let events = events(export);
    let told: BTreeSet<&str> =
        events.iter().filter(|e| text(e, "kind") == "release-made").map(|e| text(e, "subject")).collect();
    let folders = std::fs::read_dir(hub.home().join("releases")).unwrap();
    let there: BTreeSet<String> = folders.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there.iter().map(String::as_str).collect::<BTreeSet<_>>(), told);
    let key = hub.home().join("audit/audit.pub");
    for release in there {
        let package = hub.home().join("releases").join(release);
        hub.run(&["verify", package.to_str().unwrap(), "--key", key.to_str().unwrap()]).expect(0);
    }
}
