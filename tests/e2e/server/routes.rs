//! Every route, as nobody and as the wrong somebody: the list is the API's own description.

use super::hub;
use cloister_tests::{Answered, Browser, Server};
use serde_json::{Value, json};

/// What everybody may ask.
const OPEN: &[&str] = &["/health/live", "/health/ready", "/v1/register", "/v1/sign-in"];

/// Where nobody becomes somebody, or stops being it: what each says to whoever is wrong there.
const DOOR: &[(&str, &str)] = &[("/v1/sign-in/password", "sign-in"), ("/v1/sign-in/provider", "no-provider")];

/// Every operation: method, path with things that are there, path with things that are not, a body that fits.
fn operations(server: &Server) -> Vec<(String, String, Option<Value>)> {
    let described = server.send("GET", "/v1/openapi.json", &[], None).expect(200).json();
    let mut found = Vec::new();
    for (path, operations) in described["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let body = operation.get("requestBody").map(|b| {
                let name = b["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
                body_of(name.rsplit('/').next().unwrap())
            });
            found.push((method.to_uppercase(), path.clone(), body));
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    found
}

fn body_of(schema: &str) -> Value {
    match schema {
        "NewProject" => json!({ "text": "" }),
        "NewState" => json!({ "state": "suspended" }),
        "NewEgress" => json!({ "ends_at": "2020-01-01T00:00:00Z" }),
        "NewConflict" => json!({ "declared": true }),
        "NewQuery" => json!({ "sql": super::SQL }),
        "NewSaved" => json!({ "sql": super::SQL }),
        "NewApproval" => json!({ "query": "req_x" }),
        "NewRequest" => json!({ "project": "p", "queries": ["req_x"], "purpose": "x", "justification": "y" }),
        "NewAct" => json!({ "act": "claim" }),
        "NewOwners" => json!({ "owners": [] }),
        "NewPersonBody" => json!({ "name": "eve", "display_name": "Eve", "roles": ["administrator"] }),
        "ChangeBody" => json!({ "roles": ["administrator"] }),
        "PasswordBody" => json!({ "name": "admin", "password": "a guess of some words" }),
        "IdTokenBody" => json!({ "id_token": "e30.e30." }),
        "TokenBody" => json!({ "label": "x", "scopes": ["read"], "days": 1 }),
        other => panic!("no body for {other}"),
    }
}

/// A path with names of things that are there.
fn filled(path: &str) -> String {
    [
        ("{project}", "p"),
        ("{person}", "first"),
        ("{dataset}", "gp"),
        ("{table}", "person"),
        ("{policy}", "nhs-england"),
        ("{query}", "req_there"),
        ("{request}", "rel-there"),
        ("{output}", "out"),
        ("{file}", "table.csv"),
        ("{name}", "there"),
        ("{approval}", "apr_there"),
        ("{token}", "there"),
        ("{number}", "1"),
        ("{size}", "1"),
    ]
    .into_iter()
    .fold(path.to_owned(), |path, (from, to)| path.replace(from, to))
}

#[test]
fn nobody_gets_in_anywhere() {
    let (hub, _) = hub();
    let server = Server::start(&hub, "");
    let mut open = Vec::new();
    for (method, path, body) in operations(&server) {
        let answered = server.send(
            &method,
            &filled(&path),
            &[("content-type", "application/json")],
            body.map(|b| b.to_string()),
        );
        if OPEN.contains(&path.as_str()) {
            assert_eq!(answered.status, 200, "{method} {path}");
            open.push(path);
        } else {
            assert_eq!(answered.status, 401, "{method} {path}: {}", answered.body);
            let door = DOOR.iter().find(|(at, _)| *at == path);
            assert_eq!(answered.code(), door.map_or("not-signed-in", |(_, code)| code));
        }
    }
    assert_eq!(open.len(), OPEN.len());
    // Nor with a session that was made up.
    let cookie = "cloister=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    server.send("GET", "/v1/me", &[("cookie", cookie)], None).expect(401);
}

/// What somebody with these roles, and nothing to do with any project, gets at each operation.
fn tried(server: &Server, browser: &Browser<'_>) -> Vec<(String, String, Answered)> {
    operations(server)
        .into_iter()
        // Whoever leaves cannot try the rest.
        .filter(|(_, path, _)| path != "/v1/sign-out" && !DOOR.iter().any(|(at, _)| at == path))
        .map(|(method, path, body)| {
            let answered = browser.call(&method, &filled(&path), body);
            (method, path, answered)
        })
        .collect()
}

