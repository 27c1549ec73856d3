//! What comes back and goes in again: results replaced, files for checkers only, rules set aside, earlier releases.

use super::{SQL, hub};
use cloister_tests::{Browser, Hub, Server};
use serde_json::{Value, json};

const FEMALE: &str =
    "SELECT sex, count(*) AS n FROM person WHERE birth_year < 1990 GROUP BY sex ORDER BY sex";

fn held(browser: &Browser<'_>, project: &str, sql: &str) -> String {
    let path = format!("/v1/projects/{project}/queries");
    let body = browser.call_with("POST", &path, &[("prefer", "wait=60")], Some(json!({ "sql": sql })));
    let body = body.expect(201).json();
    assert_eq!(body["state"], "held", "{body}");
    body["id"].as_str().unwrap().to_owned()
}

fn request(browser: &Browser<'_>, queries: &[&str], supporting: &[&str]) -> String {
    let body = json!({ "project": "p", "queries": queries, "supporting": supporting, "purpose": "A chart", "justification": "Rounded" });
    let made = browser.call("POST", "/v1/release-requests", Some(body)).expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn evidence(checker: &Browser<'_>, id: &str, output: &str) -> Value {
    let path = format!("/v1/release-requests/{id}/outputs/{output}/evidence");
    checker.call("GET", &path, None).expect(200).json()
}

fn vote(checker: &Browser<'_>, id: &str, output: &str, choice: &str, turn: u32) {
    let digest = evidence(checker, id, output)["digest"].clone();
    if choice != "approve" {
        checker.act(id, json!({ "act": "comment", "text": "Why?", "output": output })).expect(200);
    }
    checker
        .act(id, json!({ "act": "vote", "output": output, "digest": digest, "choice": choice }))
        .expect(200);
    checker.act(id, json!({ "act": "finish", "turn": turn })).expect(200);
}

#[test]
fn a_result_is_replaced_and_checkers_see_what_changed() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let come = |name: &str| server.first_visit(name, &passwords[name]);
    let (researcher, first, second) = (come("researcher"), come("first"), come("second"));
    let (old, new, aside) =
        (held(&researcher, "p", SQL), held(&researcher, "p", FEMALE), held(&researcher, "p", SQL));
    let id = request(&researcher, &[&old], &[&aside]);
    // What is for checkers only, they see and do not vote on.
    let seen = evidence(&first, &id, &aside);
    assert_eq!((&seen["supporting"], &seen["before"]), (&json!(true), &Value::Null));
    let on_it = json!({ "act": "vote", "output": aside, "digest": seen["digest"], "choice": "approve" });
    assert_eq!(first.act(&id, on_it).expect(422).code(), "supporting-file");
    vote(&first, &id, &old, "request-changes", 1);
    vote(&second, &id, &old, "request-changes", 1);
    // While it is with the checkers, its author changes nothing.
    let replace = json!({ "act": "replace-output", "output": old, "query": new });
    researcher.act(&id, replace.clone()).expect(409);
    second
        .act(&id, json!({ "act": "return", "turn": 1, "reason": "context-missing", "text": "Who?" }))
        .expect(200);
    // Nobody else's result goes in, nor one that is elsewhere, nor does anybody but the author put one in.
    assert!(first.act(&id, replace.clone()).status >= 400);
    let elsewhere = held(&researcher, "p", SQL);
    request(&researcher, &[&elsewhere], &[]);
    let taken = json!({ "act": "replace-output", "output": old, "query": elsewhere });
    assert_eq!(researcher.act(&id, taken).expect(409).code(), "asked-already");
    researcher.act(&id, json!({ "act": "add-output", "query": "req_nobodys" })).expect(404);
    researcher.act(&id, replace.clone()).expect(200);
    researcher.act(&id, replace).expect(200);
    // What it took the place of is free.
    request(&researcher, &[&old], &[]);
    researcher.act(&id, json!({ "act": "submit", "turn": 2 })).expect(200);
    let seen = evidence(&first, &id, &old);
    assert_eq!((&seen["sql"], &seen["before"]["sql"]), (&json!(FEMALE), &json!(SQL)));
    let page = first.get(&format!("/desk/{id}")).expect(200).body;
    assert!(
        page.contains("What changed since your last turn") && page.contains("WHERE birth_year &lt; 1990"),
        "{page}"
    );
    // The votes of before are gone: it takes two again.
    second.act(&id, json!({ "act": "approve", "turn": 3 })).expect(409);
    vote(&first, &id, &old, "approve", 3);
    vote(&second, &id, &old, "approve", 3);
    let done = second.act(&id, json!({ "act": "approve", "turn": 3 })).expect(200).json();
    assert_eq!(done["state"], "released");
    // What was voted on left: not what it replaced, nor what was for the checkers.
    let state =
        |query: &str| researcher.call("GET", &format!("/v1/queries/{query}"), None).expect(200).json();
    assert_eq!(state(&new)["state"], "released");
    assert_eq!((&state(&aside)["state"], &state(&old)["state"]), (&json!("held"), &json!("held")));
    let table = std::fs::read_to_string(hub.home().join("releases").join(&new).join("query.sql")).unwrap();
    assert_eq!(table, FEMALE);
    request(&researcher, &[&aside], &[]);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn checkers_see_what_left_of_the_same_data() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let come = |name: &str| server.first_visit(name, &passwords[name]);
    let (researcher, first) = (come("researcher"), come("first"));
    let path = "/v1/projects/q/queries";
    for sql in [SQL, FEMALE] {
        let asked = researcher.call_with("POST", path, &[("prefer", "wait=60")], Some(json!({ "sql": sql })));
        assert_eq!(asked.expect(201).json()["state"], "released");
    }
    let query = held(&researcher, "p", SQL);
    let id = request(&researcher, &[&query], &[]);
    let seen = evidence(&first, &id, &query);
    let earlier = seen["earlier_releases"].as_array().unwrap();
    let told: Vec<_> =
        earlier.iter().map(|r| (r["sql"].as_str().unwrap(), r["same_plan"].as_bool().unwrap())).collect();
    assert_eq!(told, [(SQL, true), (FEMALE, false)]);
    assert!(earlier[0]["same_versions"].as_array().unwrap().contains(&json!("gp version 1")));
    assert_eq!(seen["earlier_releases_more"], 0);
    // Releases of a project with which the checker has a conflict are counted, and not shown.
    let conflict = Some(json!({ "declared": true }));
    first.call("PUT", "/v1/projects/q/conflicts/first", conflict).expect(204);
    let seen = evidence(&first, &id, &query);
    assert_eq!((&seen["earlier_releases"], &seen["earlier_releases_more"]), (&json!([]), &json!(2)));
}

