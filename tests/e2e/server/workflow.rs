//! From a query to a release, over HTTP.

use super::{SQL, grant_egress, hub};
use cloister_tests::{Browser, Server};
use serde_json::{Value, json};

fn ask(browser: &Browser<'_>, project: &str, sql: &str) -> Value {
    let path = format!("/v1/projects/{project}/queries");
    browser.call_with("POST", &path, &[("prefer", "wait=60")], Some(json!({ "sql": sql }))).expect(201).json()
}

fn held(browser: &Browser<'_>) -> String {
    let body = ask(browser, "p", SQL);
    assert_eq!(body["state"], "held", "{body}");
    assert!(body.get("answer").is_none(), "{body}");
    body["id"].as_str().unwrap().to_owned()
}

fn request(browser: &Browser<'_>, query: &str) -> String {
    let body =
        json!({ "project": "p", "queries": [query], "purpose": "A chart", "justification": "Rounded" });
    let made = browser.call("POST", "/v1/release-requests", Some(body)).expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn approve(checker: &Browser<'_>, id: &str, query: &str) {
    let evidence = checker.call("GET", &format!("/v1/release-requests/{id}/outputs/{query}/evidence"), None);
    let evidence = evidence.expect(200).json();
    assert_eq!(evidence["sql"], SQL);
    let vote = json!({ "act": "vote", "output": query, "digest": evidence["digest"], "choice": "approve" });
    checker.act(id, vote).expect(200);
    checker.act(id, json!({ "act": "finish", "turn": 1 })).expect(200);
}

#[test]
fn a_result_is_asked_checked_and_taken_out() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let come = |name: &str| server.first_visit(name, &passwords[name]);
    let (researcher, first, second) = (come("researcher"), come("first"), come("second"));
    let (admin, owner, outsider) = (come("admin"), come("owner"), come("outsider"));
    let query = held(&researcher);
    // What is held is nobody's to fetch, and for strangers it is not there.
    researcher.call("GET", &format!("/v1/queries/{query}/files/table.csv"), None).expect(409);
    outsider.call("GET", &format!("/v1/queries/{query}"), None).expect(404);
    let id = request(&researcher, &query);
    outsider.call("GET", &format!("/v1/release-requests/{id}"), None).expect(404);
    // Nobody on the author's side sees the evidence, nor does an administrator.
    let evidence = format!("/v1/release-requests/{id}/outputs/{query}/evidence");
    researcher.call("GET", &evidence, None).expect(404);
    assert!([403, 404].contains(&admin.call("GET", &evidence, None).status));
    // The checker sees who stands behind each number, and what was done to it.
    let seen = first.call("GET", &evidence, None).expect(200).json();
    let table = &seen["exhibit"]["tables"][0];
    assert_eq!(
        (&table["keys"], &table["columns"][0]["name"]),
        (&json!(["sex"]), &json!("count(*)")),
        "{seen}"
    );
    for row in table["rows"].as_array().unwrap() {
        let cell = &row["cells"][0];
        let before: i64 = cell["before"].as_str().unwrap().parse().unwrap();
        let after: i64 = cell["after"].as_str().unwrap().parse().unwrap();
        assert_eq!((row["people"].as_i64(), cell["contributors"].as_i64()), (Some(before), Some(before)));
        assert_eq!(after, (before + 2) / 5 * 5, "rounded to the nearest 5: {row}");
    }
    approve(&first, &id, &query);
    // The second does not see what the first thinks; one is not enough.
    let view = second.call("GET", &format!("/v1/release-requests/{id}"), None).expect(200);
    assert!(!view.body.contains("\"approve\""), "{}", view.body);
    first.act(&id, json!({ "act": "approve", "turn": 1 })).expect(409);
    // A page that was left open decides nothing.
    let tag = view.headers["etag"].clone();
    approve(&second, &id, &query);
    let path = format!("/v1/release-requests/{id}/acts");
    let old = json!({ "act": "approve", "turn": 1 });
    second.call_with("POST", &path, &[("if-match", &tag)], Some(old.clone())).expect(412);
    let done = second.act(&id, old.clone()).expect(200).json();
    assert_eq!(done["state"], "released");
    // A double click releases once.
    second.act(&id, old).expect(200);
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert_eq!(log.matches("release-made").count(), 1);
    // Released is not taken out: that is the asset owner's to grant, and only for a while.
    let csv = format!("/v1/queries/{query}/files/table.csv");
    assert_eq!(researcher.call("GET", &csv, None).expect(403).code(), "egress-not-granted");
    grant_egress(&owner, &admin);
    let taken = researcher.call("GET", &csv, None).expect(200);
    assert!(
        taken.body.starts_with("sex,n\r\n") && taken.headers["content-disposition"].contains("attachment")
    );
    let over = json!({ "ends_at": "2020-01-01T00:00:00Z" });
    owner.call("PUT", "/v1/projects/p/egress/researcher", Some(over)).expect(200);
    researcher.call("GET", &csv, None).expect(403);
    // Nobody else takes it out, and a revoked one nobody does.
    first.call("GET", &csv, None).expect(404);
    grant_egress(&owner, &admin);
    let back = json!({ "act": "revoke", "reason": "data-withdrawn", "text": "By mistake" });
    first.act(&id, back).expect(200);
    researcher.call("GET", &csv, None).expect(409);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn what_is_sent_twice_is_done_once() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let researcher = server.first_visit("researcher", &passwords["researcher"]);
    let path = "/v1/projects/p/queries";
    let key = [("idempotency-key", "the same key"), ("prefer", "wait=60")];
    let sent = || researcher.call_with("POST", path, &key, Some(json!({ "sql": SQL })));
    let (one, two) = (sent().expect(201).json(), sent().expect(201).json());
    assert_eq!(one, two);
    let other =
        researcher.call_with("POST", path, &key, Some(json!({ "sql": "SELECT count(*) FROM person" })));
    assert_eq!(other.expect(422).code(), "idempotency-key-reused");
    let query = one["id"].as_str().unwrap();
    let body = json!({ "project": "p", "queries": [query], "purpose": "A", "justification": "B" });
    let asked = || researcher.call_with("POST", "/v1/release-requests", &key, Some(body.clone()));
    assert_eq!(asked().expect(201).json(), asked().expect(201).json());
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert_eq!((log.matches("query-submitted").count(), log.matches("request-created").count()), (1, 1));
    // Another person's key is another key.
    let outsider = server.first_visit("outsider", &passwords["outsider"]);
    outsider.call_with("POST", path, &key, Some(json!({ "sql": SQL }))).expect(404);
}