/// What everybody with an account may ask, whatever they are.
const EVERYBODYS: &[(&str, &str)] = &[
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/v1/register"),
    ("GET", "/v1/sign-in"),
    ("GET", "/v1/me"),
    ("GET", "/v1/tokens"),
    ("POST", "/v1/tokens"),
    ("GET", "/v1/policies"),
    ("GET", "/v1/policies/{policy}"),
    // Lists of what one may see: of nothing, here.
    ("GET", "/v1/projects"),
    ("GET", "/v1/queries"),
    ("GET", "/v1/release-requests"),
    ("GET", "/v1/datasets"),
];

#[test]
fn the_wrong_somebody_gets_nowhere() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let outsider = server.first_visit("outsider", &passwords["outsider"]);
    for (method, path, answered) in tried(&server, &outsider) {
        if EVERYBODYS.contains(&(method.as_str(), path.as_str())) {
            assert!(answered.status < 300, "{method} {path}: {}", answered.body);
            if ["/v1/projects", "/v1/queries", "/v1/release-requests"].contains(&path.as_str()) {
                assert_eq!(answered.json()["items"], json!([]), "{path}");
            }
            continue;
        }
        assert!(
            [403, 404].contains(&answered.status),
            "{method} {path}: {} {}",
            answered.status,
            answered.body
        );
        // What one may not see is absent: no text tells it from what is not there.
        if path.starts_with("/v1/projects/{project}") && answered.status == 403 {
            let absent = outsider.call(&method, &filled(&path).replace("/p", "/nowhere"), None);
            assert_ne!(absent.status, 200, "{method} {path}");
        }
    }
    // Of a project that one is not in, nothing tells whether it is there.
    for path in ["/v1/projects/p", "/v1/projects/nowhere"] {
        assert_eq!(outsider.call("GET", path, None).expect(404).code(), "not-found");
    }
    let ask = json!({ "sql": super::SQL });
    let theirs = outsider.call("POST", "/v1/projects/p/queries", Some(ask.clone()));
    let nowhere = outsider.call("POST", "/v1/projects/nowhere/queries", Some(ask));
    assert_eq!((theirs.status, theirs.code()), (nowhere.status, nowhere.code()));
    // A checker has nothing of researchers or administrators, an auditor changes nothing.
    for name in ["first", "auditor"] {
        let browser = server.first_visit(name, &passwords[name]);
        for (method, path, answered) in tried(&server, &browser) {
            let theirs = EVERYBODYS.contains(&(method.as_str(), path.as_str()));
            let changes = method != "GET" && !theirs && path != "/v1/audit/verify";
            if changes && !path.contains("conflicts") {
                assert!(
                    answered.status >= 400 && answered.status < 500,
                    "{name} {method} {path}: {}",
                    answered.body
                );
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "[limits]\nbody-kib-max = 4");
    let researcher = server.first_visit("researcher", &passwords["researcher"]);
    let ask = "/v1/projects/q/queries";
    assert_eq!(researcher.call("POST", ask, Some(json!({}))).expect(422).code(), "query");
    assert_eq!(researcher.call("POST", ask, Some(json!({ "sql": "x", "y": 1 }))).expect(400).code(), "body");
    let (cookie, word) = (researcher.cookie(), researcher.word());
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", word.as_str())];
    assert_eq!(server.send("POST", ask, &headers, Some("{}".to_owned())).expect(415).code(), "content-type");
    let large = json!({ "sql": "x".repeat(5_000) });
    assert_eq!(researcher.call("POST", ask, Some(large)).expect(413).code(), "too-large");
    assert_eq!(researcher.call("GET", "/v1/queries?limit=0", None).expect(400).code(), "parameter");
    assert_eq!(researcher.call("GET", "/v1/queries?limit=x", None).expect(400).code(), "parameter");
    assert_eq!(researcher.call("GET", "/v1/nothing", None).expect(404).code(), "not-found");
    assert_eq!(researcher.call("DELETE", "/v1/me", None).expect(405).code(), "method");
    let short = [("idempotency-key", "short")];
    let sql = json!({ "sql": super::SQL });
    assert_eq!(researcher.call_with("POST", ask, &short, Some(sql)).expect(400).code(), "idempotency-key");
    // Every answer says how a browser is to take it.
    let page = researcher.get("/account").expect(200);
    assert!(page.headers["content-security-policy"].contains("script-src 'self'"));
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(page.headers.contains_key("x-request-id"));
}