/// Has the hub's policy object to every result of more than a cell.
fn objecting(hub: &Hub, set_aside: &str) {
    let path = hub.home().join("policies/disclosure/nhs-england.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("cells-max = 50000", "cells-max = 1");
    let findings = format!("[findings]\nobject = [\"too-many-cells\"]\nset-aside = {set_aside}\n\n[labels]");
    std::fs::write(&path, text.replace("[labels]", &findings)).unwrap();
}

#[test]
fn what_a_rule_objects_to_two_set_aside_where_the_policy_lets_them() {
    for (set_aside, lets) in [("[\"too-many-cells\"]", true), ("[]", false)] {
        let (hub, passwords) = hub();
        objecting(&hub, set_aside);
        let server = Server::start(&hub, "");
        let come = |name: &str| server.first_visit(name, &passwords[name]);
        let (researcher, first, second) = (come("researcher"), come("first"), come("second"));
        // In a project without review too: a rule's no is no rule's yes.
        let query = held(&researcher, "q", SQL);
        let body =
            json!({ "project": "q", "queries": [query], "purpose": "A chart", "justification": "Rounded" });
        let id = researcher.call("POST", "/v1/release-requests", Some(body)).expect(201).json()["id"].clone();
        let id = id.as_str().unwrap();
        let seen = evidence(&first, id, &query);
        assert_eq!(seen["objections"], json!([{ "code": "too-many-cells", "may_be_set_aside": lets }]));
        let aside = json!({ "act": "override", "output": query, "digest": seen["digest"], "finding": "too-many-cells", "justification": "Two cells are few." });
        let said = first.act(id, aside.clone());
        assert_eq!(said.status, if lets { 200 } else { 422 }, "{}", said.body);
        vote(&first, id, &query, "approve", 1);
        vote(&second, id, &query, "approve", 1);
        // All votes are for it, and one consent is not two.
        let approve = json!({ "act": "approve", "turn": 1 });
        assert_eq!(second.act(id, approve.clone()).expect(422).code(), "objection-stands");
        let said = second.act(id, aside);
        assert_eq!(said.status, if lets { 200 } else { 422 }, "{}", said.body);
        let done = second.act(id, approve);
        assert_eq!(done.status, if lets { 200 } else { 422 }, "{}", done.body);
        let log = hub.run(&["audit", "show"]).expect(0).out;
        assert_eq!(log.matches("request-override-consented").count(), if lets { 2 } else { 0 });
        assert_eq!(log.matches("release-made").count(), usize::from(lets));
    }
}
