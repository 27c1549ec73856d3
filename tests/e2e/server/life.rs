//! An hour in the life of a hub: researchers, checkers and an administrator at once, and a server that dies every few
//! seconds. `LIFE=whole` runs all of it; without it, a tenth.

mod account;
mod client;

use account::Account;
use client::{Client, Keeper};
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, Server, project};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const RESEARCHERS: usize = 20;
const CHECKERS: [&str; 4] = ["ann", "ben", "cat", "dee"];
const PROJECTS: [(&str, &str); 3] = [("two-eyes", "two"), ("one-eye", "one"), ("open", "automatic")];

/// What researchers ask: what is released, what is held, what is refused, what fails.
const QUERIES: [&str; 6] = [
    "SELECT sex, count(*) AS n FROM person GROUP BY sex",
    "SELECT imd_decile, count(*) AS n FROM person GROUP BY imd_decile",
    "SELECT p.sex, count(DISTINCT a.person_id) AS n FROM person p JOIN admission a USING (person_id) GROUP BY p.sex",
    "SELECT kind, count(*) AS n FROM gp_event GROUP BY kind",
    "SELECT * FROM person",
    "SELECT nothing FROM nowhere",
];

/// Queries, requests, and seconds between kills.
fn extent() -> (usize, usize, Duration) {
    match std::env::var("LIFE").as_deref() {
        Ok("whole") => (2_000, 200, Duration::from_secs(3)),
        _ => (200, 20, Duration::from_secs(1)),
    }
}

fn researchers() -> Vec<String> {
    (1..=RESEARCHERS).map(|n| format!("researcher-{n}")).collect()
}

/// A hub with everybody's accounts and projects.
fn populated() -> (Hub, Vec<(String, String)>) {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    let member = |name: &String| {
        format!("{{ user = \"{name}\", roles = [\"researcher\"], training-expires = \"2099-12-31\" }}")
    };
    let members: Vec<String> = researchers().iter().map(member).collect();
    for (name, review) in PROJECTS {
        let text = project(name, review, crate::query::GRANTS);
        let (before, after) = text.split_once("members = [").unwrap();
        let (_, after) = after.split_once("]").unwrap();
        let (_, after) = after.split_once("]").unwrap();
        hub.create(&format!("{before}members = [{}]{after}", members.join(", "))).expect(0);
    }
    let mut people = vec![("admin".to_owned(), "administrator")];
    people.extend(researchers().into_iter().map(|name| (name, "researcher")));
    people.extend(CHECKERS.map(|name| (name.to_owned(), "checker")));
    let mut passwords = Vec::new();
    for (name, role) in people {
        let add = ["person", "add", &name, "--display", &name, "--role", role];
        let out = hub.run(&[&add[..], &["--training-expires", "2099-12-31"]].concat()).expect(0).out;
        let password = out.lines().find_map(|l| l.trim().strip_prefix("password to begin with: "));
        passwords.push((name, password.unwrap().to_owned()));
    }
    (hub, passwords)
}

fn tokens(server: &Server, passwords: &[(String, String)]) -> Vec<(String, String)> {
    let come = |(name, password): &(String, String)| {
        let scopes: &[&str] = match name.as_str() {
            "admin" => &["read", "administer"],
            name if name.starts_with("researcher") => &["read", "query", "request"],
            _ => &["read", "review"],
        };
        (name.clone(), server.first_visit(name, password).token(scopes))
    };
    passwords.iter().map(come).collect()
}

/// Asks, and asks for the release of a part of what is held.
fn research(client: &Client, account: &Account, queries: usize, requests: usize) {
    let mut asked = 0;
    for n in 0..queries {
        let (name, _) = PROJECTS[client.number(n, 3) % PROJECTS.len()];
        let sql = QUERIES[client.number(n, 5) % QUERIES.len()];
        let key = format!("query-{}-{n}", client.name);
        let path = format!("/v1/projects/{name}/queries");
        let done = client.until(&account.key(&key), || {
            client.send("POST", &path, Some(json!({ "sql": sql })), Some(&key))
        });
        assert!([201, 202].contains(&done.status), "{}", done.body);
        let id = done.json()["id"].as_str().unwrap().to_owned();
        account.acknowledged(&id, "query-submitted");
        let state = client.settled(&id);
        account.settled(&id, &state);
        if state == "held" && asked < requests {
            asked += 1;
            let key = format!("request-{}-{n}", client.name);
            let body =
                json!({ "project": name, "queries": [id], "purpose": "A table", "justification": "Rounded" });
            let done = client.until(&account.key(&key), || {
                client.send("POST", "/v1/release-requests", Some(body.clone()), Some(&key))
            });
            assert_eq!(done.status, 201, "{}", done.body);
            account.acknowledged(done.json()["id"].as_str().unwrap(), "request-submitted");
        }
    }
}

