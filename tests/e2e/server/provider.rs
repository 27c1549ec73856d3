//! Signing in with a provider, for the pages and for the command line, and what stays shut whatever comes back.

use super::hub;
use cloister_tests::{Answered, Hub, Jar, Provider, Server, field};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECRET: &str = "a secret of a test that is long enough";
/// The origin of the tests' server, whose port is not known when it is set up.
const BACK: &str = "http://127.0.0.1/sign-in/provider/callback";

/// The settings of a provider, with its secret beside them.
fn settings(hub: &Hub, issuer: &str, more: &str) -> String {
    let file = hub.write("client-secret", SECRET);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    format!(
        "[provider]\nissuer = \"{issuer}\"\nclient-id = \"cloister\"\nclient-secret-file = \"client-secret\"\n\
         device-client-id = \"cloister-cli\"\nname = \"Test ID\"\n{more}\n"
    )
}

/// A hub in which the provider's subjects `s-researcher` and `s-disabled` have accounts, and its server.
fn served(more: &str) -> Option<(Hub, Server, Provider)> {
    let provider = Provider::start(SECRET, BACK)?;
    let (hub, _) = hub();
    for name in ["pat", "dora"] {
        let subject = format!("s-{name}");
        let role = ["--role", "researcher", "--training-expires", "2099-12-31"];
        let theirs =
            ["person", "add", name, "--display", name, "--issuer", &provider.issuer, "--subject", &subject];
        let all: Vec<&str> = theirs.into_iter().chain(role).collect();
        // Whoever comes from a provider has no password here.
        assert!(!hub.run(&all).expect(0).out.contains("password"));
    }
    hub.run(&["person", "change", "dora", "--disable"]).expect(0);
    provider.ask(&json!({ "person": "s-pat" }));
    let server = Server::start(&hub, &settings(&hub, &provider.issuer, more));
    Some((hub, server, provider))
}

/// Goes to the provider and comes back to this address of ours, which is not yet asked for.
fn there(jar: &Jar, server: &Server, next: &str) -> String {
    let sent = jar.send(&format!("{}/sign-in/provider{next}", server.base()), None).expect(303);
    let to = &sent.headers["location"];
    assert!(
        to.contains("code_challenge_method=S256") && to.contains("nonce=") && to.contains("state="),
        "{to}"
    );
    assert!(!to.contains(SECRET));
    let back = jar.until(to, BACK);
    back.replacen("http://127.0.0.1", server.base(), 1)
}

/// The page that somebody gets who was not let in, and has no session.
fn shut(jar: &Jar, server: &Server, address: &str, status: u16) -> Answered {
    let page = jar.send(address, None).expect(status);
    assert_eq!(jar.cookie(server.base(), "cloister"), None, "{}", page.body);
    page
}

#[test]
fn a_browser_goes_to_the_provider_and_comes_back_signed_in() {
    let Some((hub, server, provider)) = served("") else { return };
    let page = Jar::default().send(&format!("{}/sign-in", server.base()), None).expect(200).body;
    assert!(page.contains("Sign in with Test ID") && page.contains("name=\"password\""), "{page}");
    let jar = Jar::default();
    let sent = jar.send(&format!("{}/sign-in/provider", server.base()), None).expect(303);
    let cookie = sent.cookies.first().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let back = there(&jar, &server, "?next=/queries%3Fafter%3Dx");
    assert_eq!(jar.send(&back, None).expect(303).headers["location"], "/queries?after=x");
    assert_eq!(jar.cookie(server.base(), "cloister-away"), None);
    let home = jar.send(&format!("{}/", server.base()), None).expect(200).body;
    assert!(home.contains("pat"), "{home}");
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert!(log.contains("by=provider"), "{log}");
    // Out is out.
    let account = jar.send(&format!("{}/account", server.base()), None).expect(200).body;
    let word = field(&account, "_word");
    jar.send(&format!("{}/sign-out", server.base()), Some(&[("_word", &word)])).expect(303);
    jar.send(&format!("{}/account", server.base()), None).expect(303);
    // Wherever somebody is sent is a place of ours.
    for next in [
        "?next=https://evil.example",
        "?next=//evil.example",
        "?next=/%5Cevil.example",
        "?next=/%09/evil.example",
        "?next=/sign-out",
    ] {
        let jar = Jar::default();
        let back = there(&jar, &server, next);
        assert_eq!(jar.send(&back, None).expect(303).headers["location"], "/", "{next}");
    }
    // The provider's new key is fetched when a token names it.
    provider.ask(&json!({ "rotated": true, "twist": { "claims": {}, "how": "second" } }));
    std::thread::sleep(Duration::from_secs(6));
    let jar = Jar::default();
    let back = there(&jar, &server, "");
    jar.send(&back, None).expect(303);
    assert!(jar.cookie(server.base(), "cloister").is_some());
}

