//! Running `cloisterd` over a test's hub, and calling it as browsers and scripts do.

use crate::Hub;
use crate::hub::Done;
use crate::hub::program;
use reqwest::Method;
use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// A server over a hub.
#[derive(Debug)]
pub struct Server {
    child: Child,
    base: String,
    client: Client,
}

/// An answer to a request.
#[derive(Debug)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: HashMap<String, String>,
    /// Its body.
    pub body: String,
    /// Cookies that it sets.
    pub cookies: Vec<String>,
}

impl Answered {
    /// An answer, unless it broke off.
    pub fn read(response: Response) -> Option<Self> {
        let status = response.status().as_u16();
        let body = String::from_utf8_lossy(&response.bytes().ok()?).into_owned();
        Some(Self { status, headers: HashMap::new(), body, cookies: Vec::new() })
    }

    pub(crate) fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let all = response.headers();
        let text = |v: &reqwest::header::HeaderValue| v.to_str().unwrap_or_default().to_owned();
        let cookies = all.get_all("set-cookie").iter().map(text).collect();
        let headers = all.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = String::from_utf8_lossy(&response.bytes().unwrap()).into_owned();
        Self { status, headers, body, cookies }
    }

    /// Fails the test unless this is its status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Its body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The code of the problem that it is.
    #[track_caller]
    pub fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// People who have accounts in a test's hub, by name: role and the password that they chose.
const PEOPLE: &[(&str, &str)] = &[
    ("admin", "administrator"),
    ("researcher", "researcher"),
    ("outsider", "researcher"),
    ("first", "checker"),
    ("second", "checker"),
    ("owner", "information-asset-owner"),
    ("auditor", "auditor"),
];

impl Server {
    /// A server over this hub, once it listens. `more` is added to its settings.
    pub fn start(hub: &Hub, more: &str) -> Self {
        Self::start_at(hub, "http://127.0.0.1", more)
    }

    /// The same by TLS, as `localhost`, and the certificate of the authority that signed its own; none without openssl.
    pub fn start_with_tls(hub: &Hub) -> Option<(Self, PathBuf)> {
        const SCRIPT: &str = "set -e
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=an authority' -keyout ca.key -out ca.crt
            openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout tls.key -out tls.csr
            printf 'subjectAltName=DNS:localhost' > san
            openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out tls.crt";
        let folder = hub.path("");
        let made = Command::new("sh").args(["-c", SCRIPT]).current_dir(&folder).output();
        if !made.is_ok_and(|made| made.status.success()) {
            let text = "NOT TESTED: TLS; there is no openssl on this machine";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            eprintln!("{text}");
            return None;
        }
        let tls = "[tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"";
        let mut server = Self::start_at(hub, "https://localhost", tls);
        server.base = server.base.replace("http://127.0.0.1", "https://localhost");
        Some((server, folder.join("ca.crt")))
    }

    /// `cloisterd --check` of such settings.
    pub fn check(hub: &Hub, more: &str) -> Done {
        let text = format!("home = \"hub\"\norigin = \"http://127.0.0.1\"\n{more}\n");
        let settings = hub.write("cloisterd.toml", text);
        let mut command = Command::new(program("cloisterd"));
        Hub::done(command.arg("--check").arg("--config").arg(settings))
    }

    fn start_at(hub: &Hub, origin: &str, more: &str) -> Self {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The tests' people all come from one address.
        let limits = if more.contains("[limits]") {
            ""
        } else {
            "[limits]\nsign-ins-burst = 1000\nsign-ins-per-minute = 1000\nrequests-burst = 10000\nrequests-per-minute = 100000"
        };
        let text = format!(
            "home = \"hub\"\norigin = \"{origin}\"\nlisten = \"127.0.0.1:0\"\n{more}\n{limits}\n[log]\nformat = \"text\"\nfilter = \"warn\"\n"
        );
        let settings = hub.write("cloisterd.toml", text);
        let mut child = Command::new(program("cloisterd"))
            .arg("--config")
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("cloisterd runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Self { child, base: format!("http://{address}"), client: Self::client() }
    }

    /// A client that follows nothing.
    pub(crate) fn client() -> Client {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(100)).build().unwrap()
    }