/// Does what the request lets this checker do next; whether there was anything.
fn check(client: &Client, account: &Account, view: &Value) -> bool {
    let id = view["id"].as_str().unwrap();
    let may = |act: &str| view["may"].as_array().unwrap().iter().any(|m| m == act);
    let turn = view["turn"].clone();
    let act = |body: Value, kind: &'static str| {
        let done = client.send("POST", &format!("/v1/release-requests/{id}/acts"), Some(body), None);
        if done.as_ref().is_some_and(|d| d.status == 200) {
            account.acknowledged(id, kind);
        }
    };
    if may("approve") {
        match client.number(id.len() + turn.as_u64().unwrap() as usize, 10) {
            0 => act(
                json!({ "act": "reject", "turn": turn, "reason": "outside-purpose", "text": "No" }),
                "request-rejected",
            ),
            _ => act(json!({ "act": "approve", "turn": turn }), "request-approved"),
        }
        return true;
    }
    if !may("vote") {
        return false;
    }
    for output in view["outputs"].as_array().unwrap() {
        let name = output["name"].as_str().unwrap();
        let evidence =
            client.send("GET", &format!("/v1/release-requests/{id}/outputs/{name}/evidence"), None, None);
        let Some(evidence) = evidence.filter(|e| e.status == 200) else { return true };
        let digest = evidence.json()["digest"].clone();
        act(json!({ "act": "vote", "output": name, "digest": digest, "choice": "approve" }), "request-voted");
    }
    act(json!({ "act": "finish", "turn": turn }), "request-review-finished");
    true
}

/// Checks for as long as anybody asks, and until nothing is left.
fn review(client: &Client, account: &Account, asking: &AtomicBool) {
    loop {
        let open = asking.load(Ordering::SeqCst);
        let Some(page) = client.send("GET", "/v1/release-requests?limit=200", None, None) else { continue };
        if page.status != 200 {
            continue;
        }
        let views = page.json()["items"].as_array().unwrap().clone();
        let done = views.iter().filter(|view| check(client, account, view)).count();
        if done == 0 && !open {
            return;
        }
        if done == 0 {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Looks at what administrators look at, meanwhile.
fn administer(client: &Client, asking: &AtomicBool) {
    while asking.load(Ordering::SeqCst) {
        for path in ["/v1/people", "/v1/audit/events?limit=200", "/metrics", "/v1/projects"] {
            if let Some(done) = client.send("GET", path, None, None) {
                assert!(done.status < 500 || done.status == 503, "{path}: {}", done.body);
            }
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn an_hour_in_the_life() {
    let (hub, passwords) = populated();
    let (queries, requests, between) = extent();
    let first = Server::start(&hub, "");
    let tokens = tokens(&first, &passwords);
    let keeper = Arc::new(Keeper::new(first));
    let account = Account::default();
    let asking = AtomicBool::new(true);
    let client = |name: &str| {
        let token = &tokens.iter().find(|(n, _)| n == name).unwrap().1;
        Client::new(keeper.clone(), name, token)
    };
    std::thread::scope(|scope| {
        let mut busy = Vec::new();
        for name in researchers() {
            let (client, account) = (client(&name), &account);
            let (queries, requests) = (queries / RESEARCHERS, requests / RESEARCHERS);
            busy.push(scope.spawn(move || research(&client, account, queries, requests)));
        }
        for name in CHECKERS {
            let (client, account, asking) = (client(name), &account, &asking);
            scope.spawn(move || review(&client, account, asking));
        }
        let (admin, asking) = (client("admin"), &asking);
        scope.spawn(move || administer(&admin, asking));
        let (keeper, hub, working) = (keeper.clone(), &hub, Arc::new(AtomicBool::new(true)));
        let still = working.clone();
        let reaper = scope.spawn(move || keeper.kill_every(between, hub, &still));
        let fell: Vec<_> = busy.into_iter().filter_map(|thread| thread.join().err()).collect();
        asking.store(false, Ordering::SeqCst);
        working.store(false, Ordering::SeqCst);
        let kills = reaper.join().unwrap();
        assert!(fell.is_empty(), "{} researchers could not go on", fell.len());
        assert!(kills >= 3, "the server was killed {kills} times only");
        eprintln!("{queries} queries, {} acts acknowledged, {kills} kills", account.len());
    });
    keeper.end();
    // It starts once more, and finishes what was decided.
    let server = Server::start(&hub, "");
    let admin = client::alone(&server, &tokens[0].1, "/v1/audit/export");
    account.check(&admin);
    drop(server);
    account::check_home(&hub, &admin);
    hub.run(&["audit", "verify"]).expect(0);
    hub.run_with(&tokens[0].1, &["dataset", "verify"]).expect(0);
}
