//! Sending requests, and reading what comes back.

use crate::{ClientError, Problem, Shown};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// Longer than any request may take at a server.
const TIMEOUT: Duration = Duration::from_secs(120);
/// No answer but a file is longer.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Certificates (PEM) that a server's may be signed by, besides the system's.
    pub ca: Option<Vec<u8>>,
}

/// A hub's server, as somebody calls it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is in no log.
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// Whether a text can be an access token: whether it can be sent, no more.
pub fn is_token(text: &str) -> bool {
    (16..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A client that goes nowhere but where it is sent, and by TLS but to this machine.
pub(crate) fn http(address: &str, trust: &Trust) -> Result<(reqwest::Client, Url), ClientError> {
    let wrong = || ClientError::Address(address.to_owned());
    let url: Url = address.parse().map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?;
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let secure = match url.scheme() {
        "https" => true,
        "http" if local => false,
        _ => return Err(wrong()),
    };
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(wrong());
    }
    // One provider of cryptography for the whole process; a second call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut http = reqwest::Client::builder()
        // A token is not carried elsewhere.
        .redirect(Policy::none())
        .https_only(secure)
        .connect_timeout(Duration::from_secs(10))
        .user_agent(concat!("cloister/", env!("CARGO_PKG_VERSION")));
    if local {
        http = http.no_proxy();
    }
    if let Some(pem) = &trust.ca {
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem).map_err(|_| ClientError::Certificates)?;
        if certificates.is_empty() {
            return Err(ClientError::Certificates);
        }
        http = http.tls_certs_merge(certificates);
    }
    Ok((http.build()?, url))
}

impl Client {
    /// A server at this address, which nobody has signed in to.
    ///
    /// # Errors
    /// Where the address or the certificates cannot be used.
    pub fn new(address: &str, trust: &Trust) -> Result<Self, ClientError> {
        let (http, base) = http(address, trust)?;
        if base.path() != "/" {
            return Err(ClientError::Address(address.to_owned()));
        }
        Ok(Self { http, base, token: None })
    }