#[test]
fn what_comes_back_is_for_one_browser_once() {
    let Some((_hub, server, provider)) = served("") else { return };
    // Another browser's answer, and one that nobody asked for.
    let (attacker, victim) = (Jar::default(), Jar::default());
    let theirs = there(&attacker, &server, "");
    shut(&victim, &server, &theirs, 400);
    let _ = there(&victim, &server, "");
    shut(&victim, &server, &theirs, 400);
    let plain = format!("{}/sign-in/provider/callback", server.base());
    shut(&victim, &server, &plain, 400);
    // Another state.
    let jar = Jar::default();
    let back = there(&jar, &server, "");
    let (head, tail) = back.split_once("state=").unwrap();
    let rest = tail.split_once('&').map_or("", |(_, rest)| rest);
    shut(&jar, &server, &format!("{head}state=another&{rest}"), 400);
    // The same answer twice, with the cookie put back.
    let jar = Jar::default();
    let sent = jar.send(&format!("{}/sign-in/provider", server.base()), None).expect(303);
    let away = jar.cookie(server.base(), "cloister-away").unwrap();
    let back = jar.until(&sent.headers["location"], BACK).replacen("http://127.0.0.1", server.base(), 1);
    jar.send(&back, None).expect(303);
    let again = Jar::default();
    again.set(server.base(), "cloister-away", &away);
    shut(&again, &server, &back, 400);
    // A code that was used, in an attempt of its own: the provider has given it away already.
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let jar = Jar::default();
    let fresh = there(&jar, &server, "");
    let theirs = fresh.split("code=").nth(1).unwrap().split('&').next().unwrap();
    shut(&jar, &server, &fresh.replace(theirs, code), 401);
    // Another provider's answer, and one that does not say whose it is (RFC 9207).
    for issuer in ["iss=https%3A%2F%2Fevil.example", "x=y"] {
        let jar = Jar::default();
        let back = there(&jar, &server, "");
        let own = back.split(['?', '&']).find(|p| p.starts_with("iss=")).expect("the provider names itself");
        shut(&jar, &server, &back.replace(own, issuer), 401);
    }
    // What the person refused there.
    let jar = Jar::default();
    let back = there(&jar, &server, "");
    let code = back.split(['?', '&']).find(|p| p.starts_with("code=")).unwrap();
    shut(&jar, &server, &back.replace(code, "error=access_denied"), 401);
    drop(provider);
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Ways in which a token is not one that signs anybody in: claims, and how it is signed.
fn wrong(issuer: &str, client: &str) -> Vec<(&'static str, Value, &'static str)> {
    let now = now();
    vec![
        ("another audience", json!({ "aud": "another-client" }), "first"),
        ("several audiences", json!({ "aud": [client, "another-client"], "azp": client }), "first"),
        ("made for another", json!({ "azp": "another-client" }), "first"),
        ("another issuer", json!({ "iss": "https://evil.example" }), "first"),
        ("nearly the issuer", json!({ "iss": format!("{issuer}/") }), "first"),
        ("expired", json!({ "exp": now - 120, "iat": now - 300 }), "first"),
        ("of yesterday", json!({ "iat": now - 86_400, "exp": now + 300 }), "first"),
        ("of tomorrow", json!({ "iat": now + 86_400, "exp": now + 90_000 }), "first"),
        ("not signed", json!({}), "none"),
        ("signed with what is shared", json!({}), "shared"),
        ("signed by nobody", json!({}), "unknown"),
        ("signed by nobody under the provider's name", json!({}), "borrowed"),
    ]
}

#[test]
fn a_token_that_is_not_right_signs_nobody_in() {
    let Some((hub, server, provider)) = served("") else { return };
    let mut all = wrong(&provider.issuer, "cloister");
    all.push(("another nonce", json!({ "nonce": "another" }), "first"));
    all.push(("no nonce", json!({ "nonce": null }), "first"));
    for (what, claims, how) in all {
        provider.ask(&json!({ "twist": { "claims": claims, "how": how } }));
        let jar = Jar::default();
        let back = there(&jar, &server, "");
        let page = shut(&jar, &server, &back, 401);
        assert!(page.body.contains("not valid here"), "{what}: {}", page.body);
    }
    // But for the twist, the same way lets in.
    provider.ask(&json!({ "twist": { "claims": {}, "how": "first" } }));
    let jar = Jar::default();
    let back = there(&jar, &server, "");
    jar.send(&back, None).expect(303);
    // Whom the provider knows is somebody here only by an account that may be used.
    for person in ["s-nobody", "s-dora", "pat"] {
        provider.ask(&json!({ "person": person, "twist": null }));
        let jar = Jar::default();
        let back = there(&jar, &server, "");
        let page = shut(&jar, &server, &back, 403);
        assert!(page.body.contains("no account"), "{}", page.body);
    }
    assert_eq!(hub.run(&["audit", "show"]).expect(0).out.matches("by=provider").count(), 1);
}

#[test]
fn what_the_provider_must_have_asked_for() {
    let Some((hub, server, provider)) = served("amr = [\"mfa\"]\npasswords = false") else { return };
    provider.ask(&json!({ "amr": ["pwd"] }));
    let jar = Jar::default();
    let back = there(&jar, &server, "");
    shut(&jar, &server, &back, 403);
    assert!(hub.run(&["audit", "show"]).expect(0).out.contains("second-factor-missing"));
    provider.ask(&json!({ "amr": ["pwd", "mfa"] }));
    let jar = Jar::default();
    let back = there(&jar, &server, "");
    jar.send(&back, None).expect(303);
    // Where passwords are not taken, none is asked for, nor taken.
    let page = Jar::default().send(&format!("{}/sign-in", server.base()), None).expect(200).body;
    assert!(!page.contains("name=\"password\""), "{page}");
    let form = [("name", "admin"), ("password", "whatever it is")];
    Jar::default().send(&format!("{}/sign-in", server.base()), Some(&form)).expect(403);
    let body = json!({ "name": "admin", "password": "whatever it is" }).to_string();
    let headers = [("content-type", "application/json")];
    assert_eq!(
        server.send("POST", "/v1/sign-in/password", &headers, Some(body)).expect(403).code(),
        "passwords-off"
    );
}

#[test]
fn without_the_provider_passwords_go_on() {
    let (hub, passwords) = hub();
    // Nothing listens there.
    let server = Server::start(&hub, &settings(&hub, "http://127.0.0.1:9", ""));
    let page = Jar::default().send(&format!("{}/sign-in/provider", server.base()), None).expect(503).body;
    assert!(page.contains("Test ID cannot be reached now") && page.contains("name=\"password\""), "{page}");
    server.first_visit("researcher", &passwords["researcher"]);
}

#[test]
fn settings_that_are_not_right_are_not_served() {
    let Some(provider) = Provider::start(SECRET, BACK) else { return };
    let hub = Hub::new();
    let good = settings(&hub, &provider.issuer, "");
    assert!(Server::check(&hub, &good).expect(0).out.contains("the sign-in provider answers"));
    let down = Server::check(&hub, &settings(&hub, "http://127.0.0.1:9", "")).expect(0);
    assert!(down.out.contains("cannot be reached now"), "{}", down.out);
    // It answers, and says that it is another.
    let other = provider.issuer.replace("127.0.0.1", "localhost");
    assert!(
        Server::check(&hub, &settings(&hub, &other, ""))
            .expect(1)
            .err
            .contains("another than the settings name")
    );
    std::fs::set_permissions(hub.path("client-secret"), PermissionsExt::from_mode(0o644)).unwrap();
    assert!(Server::check(&hub, &good).expect(1).err.contains("0600"));
}

/// Types a code in at the provider, as the person whom it takes one for.
fn type_in(provider: &Provider, code: &str) {
    let jar = Jar::default();
    let address = format!("{}/device", provider.issuer);
    let page = jar.send(&address, None).expect(200).body;
    let page =
        jar.send(&address, Some(&[("xsrf", &field(&page, "xsrf")), ("user_code", code)])).expect(200).body;
    let form =
        [("xsrf", field(&page, "xsrf")), ("user_code", code.to_owned()), ("confirm", "yes".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let mut answered = jar.send(&address, Some(&form));
    for _ in 0..6 {
        let Some(to) = answered.headers.get("location") else { break };
        let to = if to.starts_with('/') { format!("{}{to}", provider.issuer) } else { to.clone() };
        answered = jar.send(&to, None);
    }
    answered.expect(200);
}

#[test]
fn the_command_line_signs_in_by_a_code() {
    let Some((hub, server, provider)) = served("") else { return };
    let at = ["--server", server.base()];
    let with = |args: &[&str]| hub.run(&[&at, args].concat());
    assert!(with(&["request", "list"]).expect(1).err.contains("not-signed-in"));
    let mut child = hub
        .command(&[&at[..], &["sign-in"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let code = lines.find_map(|l| l.unwrap().split("the code ").nth(1).map(str::to_owned)).unwrap();
    type_in(&provider, &code);
    let done = child.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && out.contains("as pat"), "{out} {:?}", lines.collect::<Vec<_>>());
    // Kept where nobody else reads it, and good for what a person may do.
    let file = hub.path("config/credentials.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    with(&["request", "list"]).expect(0);
    assert!(with(&["request", "list", "--as", "admin"]).expect(2).err.contains("another-person"));
    let mut text = String::new();
    std::fs::File::open(&file).unwrap().read_to_string(&mut text).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    let token = kept[server.base()]["token"].as_str().unwrap().to_owned();
    with(&["sign-out"]).expect(0);
    with(&["request", "list"]).expect(1);
    let bearer = format!("Bearer {token}");
    server.send("GET", "/v1/me", &[("authorization", bearer.as_str())], None).expect(401);
}

#[test]
fn an_id_token_of_the_command_line_signs_in_once() {
    let Some((_hub, server, provider)) = served("") else { return };
    let signed_in = |token: &str| {
        let headers = [("content-type", "application/json")];
        let body = json!({ "id_token": token }).to_string();
        server.send("POST", "/v1/sign-in/provider", &headers, Some(body))
    };
    let good = |subject: &str| {
        json!({ "iss": provider.issuer, "aud": "cloister-cli", "sub": subject, "iat": now(), "exp": now() + 300,
                "amr": ["pwd", "mfa"], "jti": subject })
    };
    let token = provider.forge(&good("s-pat"), "first");
    let made = signed_in(&token).expect(201).json();
    assert_eq!(made["name"], "pat");
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    server.send("GET", "/v1/me", &[("authorization", bearer.as_str())], None).expect(200);
    assert_eq!(signed_in(&token).expect(401).code(), "provider-token");
    for (what, claims, how) in wrong(&provider.issuer, "cloister-cli") {
        let mut all = good("s-pat");
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let answered = signed_in(&provider.forge(&all, how));
        assert_eq!(answered.status, 401, "{what}: {}", answered.body);
    }
    // What the pages' client was given is not the command line's.
    let mut pages = good("s-pat");
    pages["aud"] = json!("cloister");
    signed_in(&provider.forge(&pages, "first")).expect(401);
    for person in ["s-nobody", "s-dora"] {
        assert_eq!(signed_in(&provider.forge(&good(person), "first")).expect(403).code(), "no-account");
    }
    for text in ["", "x", "e30.e30.", "a.b.c"] {
        signed_in(text).expect(401);
    }
}

#[test]
fn nobody_is_sent_to_the_provider_too_often() {
    let Some((_hub, server, _provider)) = served("[limits]\nsign-ins-burst = 3\nsign-ins-per-minute = 1")
    else {
        return;
    };
    let begin = || Jar::default().send(&format!("{}/sign-in/provider", server.base()), None);
    for _ in 0..3 {
        begin().expect(303);
    }
    begin().expect(429);
    // Looking at the form is no attempt.
    Jar::default().send(&format!("{}/sign-in", server.base()), None).expect(200);
}
