//! Workers that are not what they should be: this program stands in for them, in the way that the vault's name
//! says, and the parent half has to cope.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use cloister_governance::ReviewMode;
use cloister_worker::{
    Account, Ceilings, CheckJob, Ended, Outcome, PolicyTexts, QueryJob, SUBCOMMAND, Sandbox, Wanted, Workers,
};
use std::future::pending;
use std::io::{Read, Write, stdin, stdout};
use std::time::{Duration, Instant};

const READY: &str = r#"{"ready":{"files":true,"calls":true}}"#;
const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn main() {
    if std::env::args().nth(1).as_deref() == Some(SUBCOMMAND) {
        return misbehave();
    }
    // `cargo test NAME` picks tests, perhaps of other programs.
    let names: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if !names.is_empty() && !names.iter().any(|name| "misbehaviour".contains(name.as_str())) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        whatever_a_worker_says_that_is_no_end_is_a_failure().await;
        a_worker_that_hangs_is_killed().await;
        one_that_is_not_locked_in_gets_no_job_where_it_must_be().await;
        an_end_of_another_job_is_a_failure().await;
    });
    println!("misbehaviour: ok");
}

fn said(head: &str, body: &[u8]) {
    let mut out = stdout().lock();
    for part in [head.as_bytes(), body] {
        out.write_all(&u32::try_from(part.len()).unwrap().to_be_bytes()).unwrap();
        out.write_all(part).unwrap();
    }
    out.flush().unwrap();
}

fn heard() -> (serde_json::Value, Vec<u8>) {
    let part = || {
        let mut length = [0u8; 4];
        stdin().read_exact(&mut length).unwrap();
        let mut part = vec![0u8; u32::from_be_bytes(length) as usize];
        stdin().read_exact(&mut part).unwrap();
        part
    };
    (serde_json::from_slice(&part()).unwrap(), part())
}