    /// The same, for whose token this is.
    #[must_use]
    pub fn with_token(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Where it is, without a path: what a credential is kept under.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Parts of a path, escaped: what people write is no path of its own.
    pub(crate) fn url(&self, parts: &[&str]) -> Result<Url, ClientError> {
        let mut url = self.base.clone();
        let wrong = || ClientError::Address(self.base.to_string());
        // A part that is a dot, or two, would name another place however it is escaped.
        if parts.iter().any(|part| part.is_empty() || part.chars().all(|c| c == '.')) {
            return Err(absent().into());
        }
        url.path_segments_mut().map_err(|()| wrong())?.clear().extend(parts);
        Ok(url)
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Response, ClientError> {
        let mut request = self.http.request(method, url).headers(headers);
        if let Some(token) = &self.token {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| ClientError::Token)?;
            value.set_sensitive(true);
            request = request.header("authorization", value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await?;
        if answer.status().is_success() { Ok(answer) } else { Err(self.problem(answer).await) }
    }

    async fn problem(&self, answer: Response) -> ClientError {
        let retry = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        let read = bytes(answer).await.ok().and_then(|b| serde_json::from_slice::<Problem>(&b).ok());
        match read {
            // What a proxy says has another form.
            Some(problem) if problem.status == status => Problem { retry_after: retry, ..problem }.into(),
            _ => ClientError::NotAServer(self.origin()),
        }
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        parts: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<Shown<T>, ClientError> {
        let body = body.map(serde_json::to_vec).transpose().map_err(|_| self.not_a_server())?;
        let sent = self.send(method, self.url(parts)?, HeaderMap::new(), body);
        self.read(within(sent).await?).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, parts: &[&str]) -> Result<Shown<T>, ClientError> {
        self.call(Method::GET, parts, None::<&()>).await
    }

    /// Sends what is answered with nothing.
    pub(crate) async fn tell(&self, method: Method, parts: &[&str]) -> Result<(), ClientError> {
        within(self.send(method, self.url(parts)?, HeaderMap::new(), None)).await.map(|_| ())
    }

    pub(crate) async fn fetch(&self, parts: &[&str]) -> Result<Vec<u8>, ClientError> {
        bytes(within(self.send(Method::GET, self.url(parts)?, HeaderMap::new(), None)).await?).await
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, answer: Response) -> Result<Shown<T>, ClientError> {
        let bytes = bytes(answer).await?;
        let json: Value = serde_json::from_slice(&bytes).map_err(|_| self.not_a_server())?;
        Shown::of_json(json).map_err(|_| self.not_a_server())
    }

    pub(crate) fn not_a_server(&self) -> ClientError {
        ClientError::NotAServer(self.origin())
    }

    /// All of a list that comes in pages.
    pub(crate) async fn pages<T: DeserializeOwned>(&self, parts: &[&str]) -> Result<Vec<T>, ClientError> {
        #[derive(serde::Deserialize)]
        struct Page<T> {
            items: Vec<T>,
            next: Option<String>,
        }
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut url = self.url(parts)?;
            url.query_pairs_mut().append_pair("limit", "200");
            if let Some(after) = &after {
                url.query_pairs_mut().append_pair("after", after);
            }
            let answer = within(self.send(Method::GET, url, HeaderMap::new(), None)).await?;
            let page: Page<T> = self.read(answer).await?.view;
            let empty = page.items.is_empty();
            all.extend(page.items);
            match page.next {
                Some(next) if !empty && Some(&next) != after.as_ref() => after = Some(next),
                Some(_) => return Err(self.not_a_server()),
                None => return Ok(all),
            }
        }
    }
}

/// What one may not see, and what is not there.
pub(crate) fn absent() -> Problem {
    Problem {
        title: "There is no such thing, or you may not see it.".to_owned(),
        status: 404,
        code: "not-found".to_owned(),
        detail: String::new(),
        refused: false,
        retry_after: None,
    }
}

/// Waits for an answer's head, but not for ever. What streams has a time of its own.
async fn within(sent: impl Future<Output = Result<Response, ClientError>>) -> Result<Response, ClientError> {
    match tokio::time::timeout(TIMEOUT, sent).await {
        Ok(answer) => answer,
        Err(_) => Err(Problem {
            title: "The server took too long to answer.".to_owned(),
            code: "too-long".to_owned(),
            status: 504,
            ..absent()
        }
        .into()),
    }
}

pub(crate) async fn bytes(mut answer: Response) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(ClientError::NotAServer("an address with endless answers".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_by_tls_or_stays_on_this_machine() {
        for address in [
            "http://hub.example",
            "hub.example",
            "ftp://hub.example",
            "https://ada:secret@hub.example",
            "https://hub.example/path",
            "https://hub.example?x=1",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(Client::new(address, &Trust::default()).is_err(), "{address}");
        }
        for address in
            ["https://hub.example", "https://hub.example:8443/", "http://127.0.0.1:8020", "http://localhost"]
        {
            assert!(Client::new(address, &Trust::default()).is_ok(), "{address}");
        }
        let no_pem = Trust { ca: Some(b"nothing".to_vec()) };
        assert!(matches!(Client::new("https://hub.example", &no_pem), Err(ClientError::Certificates)));
    }

    #[test]
    fn what_people_write_is_one_part_of_a_path() {
        let client = Client::new("https://hub.example", &Trust::default()).unwrap();
        let url = client.url(&["v1", "projects", "p/../q?x#y", "tables"]).unwrap();
        assert_eq!(url.as_str(), "https://hub.example/v1/projects/p%2F..%2Fq%3Fx%23y/tables");
        assert!(client.url(&["v1", "queries", ".."]).is_err() && client.url(&["v1", ""]).is_err());
    }

    #[test]
    fn a_token_is_in_no_log() {
        let client = Client::new("https://hub.example", &Trust::default()).unwrap();
        assert!(!format!("{:?}", client.with_token("cloister_pat_secret".into())).contains("secret"));
    }
}
