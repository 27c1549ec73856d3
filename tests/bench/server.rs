//! How long reads of the API and of the pages take, with 1,000 release requests in the database: the times of an even 50
//! requests a second, and what the server does at most. `cargo bench -p cloister-tests --bench server -- SECONDS`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark")]

use cloister_synth::ErrorRates;
use cloister_tests::{Browser, Hub, Server, project};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const REQUESTS: usize = 1_000;
const A_SECOND: u32 = 50;
const GRANTS: &str = "[[grants]]\ndataset = \"gp\"\ntables = [{ name = \"person\", columns = \"all\" }]";
const SQL: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex";

/// Who reads what, by parts of the whole.
const READS: &[(&str, &str)] = &[
    ("researcher", "/"),
    ("researcher", "/v1/queries"),
    ("researcher", "/v1/projects"),
    ("researcher", "/queries"),
    ("researcher", "/desk"),
    ("first", "/desk"),
    ("first", "/v1/release-requests"),
    ("first", "/desk/{request}"),
    ("first", "/v1/release-requests/{request}"),
    ("second", "/"),
    ("admin", "/people"),
    ("admin", "/projects"),
    ("admin", "/v1/audit/events?after=5000"),
    ("admin", "/health/ready"),
    ("admin", "/register"),
];

struct Reader {
    http: reqwest::blocking::Client,
    base: String,
    cookies: Vec<(String, String)>,
    requests: Vec<String>,
}

impl Reader {
    /// The `n`th read: which, and how long it took.
    fn read(&self, n: usize) -> (usize, Duration) {
        let which = n % READS.len();
        let (who, path) = READS[which];
        let cookie = &self.cookies.iter().find(|(name, _)| name == who).unwrap().1;
        let path = path.replace("{request}", &self.requests[n * 7 % self.requests.len()]);
        let began = Instant::now();
        let answer = self.http.get(format!("{}{path}", self.base)).header("cookie", cookie).send().unwrap();
        let status = answer.status().as_u16();
        let _ = answer.bytes().unwrap();
        assert_eq!(status, 200, "{who} {path}");
        (which, began.elapsed())
    }
}

fn seeded(researcher: &Browser<'_>) -> Vec<String> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let word = researcher.word();
                let cookie = researcher.cookie();
                while next.fetch_add(1, Ordering::SeqCst) < REQUESTS {
                    let call = |path: &str, body: Value| {
                        let headers = [
                            ("cookie", cookie.as_str()),
                            ("x-csrf-token", word.as_str()),
                            ("prefer", "wait=60"),
                            ("content-type", "application/json"),
                        ];
                        researcher.server().send("POST", path, &headers, Some(body.to_string())).expect(201).json()
                    };
                    let query = call("/v1/projects/p/queries", json!({ "sql": SQL }));
                    let body = json!({ "project": "p", "queries": [query["id"]], "purpose": "A chart", "justification": "Rounded" });
                    let request = call("/v1/release-requests", body);
                    made.lock().unwrap().push(request["id"].as_str().unwrap().to_owned());
                }
            });
        }
    });
    made.into_inner().unwrap()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    println!(
        "{name:45} {:5} reads, median {:6.1} ms, p99 {:6.1} ms, most {:6.1} ms",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// An even stream, whatever the server does: what waits for its turn, waits on the clock.
fn evenly(reader: &Reader, seconds: u32) -> Vec<(usize, Duration)> {
    let (began, times) = (Instant::now(), Mutex::new(Vec::new()));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= (A_SECOND * seconds) as usize {
                        return;
                    }
                    let due = began + Duration::from_secs_f64(n as f64 / f64::from(A_SECOND));
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let late = Instant::now().saturating_duration_since(due);
                    let (which, took) = reader.read(n);
                    times.lock().unwrap().push((which, took + late));
                }
            });
        }
    });
    times.into_inner().unwrap()
}

/// As many as it does.
fn flat_out(reader: &Reader, seconds: u32) -> usize {
    let (until, done) = (Instant::now() + Duration::from_secs(seconds.into()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while Instant::now() < until {
                    reader.read(done.fetch_add(1, Ordering::SeqCst));
                }
            });
        }
    });
    done.into_inner()
}

fn main() {
    let seconds: u32 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(30);
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "two", GRANTS)).expect(0);
    let passwords = Server::people(&hub);
    let server = Server::start(&hub, "");
    let people = ["researcher", "first", "second", "admin"];
    let browsers = people.map(|name| server.first_visit(name, &passwords[name]));
    let began = Instant::now();
    let requests = seeded(&browsers[0]);
    println!("{} release requests made in {:.0} s", requests.len(), began.elapsed().as_secs_f64());
    let http = reqwest::blocking::Client::builder().pool_max_idle_per_host(16).build().unwrap();
    let cookies = browsers.iter().map(|b| (b.name.clone(), b.cookie())).collect();
    let reader = Reader { http, base: server.base().to_owned(), cookies, requests };
    (0..READS.len() * 2).for_each(|n| {
        let _ = reader.read(n);
    });
    let times = evenly(&reader, seconds);
    for (which, (who, path)) in READS.iter().enumerate() {
        let of = times.iter().filter(|(w, _)| *w == which).map(|(_, took)| *took).collect();
        report(&format!("{who} {path}"), of);
    }
    report(&format!("all, {A_SECOND} a second"), times.into_iter().map(|(_, took)| took).collect());
    println!(
        "at most {:.0} a second",
        flat_out(&reader, seconds.min(20)) as f64 / f64::from(seconds.min(20))
    );
}
