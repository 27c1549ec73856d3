//! A real sign-in provider (npm `oidc-provider`) for a test, and a browser that keeps cookies of several places.

use crate::server::{Answered, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

/// What the hub's settings call the clients.
pub(crate) const CLIENTS: [&str; 2] = ["cloister", "cloister-cli"];

/// A sign-in provider.
#[derive(Debug)]
pub struct Provider {
    child: Child,
    /// Its address.
    pub issuer: String,
    control: String,
}

impl Provider {
    /// One that is there, unless this machine lacks what it needs, which is said and is an error where `CI` is set.
    pub fn start(secret: &str, redirect: &str) -> Option<Self> {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
        let node = Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success());
        if !node || !web.join("node_modules/oidc-provider").exists() {
            let text = "NOT TESTED: signing in with a provider; this machine lacks Node.js, or the packages of web/ (`npm ci` in it)";
            assert!(std::env::var("CI").is_err(), "{text}");
            eprintln!("{text}");
            return None;
        }
        let mut child = Command::new("node")
            .arg(web.join("tests/provider.mjs"))
            .args([CLIENTS[0], secret, CLIENTS[1], redirect])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with('{') {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "the provider ended");
        }
        // It writes more: nobody needs it, but somebody must take it.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Some(Self { child, issuer: text("issuer"), control: text("control") })
    }

    /// Changes what it does: `person`, `amr`, `twist`, `rotated`.
    pub fn ask(&self, change: &Value) {
        Server::client().post(&self.control).body(change.to_string()).send().unwrap();
    }

    /// A token with these claims, signed with the provider's key, or in another way.
    pub fn forge(&self, claims: &Value, how: &str) -> String {
        let body = json!({ "claims": claims, "how": how }).to_string();
        let sent = Server::client().post(format!("{}/forge", self.control)).body(body).send();
        sent.unwrap().text().unwrap()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser without a script: cookies of each place.
#[derive(Debug, Default)]
pub struct Jar {
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// Scheme, host and port of an address.
fn place(address: &str) -> String {
    address.split('/').take(3).collect::<Vec<_>>().join("/")
}

impl Jar {
    /// Asks for a page, or sends a form, and follows nothing.
    pub fn send(&self, address: &str, form: Option<&[(&str, &str)]>) -> Answered {
        let at = place(address);
        let cookies: Vec<String> = {
            let all = self.cookies.lock().unwrap();
            all.iter().filter(|((of, _), _)| *of == at).map(|((_, name), v)| format!("{name}={v}")).collect()
        };
        let client = Server::client();
        let request = match form {
            None => client.get(address),
            Some(fields) => {
                let body: Vec<String> = fields
                    .iter()
                    .map(|(k, v)| format!("{}={}", crate::server::escape(k), crate::server::escape(v)))
                    .collect();
                client
                    .post(address)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(body.join("&"))
            }
        };
        let answered = Answered::of(request.header("cookie", cookies.join("; ")).send().unwrap());
        let mut all = self.cookies.lock().unwrap();
        for cookie in &answered.cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            all.insert((at.clone(), name.to_owned()), value.to_owned());
        }
        answered
    }

    /// The value of a cookie of a place.
    pub fn cookie(&self, of: &str, name: &str) -> Option<String> {
        let found = self.cookies.lock().unwrap().get(&(place(of), name.to_owned())).cloned();
        found.filter(|value| !value.is_empty())
    }

    /// Sets one, as somebody does who has got it from elsewhere.
    pub fn set(&self, of: &str, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert((place(of), name.to_owned()), value.to_owned());
    }

    /// Follows redirections until one leads to an address that begins so, and gives that.
    pub fn until(&self, from: &str, stop: &str) -> String {
        let mut address = from.to_owned();
        for _ in 0..12 {
            let answered = self.send(&address, None);
            let Some(to) = answered.headers.get("location") else {
                panic!("{address} leads nowhere: {} {}", answered.status, answered.body)
            };
            let to = if to.starts_with('/') { format!("{}{to}", place(&address)) } else { to.clone() };
            if to.starts_with(stop) {
                return to;
            }
            address = to;
        }
        panic!("{from} goes round and round")
    }
}

/// The value of a hidden field of a page.
pub fn field(page: &str, name: &str) -> String {
    let mut tags = page.split("<input").skip(1).map(|t| t.split('>').next().unwrap());
    let tag =
        tags.find(|t| t.contains(&format!("name=\"{name}\""))).unwrap_or_else(|| panic!("{name}: {page}"));
    let value = tag.split("value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}
