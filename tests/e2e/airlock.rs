//! `cloister airlock`: from a held result to a release, through people.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Done, Hub, project};
use std::process::Stdio;
use std::time::Duration;

const SQL: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex";

/// A hub whose project needs two checkers; `third` checks too, and nobody else has anything to do with it.
fn hub() -> Hub {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    let text = project("p", "two", GRANTS).replacen(
        "members = [",
        "checkers = [\"first\", \"second\", \"third\"]\nmembers = [",
        1,
    );
    hub.create(&text).expect(0);
    hub
}

fn held(hub: &Hub) -> String {
    let answer = hub.query(SQL).expect(3).json();
    answer["request"].as_str().unwrap().to_owned()
}

fn desk(hub: &Hub, user: &str, args: &[&str]) -> Done {
    let all: Vec<&str> = ["airlock"].into_iter().chain(args.iter().copied()).chain(["--as", user]).collect();
    hub.run(&all)
}

fn ask(hub: &Hub, query: &str) -> String {
    let done = desk(
        hub,
        "researcher",
        &[
            "request",
            "--project",
            "p",
            query,
            "--purpose",
            "A chart",
            "--justification",
            "Counts are rounded",
        ],
    )
    .expect(0);
    done.out.split(':').next().unwrap().to_owned()
}

/// The digest that a checker is shown.
fn digest(hub: &Hub, user: &str, id: &str) -> String {
    let shown = desk(hub, user, &["evidence", id]).expect(0);
    assert!(shown.out.contains(SQL), "{}", shown.out);
    shown.out.lines().find_map(|l| l.strip_prefix("digest ")).unwrap().to_owned()
}

fn review(hub: &Hub, user: &str, id: &str, query: &str, choice: &str) {
    desk(hub, user, &["claim", id]).expect(0);
    let digest = digest(hub, user, id);
    desk(hub, user, &["vote", id, query, choice, "--digest", &digest]).expect(0);
    if choice != "approve" {
        // Whoever says no says why.
        desk(hub, user, &["finish", id, "1"]).expect(2);
        desk(hub, user, &["comment", id, "Not like this.", "--output", query]).expect(0);
    }
    desk(hub, user, &["finish", id, "1"]).expect(0);
}