    /// Gives the people of the tests accounts.
    pub fn people(hub: &Hub) -> HashMap<String, String> {
        let mut passwords = HashMap::new();
        for (name, role) in PEOPLE {
            let done = hub.run(&[
                "person",
                "add",
                name,
                "--display",
                name,
                "--role",
                role,
                "--training-expires",
                "2099-12-31",
            ]);
            let out = done.expect(0).out;
            let password =
                out.lines().find_map(|l| l.trim().strip_prefix("password to begin with: ")).unwrap();
            passwords.insert((*name).to_owned(), password.to_owned());
        }
        passwords
    }

    /// Sends a request.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answered {
        let method: Method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        Answered::of(request.send().unwrap())
    }

    /// Somebody who has signed in with a browser and chosen a password, for the first time.
    pub fn first_visit(&self, name: &str, password: &str) -> Browser<'_> {
        let browser = Browser::new(self, name);
        let form = [("name", name), ("password", password)];
        assert_eq!(browser.post_form("/sign-in", &form).headers["location"], "/sign-in/password");
        let chosen = format!("a phrase of {}", name.chars().rev().collect::<String>());
        let form = [("old", password), ("new", chosen.as_str()), ("again", chosen.as_str())];
        assert_eq!(browser.post_form("/sign-in/password", &form).headers["location"], "/");
        let terms = browser.form("/account", &[("act", "terms")]);
        assert_eq!(terms.status, 303, "{}", terms.body);
        browser
    }

    /// Where it listens, as `http://127.0.0.1:…`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as an operator does, and waits; its exit status.
    pub fn stop(mut self) -> i32 {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Ends it as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser without a script: cookies, pages, forms.
#[derive(Debug)]
pub struct Browser<'a> {
    server: &'a Server,
    /// Who sits before it.
    pub name: String,
    cookie: Mutex<String>,
}

impl<'a> Browser<'a> {
    /// One that has not been anywhere.
    pub fn new(server: &'a Server, name: &str) -> Self {
        Self { server, name: name.to_owned(), cookie: Mutex::default() }
    }

    /// The server that it visits.
    pub fn server(&self) -> &Server {
        self.server
    }

    /// The cookie that it has.
    pub fn cookie(&self) -> String {
        self.cookie.lock().unwrap().clone()
    }

    fn keep(&self, answered: Answered) -> Answered {
        if let Some(cookie) = answered.cookies.last() {
            *self.cookie.lock().unwrap() = cookie.split(';').next().unwrap().to_owned();
        }
        answered
    }

    /// A page.
    pub fn get(&self, path: &str) -> Answered {
        let cookie = self.cookie();
        self.keep(self.server.send("GET", path, &[("cookie", &cookie)], None))
    }

    /// Sends a form as it is.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect();
        let cookie = self.cookie();
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        self.keep(self.server.send("POST", path, &headers, Some(body.join("&"))))
    }

    /// The session's own word, from a page of it.
    pub fn word(&self) -> String {
        let page = self.get("/account").expect(200).body;
        let at = page.find("name=\"_word\" value=\"").unwrap() + "name=\"_word\" value=\"".len();
        page[at..].split('"').next().unwrap().to_owned()
    }

    /// Sends a form of a page: with the session's own word.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let word = self.word();
        let all: Vec<(&str, &str)> =
            [("_word", word.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post_form(path, &all)
    }

    /// Calls the API with the session.
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answered {
        self.call_with(method, path, &[], body)
    }

    /// The same with more headers.
    pub fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answered {
        let (cookie, word) = (self.cookie(), self.word());
        let mut all = vec![("cookie", cookie.as_str()), ("x-csrf-token", word.as_str())];
        all.extend_from_slice(headers);
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        self.server.send(method, path, &all, body.map(|b| b.to_string()))
    }

    /// Does something to a release request.
    pub fn act(&self, request: &str, act: Value) -> Answered {
        self.call("POST", &format!("/v1/release-requests/{request}/acts"), Some(act))
    }

    /// Makes an access token.
    pub fn token(&self, scopes: &[&str]) -> String {
        let body = json!({ "label": "a test", "scopes": scopes, "days": 1 });
        self.call("POST", "/v1/tokens", Some(body)).expect(201).json()["text"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
