//! `cloister --server`: the same commands, and the same that they print, at a server.

use super::{SQL, grant_egress, hub};
use crate::worker::{LONG, signal};
use cloister_tests::{Done, Hub, Server};
use serde_json::Value;
use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Everything that a token may be for.
const ALL: &[&str] = &["read", "query", "request", "review", "administer"];

/// A served hub, and tokens of its people.
struct Served {
    hub: Hub,
    server: Server,
    tokens: HashMap<&'static str, String>,
}

impl Served {
    fn new() -> Self {
        let (hub, passwords) = hub();
        let server = Server::start(&hub, "");
        let mut tokens = HashMap::new();
        for name in ["admin", "researcher", "first", "second", "outsider", "auditor"] {
            tokens.insert(name, server.first_visit(name, &passwords[name]).token(ALL));
        }
        let owner = server.first_visit("owner", &passwords["owner"]);
        let admin = again(&server, "admin");
        grant_egress(&owner, &admin);
        Self { hub, server, tokens }
    }

    /// At the server, as somebody.
    fn run(&self, who: &str, args: &[&str]) -> Done {
        let all = [&["--server", self.server.base()], args].concat();
        self.hub.run_with(&self.tokens[who], &all)
    }

    /// On the hub's own machine, as somebody.
    fn here(&self, who: &str, args: &[&str]) -> Done {
        self.hub.run_with(&self.tokens[who], args)
    }

    fn query(&self, who: &str, project: &str, sql: &str, more: &[&str]) -> Done {
        self.run(who, &[&["query", "--project", project], more, &["--", sql]].concat())
    }
}

fn again<'a>(server: &'a Server, name: &str) -> cloister_tests::Browser<'a> {
    let browser = cloister_tests::Browser::new(server, name);
    let phrase = format!("a phrase of {}", name.chars().rev().collect::<String>());
    browser.post_form("/sign-in", &[("name", name), ("password", &phrase)]).expect(303);
    browser
}

#[test]
fn a_held_result_gets_out_by_the_command_line() {
    let served = Served::new();
    let held = served.query("researcher", "p", SQL, &["--format", "json"]).expect(3).json();
    assert_eq!(held["status"], "held");
    assert!(held.get("rows").is_none());
    let query = held["request"].as_str().unwrap();
    assert!(served.run("researcher", &["request", "fetch", query]).expect(1).err.contains("not-released"));
    let asked =
        ["airlock", "request", "--project", "p", query, "--purpose", "A chart", "--justification", "Rounded"];
    let id = served.run("researcher", &asked).expect(0).out.split(':').next().unwrap().to_owned();
    // Twice is refused, as it is here.
    assert!(served.run("researcher", &asked).expect(2).err.starts_with("refused["));
    for other in [&["airlock", "show", &id][..], &["airlock", "claim", &id], &["airlock", "evidence", &id]] {
        served.run("outsider", other).expect(1);
    }
    served.run("researcher", &["airlock", "approve", &id, "1"]).expect(2);
    for checker in ["first", "second"] {
        served.run(checker, &["airlock", "claim", &id]).expect(0);
        let shown = served.run(checker, &["airlock", "evidence", &id]).expect(0).out;
        assert!(shown.contains(SQL) && shown.contains("policy nhs-england"), "{shown}");
        let digest = shown.lines().find_map(|l| l.strip_prefix("digest ")).unwrap();
        let nothing = ["airlock", "vote", &id, query, "perhaps", "--digest", digest];
        assert!(served.run(checker, &nothing).expect(2).err.contains("unknown-choice"));
        let vote = ["airlock", "vote", &id, query, "approve", "--digest", digest];
        served.run(checker, &vote).expect(0);
        served.run(checker, &["airlock", "finish", &id, "1"]).expect(0);
        // One is not enough.
        if checker == "first" {
            served.run(checker, &["airlock", "approve", &id, "1"]).expect(2);
            assert!(!served.run("second", &["airlock", "show", &id]).expect(0).out.contains("approve"));
        }
    }
    assert!(served.run("second", &["airlock", "approve", &id, "1"]).expect(0).out.contains("released"));
    let csv = served.run("researcher", &["request", "fetch", query]).expect(0).out;
    assert!(csv.starts_with("sex,n\r\n"), "{csv}");
    assert_eq!(served.here("researcher", &["request", "fetch", query]).expect(0).out, csv);
    served.run("first", &["request", "fetch", query]).expect(1);
    // A package is whole on the other side too.
    let zip = served.hub.path("package.zip");
    let to = zip.to_str().unwrap();
    served.run("researcher", &["request", "fetch", query, "--format", "zip", "--out", to]).expect(0);
    served.hub.run(&["verify", to]).expect(0);
    let back = ["airlock", "revoke", &id, "--reason", "data-withdrawn", "--text", "By mistake"];
    served.run("first", &back).expect(0);
    served.run("researcher", &["request", "fetch", query]).expect(1);
    assert!(served.run("auditor", &["audit", "verify"]).expect(0).out.contains("the audit log is whole"));
}

