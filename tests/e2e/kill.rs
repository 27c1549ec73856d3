//! kill -9 at any point leaves the old state or the new one.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

const KILLS: u32 = 30;

/// A number that differs every time, for the moment of the kill.
struct Moments(u64);

impl Moments {
    fn next(&mut self, within: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        within.mul_f64((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Starts a command and kills it after a while; whether it had ended well before.
fn kill_after(hub: &Hub, args: &[&str], after: Duration) -> (bool, String) {
    let mut child = hub.command(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let _ = child.kill();
    let done = child.wait_with_output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned())
}

fn left_over(hub: &Hub, folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(hub.home().join(folder)).unwrap();
    entries.map(|e| e.unwrap().file_name().into_string().unwrap()).filter(|n| !n.ends_with(".lock")).collect()
}

#[test]
fn landing_survives_kills() {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.without_ledger();
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let contract = cloister_tests::policies().join("datasets/gp.toml");
    let journal = hub.path("region/gp/journal-01.csv");
    let text = std::fs::read_to_string(&journal).unwrap();
    let (contract, from) = (contract.to_str().unwrap().to_owned(), hub.path("region/gp"));
    let args = ["dataset", "land", &contract, "--from", from.to_str().unwrap()];
    let began = Instant::now();
    std::fs::write(&journal, format!("{text}\n")).unwrap();
    hub.run(&args).expect(0);
    let whole = began.elapsed();
    let (mut moments, mut acknowledged, mut died) = (Moments(1), 2, 0);
    for kill in 0..KILLS {
        std::fs::write(&journal, format!("{text}{}", "\n".repeat(kill as usize + 2))).unwrap();
        let (done, _) = kill_after(&hub, &args, moments.next(whole.mul_f64(1.1)));
        died += u32::from(!done);
        let shown = hub.run(&["dataset", "show", "gp"]).expect(0).out;
        let version: u32 = shown.lines().next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        // A landing may have been recorded and killed before it could say so.
        assert!(version == acknowledged || version == acknowledged + 1, "{version} after {acknowledged}");
        assert!(!done || version == acknowledged + 1, "an acknowledged landing was lost");
        acknowledged = version;
        assert_eq!(left_over(&hub, "staging"), BTreeSet::new());
        let versions: BTreeSet<String> = (1..=version).map(|v| format!("v{v:05}")).collect();
        assert_eq!(left_over(&hub, "vault/gp"), versions);
        hub.run(&["dataset", "verify", "gp"]).expect(0);
        hub.run(&["audit", "verify"]).expect(0);
        hub.query("SELECT sex, count(*) AS n FROM person GROUP BY sex").expect(0);
    }
    assert!(died >= KILLS / 3, "only {died} landings were killed in time");
}

#[test]
fn releasing_survives_kills() {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub.create(&project("reviewed", "two", GRANTS)).expect(0);
    let began = Instant::now();
    let sql = "SELECT sex, count(*) AS n FROM person GROUP BY sex";
    hub.query(sql).expect(0);
    let whole = began.elapsed();
    let (mut moments, mut acknowledged, mut died) = (Moments(2), BTreeSet::new(), 0);
    for kill in 0..KILLS {
        let name = if kill % 3 == 0 { "reviewed" } else { "p" };
        let args = ["query", "--project", name, "--as", "researcher", "--format", "json", sql];
        let (done, out) = kill_after(&hub, &args, moments.next(whole.mul_f64(1.2)));
        died += u32::from(!done && out.is_empty());
        if let Ok(answer) = serde_json::from_str::<serde_json::Value>(&out) {
            acknowledged.insert(answer["request"].as_str().unwrap().to_owned());
        }
        let list = hub.run(&["request", "list", "--as", "researcher"]).expect(0).out;
        assert!(!list.contains("running"), "{list}");
        let with = |state: &str| -> BTreeSet<String> {
            let rows = list.lines().filter(|l| l.contains(&format!(" {state} ")));
            rows.map(|l| l.split_whitespace().find(|w| w.starts_with("req_")).unwrap().to_owned()).collect()
        };
        let (released, held) = (with("released"), with("held"));
        assert!(acknowledged.iter().all(|r| released.contains(r) || held.contains(r)), "an answer was lost");
        assert_eq!(left_over(&hub, "releases"), released);
        let all = |r: &String| ["sealed", "exhibit", "entry", "people"].map(|what| format!("{r}.{what}"));
        assert_eq!(left_over(&hub, "held"), held.iter().flat_map(all).collect());
        // What was released is in the ledger, and nothing else: the two are one transaction.
        let of = |r: &String| [format!("{r}.entry"), format!("{r}.people")];
        assert_eq!(left_over(&hub, "vault/_ledger"), released.iter().flat_map(of).collect());
        assert_eq!(left_over(&hub, "staging"), BTreeSet::new());
        hub.run(&["audit", "verify"]).expect(0);
        if let Some(request) = released.last() {
            hub.run(&["request", "fetch", request, "--as", "researcher"]).expect(0);
        }
    }
    assert!(died >= KILLS / 4, "only {died} queries were killed in time");
}

/// A workspace table is whole or not there, and so is its end.
#[test]
fn creating_and_dropping_survive_kills() {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let create = "CREATE TABLE t AS SELECT e.person_id, e.code, f.event_date FROM gp_event e JOIN gp_event f USING (person_id)";
    let ask = |sql: &'static str| ["query", "--project", "p", "--as", "researcher", "--format", "json", sql];
    let began = Instant::now();
    hub.run(&ask(create)).expect(0);
    let whole = began.elapsed();
    let began = Instant::now();
    hub.run(&ask("DROP TABLE t")).expect(0);
    let drop = began.elapsed();
    let (mut moments, mut there, mut died) = (Moments(3), false, 0);
    for kill in 0..KILLS {
        let (sql, within) = if there { ("DROP TABLE t", drop) } else { (create, whole) };
        let (done, _) = kill_after(&hub, &ask(sql), moments.next(within.mul_f64(1.1)));
        died += u32::from(!done);
        let list = hub.run(&["workspace", "list", "--project", "p", "--as", "researcher"]).expect(0).out;
        let now = list.contains("workspace.t");
        assert!(!done || now != there, "an acknowledged change was lost at {kill}");
        there = now;
        let count = hub.query("SELECT count(*) AS n FROM t");
        assert_eq!(count.code, if there { 0 } else { 2 }, "{count:?}");
        assert_eq!(left_over(&hub, "staging"), BTreeSet::new());
        assert_eq!(left_over(&hub, "vault/_workspace/p").len(), usize::from(there));
        hub.run(&["dataset", "verify"]).expect(0);
        hub.run(&["audit", "verify"]).expect(0);
    }
    assert!(died >= KILLS / 4, "only {died} were killed in time");
}