#[test]
fn queries_are_heard_of_cancelled_and_listed() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let researcher = server.first_visit("researcher", &passwords["researcher"]);
    // What is not waited for is under way, and can be heard of.
    let slow =
        "SELECT a.sex, count(*) AS n FROM person a JOIN person b ON a.person_id = b.person_id GROUP BY a.sex";
    let begun = researcher.call_with(
        "POST",
        "/v1/projects/q/queries",
        &[("prefer", "wait=0")],
        Some(json!({ "sql": slow })),
    );
    if begun.status == 202 {
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        let heard = researcher.call("GET", &format!("/v1/queries/{id}/events"), None).expect(200);
        assert!(heard.headers["content-type"].starts_with("text/event-stream"));
        let states: Vec<&str> = heard.body.lines().filter(|l| l.starts_with("data:")).collect();
        assert!(!states.is_empty() && !states.last().unwrap().contains("running"), "{states:?}");
        researcher.call("POST", &format!("/v1/queries/{id}/cancel"), None).expect(409);
    } else {
        begun.expect(503);
    }
    for sql in [SQL, "SELECT count(*) AS n FROM person", "SELECT * FROM person"] {
        ask(&researcher, "q", sql);
    }
    let mut seen = Vec::new();
    let mut next = Some(String::new());
    while let Some(after) = next {
        let path = if after.is_empty() {
            "/v1/queries?limit=2".to_owned()
        } else {
            format!("/v1/queries?limit=2&after={after}")
        };
        let page = researcher.call("GET", &path, None).expect(200).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap().to_owned()));
        next = page["next"].as_str().map(str::to_owned);
    }
    let mut once = seen.clone();
    once.dedup();
    assert!(seen.len() >= 3 && once == seen, "{seen:?}");
    // A refusal is an answer, with its reasons.
    let refused = ask(&researcher, "q", "SELECT * FROM person");
    assert_eq!(refused["state"], "refused");
    assert!(!refused["reasons"].as_array().unwrap().is_empty());
    // Told to end, it ends what runs, and says so with its exit status.
    assert_eq!(server.stop(), 0);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn tokens_and_approvals_sent_twice_are_made_once() {
    let (hub, passwords) = hub();
    let text = cloister_tests::project("approved", "automatic", crate::query::GRANTS);
    hub.run(&["audit", "verify"]).expect(0);
    let server = Server::start(&hub, "");
    let come = |name: &str| server.first_visit(name, &passwords[name]);
    let (researcher, first, admin) = (come("researcher"), come("first"), come("admin"));
    let body = json!({ "text": text.replace("review =", "queries = \"approved\"\ncheckers = [\"first\"]\nreview =") });
    admin.call("POST", "/v1/projects", Some(body)).expect(201);
    let key = [("idempotency-key", "one and the same")];
    let token = json!({ "label": "a script", "scopes": ["read"], "days": 1 });
    let make = |body: &Value| researcher.call_with("POST", "/v1/tokens", &key, Some(body.clone()));
    let (one, two) = (make(&token).expect(201).json(), make(&token).expect(201).json());
    assert_eq!(one["token"]["id"], two["token"]["id"]);
    let tokens = researcher.call("GET", "/v1/tokens", None).expect(200).json();
    assert_eq!(tokens.as_array().unwrap().len(), 1, "{tokens}");
    // The last text opens, and it alone.
    let me = |made: &Value| {
        let bearer = format!("Bearer {}", made["text"].as_str().unwrap());
        server.send("GET", "/v1/me", &[("authorization", &bearer)], None).status
    };
    assert_eq!((me(&one), me(&two)), (401, 200));
    let other = json!({ "label": "a script", "scopes": ["read", "query"], "days": 1 });
    assert_eq!(make(&other).expect(422).code(), "idempotency-key-reused");
    // Somebody else's key is theirs.
    first.call_with("POST", "/v1/tokens", &key, Some(token)).expect(201);
    let asked = researcher.call_with(
        "POST",
        "/v1/projects/approved/queries",
        &[("prefer", "wait=60")],
        Some(json!({ "sql": SQL })),
    );
    let query = asked.expect(201).json()["id"].clone();
    let path = "/v1/projects/approved/approvals";
    let approve = || first.call_with("POST", path, &key, Some(json!({ "query": query })));
    assert_eq!(approve().expect(201).json(), approve().expect(201).json());
    assert_eq!(first.call("GET", path, None).expect(200).json().as_array().unwrap().len(), 1);
    // What a policy was is told by the queries that ran under it.
    let policy = admin.call("GET", "/v1/policies/nhs-england", None).expect(200).json();
    assert_eq!(policy["history"][0]["digest"], policy["digest"], "{policy}");
}