#[test]
fn what_is_printed_is_the_same_here_and_there() {
    let served = Served::new();
    let same = |who: &str, args: &[&str], code: i32| {
        let (there, here) = (served.run(who, args).expect(code), served.here(who, args).expect(code));
        assert_eq!((there.out, there.err), (here.out, here.err), "{args:?}");
    };
    let p = ["--project", "p"];
    for format in ["table", "json"] {
        same("researcher", &[&["tables"], &p[..], &["--format", format]].concat(), 0);
        same("researcher", &[&["describe", "person"], &p[..], &["--format", format]].concat(), 0);
        same("researcher", &[&["describe", "nothing"], &p[..], &["--format", format]].concat(), 2);
        let explain = ["query", "--explain", "--format", format, "--project", "q", "--"];
        same("researcher", &[&explain[..], &[SQL]].concat(), 0);
        same("researcher", &[&explain[..], &["SELECT * FROM person"]].concat(), 2);
        let twin = ["query", "--twin", "--format", format, "--project", "q", "--"];
        same("researcher", &[&twin[..], &[SQL]].concat(), 0);
    }
    same("researcher", &[&["saved", "put", "by-sex"], &p[..], &[SQL]].concat(), 0);
    same("researcher", &[&["saved", "show", "by-sex"], &p[..]].concat(), 0);
    same("researcher", &["project", "list"], 0);
    same("researcher", &["project", "show", "p"], 0);
    same("outsider", &["project", "list"], 0);
    same("researcher", &["policy", "list"], 0);
    same("researcher", &["policy", "show", "nhs-england"], 0);
    same("admin", &["person", "list"], 0);
    // A released table, in all its forms.
    for format in ["table", "csv", "json", "arrow"] {
        let sql = "SELECT sex, birth_year, count(*) AS n FROM person GROUP BY ROLLUP (sex, birth_year)";
        let args = ["query", "--project", "q", "--format", format, "--", sql];
        let (there, here) =
            (served.run("researcher", &args).expect(0), served.here("researcher", &args).expect(0));
        match format {
            "json" => {
                let without = |done: &Done| {
                    let mut json: Value = done.json();
                    json.as_object_mut().unwrap().remove("request").unwrap();
                    json
                };
                assert_eq!(without(&there), without(&here));
            }
            _ => assert_eq!(there.out, here.out, "{format}"),
        }
        assert!(!there.out.is_empty());
    }
    same("researcher", &["request", "list"], 0);
    same("researcher", &["workspace", "list", "--project", "q"], 0);
    // A refusal is an answer, with the same words and status.
    let refused = |done: Done| done.err.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let all = ["query", "--project", "q", "--", "SELECT * FROM person"];
    assert_eq!(
        refused(served.run("researcher", &all).expect(2)),
        refused(served.here("researcher", &all).expect(2))
    );
    let log = served.run("auditor", &["audit", "show"]).expect(0).out;
    assert!(log.contains("query-submitted") && log.contains("audit-read"), "{log}");
    served.run("researcher", &["audit", "show"]).expect(1);
    let exported = served.run("auditor", &["audit", "export"]).expect(0).out;
    assert!(exported.lines().count() > 20);
}

#[test]
fn accounts_and_projects_are_looked_after_from_elsewhere() {
    let served = Served::new();
    let added = ["person", "add", "eve", "--display", "Eve", "--role", "researcher"];
    assert!(served.run("admin", &added).expect(0).out.contains("password to begin with: "));
    served.run("admin", &added).expect(2);
    served
        .run("researcher", &["person", "add", "mallory", "--display", "M", "--role", "administrator"])
        .expect(1);
    served.run("admin", &["person", "change", "eve", "--disable"]).expect(0);
    assert!(served.run("admin", &["person", "list"]).expect(0).out.contains("disabled"));
    served.run("admin", &["project", "suspend", "q"]).expect(0);
    served.query("researcher", "q", SQL, &[]).expect(2);
    served.run("admin", &["project", "resume", "q"]).expect(0);
    served.query("researcher", "q", SQL, &[]).expect(0);
    served.run("researcher", &["project", "suspend", "q"]).expect(1);
    for only_here in [&["init"][..], &["demo"], &["dataset", "list"], &["policy", "test"]] {
        assert!(served.run("admin", only_here).expect(1).err.contains("only-local"), "{only_here:?}");
    }
}