fn misbehave() {
    let (opening, _) = heard();
    let vault = opening["vault"].as_str().unwrap();
    let way = vault.rsplit('/').next().unwrap();
    assert_eq!(std::env::vars_os().count(), 0);
    match way {
        "gone" => return,
        "mute" => std::thread::sleep(Duration::from_secs(3_600)),
        "noise" => stdout().write_all(&[0xff; 1 << 16]).unwrap(),
        "html" => said("<html>", b""),
        "half" => stdout().write_all(&[0, 0, 0, 99, b'{']).unwrap(),
        "unconfined" => said(r#"{"ready":{"files":false,"calls":true}}"#, b""),
        _ => said(READY, b""),
    }
    if matches!(way, "noise" | "html" | "half") {
        return;
    }
    if way == "deaf" {
        std::thread::sleep(Duration::from_secs(3_600));
    }
    let (job, secret) = heard();
    let planned = format!(r#"{{"planned":{{"digest":"{DIGEST}","reads":{{"tables":[],"objects":[]}}}}}}"#);
    let unproven = format!(r#"{{"released":{{"proof":{:?}}}}}"#, [7u8; 32]);
    match way {
        "abort" => std::process::abort(),
        "exit" => std::process::exit(7),
        "planned-twice" => (said(&planned, b""), said(&planned, b"")).1,
        "planned-then-gone" => said(&planned, b""),
        "planned-then-mute" => {
            said(&planned, b"");
            std::thread::sleep(Duration::from_secs(3_600));
        }
        "ready-twice" => said(READY, b""),
        "unproven" => said(&unproven, b"ARROW1"),
        "unasked-part" => said(r#"{"part":{"bucket":0}}"#, b"PAR1"),
        "checked" => said(r#"{"checked":[]}"#, b""),
        "lingering" | "unconfined" => {
            said(r#"{"refused":{"code":"c","message":"m","hint":"h"}}"#, b"");
            // Says its end and does not go.
            std::thread::sleep(Duration::from_secs(3_600));
        }
        other => panic!("{other}: {job} {}", secret.len()),
    }
}

fn no_policy() -> PolicyTexts {
    PolicyTexts { policy: String::new(), perturbation: None }
}

fn job() -> QueryJob {
    QueryJob {
        request: "req_1".to_owned(),
        datasets: Vec::new(),
        workspace: Vec::new(),
        policy: no_policy(),
        approved: None,
        ledger: None,
        wanted: Wanted::Result,
        review: ReviewMode::Automatic,
        // More than a pipe holds.
        sql: " ".repeat(1 << 20),
    }
}

fn workers(way: &str, sandbox: Sandbox, time_ms_max: u64) -> Workers {
    let ceilings = Ceilings { time_ms_max, ..Ceilings::default() };
    Workers::new(format!("/nowhere/{way}").into(), "/nowhere/key".into(), sandbox, ceilings)
}

fn cause(ended: &Ended) -> String {
    match &ended.outcome {
        Outcome::Failed(failure) => {
            assert!(matches!(failure.account, Account::Plain(_)));
            failure.cause.clone()
        }
        other => panic!("{other:?}"),
    }
}

async fn whatever_a_worker_says_that_is_no_end_is_a_failure() {
    for (way, expected) in [
        ("gone", "protocol"),
        ("noise", "protocol"),
        ("html", "protocol"),
        ("half", "protocol"),
        ("abort", "signal-6"),
        ("exit", "exit-7"),
        ("planned-twice", "protocol"),
        ("planned-then-gone", "protocol"),
        ("ready-twice", "protocol"),
        ("unasked-part", "protocol"),
        ("unproven", "protocol"),
        ("checked", "protocol"),
    ] {
        let ended = workers(way, Sandbox::Required, 60_000).query(job(), pending()).await;
        let cause = cause(&ended);
        assert_eq!(cause, expected, "{way}");
        assert_eq!(ended.plan.is_some(), way.starts_with("planned"), "{way}");
    }
}

async fn a_worker_that_hangs_is_killed() {
    for way in ["mute", "deaf", "planned-then-mute"] {
        let since = Instant::now();
        let ended = workers(way, Sandbox::Required, 700).query(job(), pending()).await;
        assert_eq!(cause(&ended), "time-limit", "{way}");
        assert!(since.elapsed() < Duration::from_secs(20), "{way}");
        assert_eq!(ended.plan.is_some(), way == "planned-then-mute");
        let stop = tokio::time::sleep(Duration::from_millis(300));
        let ended = workers(way, Sandbox::Required, 600_000).query(job(), stop).await;
        assert!(matches!(ended.outcome, Outcome::Cancelled), "{way}");
        assert!(since.elapsed() < Duration::from_secs(20), "{way}");
    }
    // A future that nobody waits for takes its worker along.
    let before = children();
    let workers = workers("deaf", Sandbox::Required, 600_000);
    let dropped = tokio::time::timeout(Duration::from_millis(500), workers.query(job(), pending())).await;
    assert!(dropped.is_err());
    let since = Instant::now();
    while children() > before {
        assert!(since.elapsed() < Duration::from_secs(20), "it lives on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many processes this one has, dead ones that nobody asked about included.
fn children() -> usize {
    let own = std::process::id().to_string();
    let parents = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let text = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        Some(text.rsplit(')').next()?.split_whitespace().nth(1)?.to_owned())
    });
    parents.filter(|parent| *parent == own).count()
}

async fn one_that_is_not_locked_in_gets_no_job_where_it_must_be() {
    let ended = workers("unconfined", Sandbox::Required, 60_000).query(job(), pending()).await;
    assert_eq!(cause(&ended), "sandbox");
    let ended = workers("unconfined", Sandbox::BestEffort, 60_000).query(job(), pending()).await;
    assert!(matches!(ended.outcome, Outcome::Refused(_)));
}

async fn an_end_of_another_job_is_a_failure() {
    let since = Instant::now();
    let job = CheckJob { datasets: Vec::new(), policy: no_policy() };
    let failure = workers("lingering", Sandbox::Required, 60_000).check(job).await.unwrap_err();
    assert_eq!(failure.cause, "protocol");
    assert!(since.elapsed() < Duration::from_secs(20));
}
