//! People who go on when the server dies, and whoever starts it again.

use cloister_tests::{Answered, Hub, Server};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

/// Holds the server that runs now.
pub(super) struct Keeper {
    server: Mutex<Option<Server>>,
    base: RwLock<String>,
}

impl Keeper {
    pub(super) fn new(server: Server) -> Self {
        let base = RwLock::new(server.base().to_owned());
        Self { server: Mutex::new(Some(server)), base }
    }

    /// Kills it again and again, as a power cut does, and starts it; how often.
    pub(super) fn kill_every(&self, between: Duration, hub: &Hub, working: &AtomicBool) -> u32 {
        let mut kills = 0;
        while working.load(Ordering::SeqCst) {
            let mut left = between.mul_f64(0.5 + f64::from(kills * 37 % 100) / 100.0);
            while left > Duration::ZERO && working.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(50));
                left = left.saturating_sub(Duration::from_millis(50));
            }
            self.end();
            let server = Server::start(hub, "");
            *self.base.write().unwrap() = server.base().to_owned();
            *self.server.lock().unwrap() = Some(server);
            kills += 1;
        }
        kills
    }

    /// Kills it.
    pub(super) fn end(&self) {
        if let Some(server) = self.server.lock().unwrap().take() {
            server.kill();
        }
    }
}

/// Somebody with a token, whose connection breaks now and then.
pub(super) struct Client {
    keeper: Arc<Keeper>,
    pub(super) name: String,
    token: String,
    http: reqwest::blocking::Client,
    sent: AtomicU64,
}

impl Client {
    pub(super) fn new(keeper: Arc<Keeper>, name: &str, token: &str) -> Self {
        let http = reqwest::blocking::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { keeper, name: name.to_owned(), token: token.to_owned(), http, sent: AtomicU64::new(0) }
    }

    /// A number below `below` that differs from person to person and from time to time, the same in every run.
    pub(super) fn number(&self, n: usize, below: usize) -> usize {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in self.name.bytes().chain(n.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        (hash >> 17) as usize % below
    }

    /// Sends once. None where no answer came back: whether it was done, nobody knows then.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Option<Answered> {
        let base = self.keeper.base.read().unwrap().clone();
        let mut request = self.http.request(method.parse().unwrap(), format!("{base}{path}"));
        request = request.bearer_auth(&self.token).header("prefer", "wait=20");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        // Every eighth connection is dropped before the answer.
        let n = self.sent.fetch_add(1, Ordering::SeqCst);
        if n % 8 == 7 {
            request = request.timeout(Duration::from_millis(5 + n * 7 % 60));
        }
        match request.send() {
            Ok(response) => Answered::read(response),
            Err(_) => {
                std::thread::sleep(Duration::from_millis(30));
                None
            }
        }
    }

    /// Sends the same again until the server says what became of it.
    pub(super) fn until(&self, _key: &str, send: impl Fn() -> Option<Answered>) -> Answered {
        let began = Instant::now();
        loop {
            if let Some(done) = send().filter(|done| ![429, 503].contains(&done.status)) {
                return done;
            }
            assert!(began.elapsed() < Duration::from_secs(300), "{} gets no answer", self.name);
        }
    }

    /// The state of a query, once it has ended.
    pub(super) fn settled(&self, id: &str) -> String {
        loop {
            let done = self.until("", || self.send("GET", &format!("/v1/queries/{id}"), None, None));
            assert_eq!(done.status, 200, "an acknowledged query is gone: {}", done.body);
            let state = done.json()["state"].as_str().unwrap().to_owned();
            if !["running", "submitted"].contains(&state.as_str()) {
                return state;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What an administrator gets.
pub(super) fn alone(server: &Server, token: &str, path: &str) -> String {
    let bearer = format!("Bearer {token}");
    server.send("GET", path, &[("authorization", &bearer)], None).expect(200).body
}