#[test]
fn who_has_not_signed_in_is_nobody_and_a_token_does_what_it_is_for() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let reads = server.first_visit("researcher", &passwords["researcher"]).token(&["read"]);
    fn beyond<'a>(base: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["--server", base], more].concat()
    }
    let base = server.base();
    assert!(hub.run(&beyond(base, &["tables", "--project", "q"])).expect(1).err.contains("not-signed-in"));
    let cut = &reads[..reads.len() - 1];
    assert!(
        hub.run_with(cut, &beyond(base, &["tables", "--project", "q"]))
            .expect(1)
            .err
            .contains("not-signed-in")
    );
    hub.run_with(&reads, &beyond(base, &["tables", "--project", "q"])).expect(0);
    for place in [beyond(base, &[]), Vec::new()] {
        let query = [&place[..], &["query", "--project", "q", "--", SQL]].concat();
        assert!(hub.run_with(&reads, &query).expect(1).err.contains("error[scope]"));
    }
    // Nowhere but by TLS, and to nobody who is not who the address says.
    assert!(
        hub.run_with(&reads, &["--server", "http://hub.example", "project", "list"])
            .expect(1)
            .err
            .contains("server-address")
    );
    assert!(
        hub.run_with(&reads, &["--server", "http://127.0.0.1:9", "project", "list"])
            .expect(1)
            .err
            .contains("unreachable")
    );
}

/// Signs in with what is typed on standard input.
fn typed(hub: &Hub, server: &Server, name: &str, lines: &str) -> Done {
    let mut child = hub
        .command(&["--server", server.base(), "sign-in", "--name", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Done { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), err: text(&done.stderr) }
}

#[test]
fn a_password_signs_the_command_line_in() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let at = ["--server", server.base()];
    // With a password that was given, one chooses another first.
    let given = format!("{}\n", passwords["researcher"]);
    assert!(typed(&hub, &server, "researcher", &given).expect(1).err.contains("password-change-needed"));
    server.first_visit("researcher", &passwords["researcher"]);
    assert!(
        typed(&hub, &server, "researcher", "a wrong phrase of words\n")
            .expect(1)
            .err
            .contains("error[sign-in]")
    );
    let done = typed(&hub, &server, "researcher", "a phrase of rehcraeser\n").expect(0);
    assert!(done.out.contains("as researcher, until ") && !done.out.contains("cloister_pat"), "{}", done.out);
    hub.run(&[&at[..], &["tables", "--project", "q"]].concat()).expect(0);
    // What is released is not taken out without the right to, and no empty table stands in its place.
    for format in ["table", "csv", "arrow"] {
        let query = ["query", "--project", "q", "--format", format, "--", SQL];
        let done = hub.run(&[&at[..], &query].concat()).expect(1);
        assert!(done.err.contains("egress-not-granted") && done.out.is_empty(), "{}", done.err);
    }
    // No session is left of it.
    hub.run(&[&at[..], &["sign-out"]].concat()).expect(0);
    hub.run(&[&at[..], &["project", "list"]].concat()).expect(1);
    hub.run(&[&at[..], &["sign-out"]].concat()).expect(1);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn whoever_cancels_cancels_there() {
    let served = Served::new();
    let child = served
        .hub
        .command(&[
            "--server",
            served.server.base(),
            "query",
            "--project",
            "q",
            "--format",
            "json",
            "--",
            LONG,
        ])
        .env("CLOISTER_TOKEN", &served.tokens["researcher"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(4));
    signal("INT", child.id());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (&json["status"], &json["reasons"][0]["code"]),
        (&"failed".into(), &"cancelled".into()),
        "{json}"
    );
    let query = json["request"].as_str().unwrap();
    let shown = served.run("researcher", &["request", "show", query]).expect(0).out;
    assert!(shown.contains("cancelled"), "{shown}");
}

#[test]
fn a_server_is_who_its_certificate_says() {
    let (hub, _) = hub();
    let Some((server, authority)) = Server::start_with_tls(&hub) else { return };
    let (base, authority) = (server.base(), authority.to_str().unwrap());
    let unknown = hub.run(&["--server", base, "sign-in", "--name", "admin"]).expect(1);
    assert!(unknown.err.contains("error[unreachable]"), "{}", unknown.err);
    let trusted = hub.run(&["--server", base, "--ca-file", authority, "project", "list"]).expect(1);
    assert!(trusted.err.contains("not-signed-in"), "{}", trusted.err);
    let known = hub.run_with(&"x".repeat(40), &["--server", base, "--ca-file", authority, "project", "list"]);
    assert!(known.expect(1).err.contains("error[not-signed-in]: Sign in, or send"));
    // Under another name it is nobody.
    let other = base.replace("localhost", "127.0.0.1");
    let other =
        hub.run_with(&"x".repeat(40), &["--server", &other, "--ca-file", authority, "project", "list"]);
    assert!(other.expect(1).err.contains("error[unreachable]"));
    let nothing = hub.write("nothing.pem", "nothing");
    let done = hub.run(&["--server", base, "--ca-file", nothing.to_str().unwrap(), "project", "list"]);
    assert!(done.expect(1).err.contains("error[certificates]"));
}

/// The bytes of a seed as authenticators take it (RFC 4648, base 32), as hexadecimal digits.
fn hex_of_base32(seed: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        seed.chars().filter(|c| *c != '=').map(|c| format!("{:05b}", DIGITS.find(c).unwrap())).collect();
    let bytes = bits.as_bytes().chunks_exact(8);
    bytes
        .map(|b| format!("{:02x}", u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap()))
        .collect()
}

/// The code that an authenticator with this seed shows (RFC 6238), by a program that is not ours.
fn code(seed: &str, periods_ahead: u64) -> Option<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let key = format!("hexkey:{}", hex_of_base32(seed));
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha1", "-mac", "HMAC", "-macopt", &key, "-binary"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(&(now / 30 + periods_ahead).to_be_bytes()).ok()?;
    let mac = child.wait_with_output().ok()?.stdout;
    let at = usize::from(mac[19] & 15);
    let number = u32::from_be_bytes(mac[at..at + 4].try_into().ok()?) & 0x7fff_ffff;
    Some(format!("{:06}", number % 1_000_000))
}

