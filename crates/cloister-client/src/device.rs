//! The device authorisation grant (RFC 8628) at a sign-in provider: a code is shown, and typed in with a browser that may
//! be on another machine. What comes of it is an ID token, which the hub's server checks.

use crate::client::{bytes, http};
use crate::{ClientError, Trust, WayOfProvider};
use reqwest::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// A provider that names no interval is asked so often.
const INTERVAL: u64 = 5;
/// Nobody is waited for longer, whatever the provider says.
const LASTS_MAX: u64 = 1_800;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    device_authorization_endpoint: Option<String>,
    token_endpoint: String,
}

/// What somebody types in, and where.
#[derive(Clone, Debug, Deserialize)]
pub struct DeviceCode {
    device_code: String,
    /// The code to type.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// A provider that has been asked for a code.
#[derive(Debug)]
pub struct DeviceGrant {
    http: reqwest::Client,
    token_endpoint: String,
    client_id: String,
    code: DeviceCode,
}

impl DeviceGrant {
    /// Asks a provider for a code.
    ///
    /// # Errors
    /// Where it does not answer as the provider that the hub named.
    pub async fn begin(way: &WayOfProvider, trust: &Trust) -> Result<Self, ClientError> {
        let (http, _) = http(&way.issuer, trust)?;
        let base = way.issuer.trim_end_matches('/');
        let document = http.get(format!("{base}/.well-known/openid-configuration"));
        let metadata: Metadata = read(document.timeout(Duration::from_secs(15)).send().await?).await?;
        if metadata.issuer != way.issuer {
            return Err(ClientError::Provider("it says that it is another"));
        }
        let endpoint = metadata
            .device_authorization_endpoint
            .ok_or(ClientError::Provider("it has no device authorisation grant"))?;
        let scope: Vec<&str> = ["openid"].into_iter().chain(way.scopes.iter().map(String::as_str)).collect();
        let form = form(&[("client_id", &way.client_id), ("scope", &scope.join(" "))]);
        let code: DeviceCode = read(post(&http, &endpoint, form).await?).await?;
        if !is_shown(&code.user_code) || !is_shown(&code.verification_uri) {
            return Err(ClientError::Provider("its code cannot be shown"));
        }
        Ok(Self { http, token_endpoint: metadata.token_endpoint, client_id: way.client_id.clone(), code })
    }

    /// What to show.
    pub fn code(&self) -> &DeviceCode {
        &self.code
    }

    /// Waits until somebody has typed the code in; their ID token.
    ///
    /// # Errors
    /// Where they refused, or did not in time.
    pub async fn finish(self) -> Result<String, ClientError> {
        let until = Instant::now() + Duration::from_secs(self.code.expires_in.min(LASTS_MAX));
        let mut interval = Duration::from_secs(self.code.interval.unwrap_or(INTERVAL).clamp(1, 60));
        while Instant::now() < until {
            tokio::time::sleep(interval).await;
            let form = form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", &self.code.device_code),
                ("client_id", &self.client_id),
            ]);
            let answer = match post(&self.http, &self.token_endpoint, form).await {
                Ok(answer) => answer,
                // 3.5: whoever cannot connect asks less often.
                Err(ClientError::Unreachable(_)) => {
                    interval = (interval * 2).min(Duration::from_secs(60));
                    continue;
                }
                Err(error) => return Err(error),
            };
            if answer.status().is_success() {
                let tokens: Tokens = read(answer).await?;
                return tokens.id_token.ok_or(ClientError::Provider("it gave no ID token"));
            }
            let refusal: Refusal = serde_json::from_slice(&bytes(answer).await?)
                .map_err(|_| ClientError::Provider("its answer cannot be read"))?;
            match refusal.error.as_str() {
                "authorization_pending" => {}
                "slow_down" => interval += Duration::from_secs(5),
                "access_denied" => return Err(ClientError::Provider("you refused there")),
                "expired_token" => break,
                _ => return Err(ClientError::Provider("it refused the device grant")),
            }
        }
        Err(ClientError::Provider("the code was not typed in in time"))
    }
}

/// Whether a text of the provider's may go to a terminal.
fn is_shown(text: &str) -> bool {
    !text.is_empty() && text.len() <= 2_000 && text.chars().all(|c| !c.is_control())
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn post(http: &reqwest::Client, address: &str, form: String) -> Result<Response, ClientError> {
    let request = http.post(address).header("content-type", "application/x-www-form-urlencoded");
    Ok(request.timeout(Duration::from_secs(15)).body(form).send().await?)
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, ClientError> {
    if !answer.status().is_success() {
        return Err(ClientError::Provider("it refused"));
    }
    serde_json::from_slice(&bytes(answer).await?)
        .map_err(|_| ClientError::Provider("its answer cannot be read"))
}