#[test]
fn two_checkers_let_a_held_result_out() {
    let hub = hub();
    let query = held(&hub);
    hub.run(&["request", "fetch", &query, "--as", "researcher"]).expect(1);
    let id = ask(&hub, &query);
    // Nothing of the result is on the author's side, and for strangers there is no request.
    let theirs = desk(&hub, "researcher", &["show", &id]).expect(0);
    assert!(theirs.out.contains("submitted, turn 1"), "{}", theirs.out);
    desk(&hub, "researcher", &["evidence", &id]).expect(1);
    desk(&hub, "stranger", &["show", &id]).expect(1);
    desk(&hub, "stranger", &["claim", &id]).expect(1);
    desk(&hub, "researcher", &["approve", &id, "1"]).expect(2);

    review(&hub, "first", &id, &query, "approve");
    // One is not enough, and neither sees what the other thinks.
    desk(&hub, "first", &["approve", &id, "1"]).expect(2);
    let second = desk(&hub, "second", &["show", &id]).expect(0);
    assert!(!second.out.contains("approve"), "{}", second.out);
    // A vote on something else than what is there is none.
    desk(&hub, "second", &["claim", &id]).expect(0);
    let wrong = format!("sha256:{}", "0".repeat(64));
    desk(&hub, "second", &["vote", &id, &query, "approve", "--digest", &wrong]).expect(2);
    review(&hub, "second", &id, &query, "approve");
    desk(&hub, "third", &["approve", &id, "1"]).expect(2);

    let done = desk(&hub, "second", &["approve", &id, "1"]).expect(0);
    assert!(done.out.contains("released"), "{}", done.out);
    // Twice is once.
    desk(&hub, "second", &["approve", &id, "1"]).expect(0);
    let csv = hub.run(&["request", "fetch", &query, "--as", "researcher"]).expect(0);
    assert!(csv.out.starts_with("sex,n\r\n"), "{}", csv.out);
    assert!(!hub.home().join("held").join(format!("{query}.sealed")).exists());
    let log = hub.run(&["audit", "show"]).expect(0).out;
    for kind in
        ["request-created", "request-submitted", "evidence-viewed", "request-voted", "request-approved"]
    {
        assert!(log.contains(kind), "{kind}");
    }
    assert_eq!(log.matches("release-made").count(), 1, "{log}");
    hub.run(&["audit", "verify"]).expect(0);

    // What was released can be taken back, and is not fetched any more.
    desk(&hub, "first", &["revoke", &id, "--reason", "data-withdrawn", "--text", "Landed by mistake"])
        .expect(0);
    hub.run(&["request", "fetch", &query, "--as", "researcher"]).expect(1);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn what_is_returned_or_rejected_is_not_released() {
    let hub = hub();
    let query = held(&hub);
    let id = ask(&hub, &query);
    // The same result is not asked for twice at once.
    desk(
        &hub,
        "researcher",
        &["request", "--project", "p", &query, "--purpose", "x", "--justification", "y"],
    )
    .expect(2);
    review(&hub, "first", &id, &query, "request-changes");
    let returned =
        desk(&hub, "first", &["return", &id, "1", "--reason", "context-missing", "--text", "Which chart?"]);
    assert!(returned.expect(0).out.contains("returned"));
    let theirs = desk(&hub, "researcher", &["show", &id]).expect(0);
    assert!(theirs.out.contains("context-missing"), "{}", theirs.out);
    desk(&hub, "researcher", &["comment", &id, "The one of the report."]).expect(0);
    desk(&hub, "researcher", &["submit", &id, "2"]).expect(0);
    for user in ["first", "second"] {
        desk(&hub, user, &["claim", &id]).expect(0);
        let digest = digest(&hub, user, &id);
        desk(&hub, user, &["vote", &id, &query, "reject", "--digest", &digest]).expect(0);
        desk(&hub, user, &["comment", &id, "Not for this purpose.", "--output", &query]).expect(0);
        desk(&hub, user, &["finish", &id, "3"]).expect(0);
    }
    desk(&hub, "second", &["approve", &id, "3"]).expect(2);
    desk(&hub, "second", &["reject", &id, "3", "--reason", "small-counts", "--text", "No."]).expect(0);
    hub.run(&["request", "fetch", &query, "--as", "researcher"]).expect(1);
    // It may be asked for again, in another request.
    ask(&hub, &query);
    hub.run(&["audit", "verify"]).expect(0);
}

/// Killed anywhere between the last decision and the release, the result is out once, or not at all and then at the
/// next start.
#[test]
fn an_approval_that_is_killed_is_released_once() {
    let hub = hub();
    let mut died = 0;
    for kill in 0..12u32 {
        let query = held(&hub);
        let id = ask(&hub, &query);
        for user in ["first", "second"] {
            review(&hub, user, &id, &query, "approve");
        }
        let mut child = hub
            .command(&["airlock", "approve", &id, "1", "--as", "first"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(kill) * 2_500));
        let _ = child.kill();
        let done = child.wait_with_output().unwrap();
        died += u32::from(!done.status.success());
        // The next start, by whoever it is.
        hub.run(&["request", "list", "--as", "researcher"]).expect(0);
        let seen = desk(&hub, "first", &["show", &id]).expect(0).out;
        let released = seen.contains("released, turn");
        assert!(released || seen.contains("reviewed, turn"), "{seen}");
        assert!(released || !done.status.success(), "what was acknowledged is lost: {seen}");
        if !released {
            desk(&hub, "first", &["approve", &id, "1"]).expect(0);
        }
        hub.run(&["request", "fetch", &query, "--as", "researcher"]).expect(0);
        assert!(!hub.home().join(format!("held/{query}.sealed")).exists());
        assert!(!hub.home().join(format!("staging/{query}")).exists());
    }
    assert!(died > 2, "only {died} were killed in time");
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert_eq!(log.matches("release-made").count(), 12);
    hub.run(&["audit", "verify"]).expect(0);
}