#[test]
fn a_second_factor_is_asked_for_here_too() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let browser = server.first_visit("researcher", &passwords["researcher"]);
    let seed = cloister_tests::field(&browser.get("/account").expect(200).body, "seed");
    let Some(shown) = code(&seed, 0) else {
        assert!(std::env::var_os("CI").is_none(), "there is no openssl on this machine");
        eprintln!("NOT TESTED: second factors at the command line; there is no openssl on this machine");
        return;
    };
    browser.form("/account", &[("act", "factor"), ("seed", &seed), ("code", &shown)]).expect(200);
    let phrase = "a phrase of rehcraeser\n";
    let without = typed(&hub, &server, "researcher", phrase).expect(1);
    assert!(without.err.contains("code of your authenticator"), "{}", without.err);
    let wrong = typed(&hub, &server, "researcher", &format!("{phrase}000000\n")).expect(1);
    assert!(wrong.err.contains("error[sign-in]"), "{}", wrong.err);
    // The code that was shown first has been used: the next one's time comes within the drift that is allowed.
    let used = typed(&hub, &server, "researcher", &format!("{phrase}{shown}\n")).expect(1);
    assert!(used.err.contains("error[sign-in]"), "{}", used.err);
    let next = code(&seed, 1).unwrap();
    typed(&hub, &server, "researcher", &format!("{phrase}{next}\n")).expect(0);
}

#[test]
fn who_guesses_at_the_api_learns_nothing_and_is_stopped() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "[limits]\nsign-ins-burst = 9\nsign-ins-per-minute = 1");
    let try_as = |name: &str, password: &str| {
        let body = serde_json::json!({ "name": name, "password": password }).to_string();
        server.send("POST", "/v1/sign-in/password", &[("content-type", "application/json")], Some(body))
    };
    let nobody = try_as("nobody-at-all", "some wrong password").expect(401);
    for _ in 0..5 {
        assert_eq!(try_as("first", "some wrong password").expect(401).body, nobody.body);
    }
    // Locked, and it looks the same.
    assert_eq!(try_as("first", &passwords["first"]).expect(401).body, nobody.body);
    for _ in 0..2 {
        try_as("second", "some wrong password").expect(401);
    }
    assert_eq!(try_as("second", &passwords["second"]).expect(429).code(), "too-many-requests");
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert!(log.contains("sign-in-locked") && !log.contains("nobody-at-all"), "{log}");
}
