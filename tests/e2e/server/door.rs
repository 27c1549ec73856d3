//! Signing in, and what stays shut.

use super::hub;
use cloister_tests::{Browser, Server};
use serde_json::json;

#[test]
fn a_session_is_ones_own_and_ends() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let admin = server.first_visit("admin", &passwords["admin"]);
    assert!(admin.get("/").expect(200).body.contains("Good day, admin"));
    // The cookie is nobody's script's, and no other site's page sends it along.
    let again = Browser::new(&server, "admin");
    let form = [("name", "admin"), ("password", "a phrase of nimda")];
    let cookies = again.post_form("/sign-in", &form).expect(303).cookies;
    assert!(cookies[0].contains("HttpOnly") && cookies[0].contains("SameSite=Lax"), "{cookies:?}");
    // A change needs the session's own word; another session's is none.
    let body = [("act", "terms")];
    admin.post_form("/account", &body).expect(403);
    let other = again.word();
    admin.post_form("/account", &[("_word", other.as_str()), ("act", "terms")]).expect(403);
    let cookie = admin.cookie();
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    let made = server.send("POST", "/v1/tokens", &headers, Some("{}".to_owned()));
    assert_eq!(made.expect(403).code(), "csrf");
    // Nor does another site's page change anything, whatever it knows.
    let word = admin.word();
    let foreign =
        [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site"), ("x-csrf-token", word.as_str())];
    assert_eq!(server.send("POST", "/v1/tokens", &foreign, None).expect(403).code(), "cross-site");
    // Signed out is signed out, wherever the cookie was copied to.
    admin.form("/sign-out", &[]).expect(303);
    assert_eq!(
        server.send("GET", "/v1/me", &[("cookie", &cookie)], None).expect(401).code(),
        "not-signed-in"
    );
    again.get("/account").expect(200);
    // A new password ends every other session.
    let third = Browser::new(&server, "admin");
    third.post_form("/sign-in", &form).expect(303);
    let change = [
        ("act", "password"),
        ("old", "a phrase of nimda"),
        ("new", "another phrase of words"),
        ("again", "another phrase of words"),
    ];
    third.form("/account", &change).expect(303);
    third.get("/account").expect(200);
    again.get("/account").expect(303);
}

#[test]
fn who_guesses_learns_nothing_and_is_stopped() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "[limits]\nsign-ins-burst = 100\nsign-ins-per-minute = 100");
    let browser = Browser::new(&server, "first");
    let page = |name: &str, password: &str| {
        let answered = browser.post_form("/sign-in", &[("name", name), ("password", password)]);
        (answered.status, answered.body.replace(name, "NAME"))
    };
    let nobody = page("nobody-at-all", "some wrong password");
    for _ in 0..5 {
        assert_eq!(page("first", "some wrong password"), nobody);
    }
    // Locked: the right one does not open, and it looks the same.
    assert_eq!(page("first", &passwords["first"]), nobody);
    assert_eq!(page("second", "some wrong password"), nobody);
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert!(log.contains("sign-in-locked") && log.contains("sign-in-failed"), "{log}");
    assert!(!log.contains("nobody-at-all"), "who tries names does not write the log");
    // A limit by address comes before all that.
    drop(server);
    let server = Server::start(&hub, "[limits]\nsign-ins-burst = 2\nsign-ins-per-minute = 1");
    let browser = Browser::new(&server, "second");
    let form = [("name", "second"), ("password", "some wrong password")];
    browser.post_form("/sign-in", &form).expect(401);
    browser.post_form("/sign-in", &form).expect(401);
    let stopped = browser.post_form("/sign-in", &form).expect(429);
    assert!(stopped.headers.contains_key("retry-after"));
}

#[test]
fn half_signed_in_is_not_signed_in() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let browser = Browser::new(&server, "first");
    let form = [("name", "first"), ("password", passwords["first"].as_str())];
    assert_eq!(browser.post_form("/sign-in", &form).headers["location"], "/sign-in/password");
    // With a password that was given, one chooses another and does nothing else.
    let cookie = browser.cookie();
    assert_eq!(browser.get("/desk").expect(303).headers["location"], "/sign-in?next=/desk");
    server.send("GET", "/v1/me", &[("cookie", &cookie)], None).expect(401);
    for (new, status) in [("short", 422), ("password1234", 422), (passwords["first"].as_str(), 422)] {
        let form = [("old", passwords["first"].as_str()), ("new", new), ("again", new)];
        browser.post_form("/sign-in/password", &form).expect(status);
    }
    let chosen = "a phrase of some words";
    let form = [("old", passwords["first"].as_str()), ("new", chosen), ("again", chosen)];
    browser.post_form("/sign-in/password", &form).expect(303);
    browser.get("/desk").expect(200);
    // The half session's cookie is worth nothing now.
    server.send("GET", "/v1/me", &[("cookie", &cookie)], None).expect(401);
}

#[test]
fn tokens_do_what_they_are_for_and_end() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let researcher = server.first_visit("researcher", &passwords["researcher"]);
    let token = researcher.token(&["read"]);
    let bearer = format!("Bearer {token}");
    let with = |method: &str, path: &str, body: Option<&str>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        server.send(method, path, &headers, body.map(str::to_owned))
    };
    assert_eq!(with("GET", "/v1/me", None).expect(200).json()["person"]["name"], "researcher");
    let sql = json!({ "sql": super::SQL }).to_string();
    assert_eq!(with("POST", "/v1/projects/q/queries", Some(&sql)).expect(403).code(), "scope");
    assert_eq!(with("POST", "/v1/tokens", Some("{}")).expect(403).code(), "session-needed");
    assert_eq!(with("GET", "/v1/tokens", None).expect(403).code(), "session-needed");
    // A token is no cookie: it opens no page.
    with("GET", "/account", None).expect(303);
    // Cut, changed or made up, it is nobody's.
    for text in [&token[..token.len() - 1], &token.replace("_pat_", "_pta_"), "x", ""] {
        let headers = [("authorization", &*format!("Bearer {text}"))];
        server.send("GET", "/v1/me", &headers, None).expect(401);
    }
    server.send("GET", "/v1/me", &[("authorization", &*format!("Basic {token}"))], None).expect(401);
    // Its holder ends it; whoever else has it has nothing.
    let id = token.split('_').nth(2).unwrap();
    let outsider = server.first_visit("outsider", &passwords["outsider"]);
    outsider.call("DELETE", &format!("/v1/tokens/{id}"), None).expect(404);
    with("GET", "/v1/me", None).expect(200);
    researcher.call("DELETE", &format!("/v1/tokens/{id}"), None).expect(204);
    with("GET", "/v1/me", None).expect(401);
    // Nothing of it is in the home.
    let secret = token.split('_').nth(3).unwrap();
    let bytes = hub.database().bytes();
    assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()));
    // But its id is, so that it would have been found.
    assert!(bytes.windows(id.len()).any(|w| w == id.as_bytes()));
    // An account that is disabled is nobody, at once.
    let token = researcher.token(&["read"]);
    let admin = server.first_visit("admin", &passwords["admin"]);
    admin.call("PATCH", "/v1/people/researcher", Some(json!({ "disabled": true }))).expect(200);
    let headers = [("authorization", &*format!("Bearer {token}"))];
    server.send("GET", "/v1/me", &headers, None).expect(401);
    researcher.get("/").expect(303);
}
