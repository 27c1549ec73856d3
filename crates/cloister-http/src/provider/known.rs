//! What the provider says of itself: its addresses and its keys, kept for a while.

use super::ProviderError;
use openidconnect::core::{CoreJsonWebKeySet, CoreProviderMetadata};
use openidconnect::{HttpRequest, HttpResponse, IssuerUrl};
use reqwest::redirect::Policy;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// After so long the provider is asked again.
const FRESH: Duration = Duration::from_secs(15 * 60);
/// It is not asked for new keys more often than this, nor again so soon after it did not answer.
const PAUSE: Duration = Duration::from_secs(5);
/// No document of a provider is longer.
const BYTES_MAX: usize = 1 << 20;

/// The provider's document.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) document: CoreProviderMetadata,
    /// Whether its answers name it (RFC 9207, `authorization_response_iss_parameter_supported`).
    pub(super) names_itself: bool,
    /// When it was read.
    pub(super) at: Instant,
}

#[derive(Debug, Default)]
struct Kept {
    metadata: Option<Metadata>,
    failed: Option<(Instant, ProviderError)>,
}

/// What is known of the provider.
#[derive(Debug)]
pub(super) struct Known {
    issuer: IssuerUrl,
    client: reqwest::Client,
    kept: Mutex<Kept>,
}

/// Why the provider did not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer is too long, or none")]
    Answer,
}

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send>>;

impl Known {
    pub(super) fn new(issuer: IssuerUrl, ca: Option<&[u8]>) -> Result<Self, ProviderError> {
        // One provider of cryptography for the whole process; a second call finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            // A provider that sends us elsewhere is not the one that was named.
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .https_only(issuer.url().scheme() == "https");
        if let Some(pem) = ca {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| ProviderError::Settings("the file of certificates cannot be read"))?;
            client = client.tls_certs_merge(certificates);
        }
        let client = client.build().map_err(|_| ProviderError::Settings("TLS cannot be set up"))?;
        Ok(Self { issuer, client, kept: Mutex::default() })
    }

    /// Asks the provider, as `openidconnect` wants it asked.
    pub(super) fn http(&self) -> impl Fn(HttpRequest) -> Answering + Send + Sync + 'static {
        let client = self.client.clone();
        move |request| Box::pin(send(client.clone(), request))
    }

    /// The document, as fresh as need be.
    pub(super) async fn metadata(&self) -> Result<Metadata, ProviderError> {
        let mut kept = self.kept.lock().await;
        if let Some(metadata) = kept.metadata.as_ref().filter(|m| m.at.elapsed() < FRESH) {
            return Ok(metadata.clone());
        }
        self.ask(&mut kept).await
    }

    /// A document that is newer than one in which something was not found, unless that one is quite new.
    pub(super) async fn metadata_after(&self, seen: Instant) -> Result<Metadata, ProviderError> {
        let mut kept = self.kept.lock().await;
        if let Some(metadata) = kept.metadata.as_ref().filter(|m| m.at > seen || m.at.elapsed() < PAUSE) {
            return Ok(metadata.clone());
        }
        self.ask(&mut kept).await
    }

    async fn ask(&self, kept: &mut Kept) -> Result<Metadata, ProviderError> {
        if let Some((at, error)) = kept.failed
            && at.elapsed() < PAUSE
        {
            return Err(error);
        }
        match self.discover().await {
            Ok(metadata) => {
                *kept = Kept { metadata: Some(metadata.clone()), failed: None };
                Ok(metadata)
            }
            Err(error) => {
                tracing::warn!(issuer = self.issuer.as_str(), %error, "the sign-in provider is of no use now");
                // Keys that cannot be read again are not trusted for ever.
                *kept = Kept { metadata: None, failed: Some((Instant::now(), error)) };
                Err(error)
            }
        }
    }

    async fn discover(&self) -> Result<Metadata, ProviderError> {
        // OpenID Connect Discovery 1.0, 4: below the issuer's own path.
        let base = self.issuer.as_str().trim_end_matches('/');
        let bytes = self.get(&format!("{base}/.well-known/openid-configuration")).await?;
        let document: CoreProviderMetadata =
            serde_json::from_slice(&bytes).map_err(|_| ProviderError::Unreachable)?;
        if document.issuer().as_str() != self.issuer.as_str() {
            return Err(ProviderError::WrongIssuer);
        }
        let more: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|_| ProviderError::Unreachable)?;
        let names_itself = more.get("authorization_response_iss_parameter_supported")
            == Some(&serde_json::Value::Bool(true));
        let keys = self.get(document.jwks_uri().as_str()).await?;
        let keys: CoreJsonWebKeySet =
            serde_json::from_slice(&keys).map_err(|_| ProviderError::Unreachable)?;
        Ok(Metadata { document: document.set_jwks(keys), names_itself, at: Instant::now() })
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, ProviderError> {
        let request = openidconnect::http::Request::get(address).header("accept", "application/json");
        let request = request.body(Vec::new()).map_err(|_| ProviderError::Unreachable)?;
        let answer = send(self.client.clone(), request).await.map_err(|_| ProviderError::Unreachable)?;
        if answer.status().as_u16() == 200 { Ok(answer.into_body()) } else { Err(ProviderError::Unreachable) }
    }
}

async fn send(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = openidconnect::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > BYTES_MAX {
            return Err(Unanswered::Answer);
        }
        bytes.extend_from_slice(&chunk);
    }
    response.body(bytes).map_err(|_| Unanswered::Answer)
}
