//! Signing in with a provider (OpenID Connect): where browsers are sent, what they bring back, and whom it names.
//!
//! The authorisation code flow with PKCE (RFC 7636, S256) for the pages; ID tokens of the device authorisation grant
//! (RFC 8628) for the command line. What an ID token must say is checked here and in `cloister-identity`; whose account
//! it opens, the hub says.

mod attempts;
mod known;
mod token;

use attempts::{Attempt, Attempts};
use cloister_hub::{Claims, ProviderRules};
use cloister_model::Digest;
use known::Known;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where the provider sends browsers back to.
pub(crate) const CALLBACK: &str = "/sign-in/provider/callback";
/// An ID token that is older than this signs nobody in.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(600);
/// More tokens than this are not remembered at once; then none is taken until the oldest are too old to be used.
const USED_MAX: usize = 100_000;

/// A sign-in provider, as `cloisterd.toml` says it.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Its address, exactly as its tokens name it.
    pub issuer: String,
    /// Its name, for the button on the sign-in page.
    pub name: String,
    /// Whom the provider knows the pages as.
    pub client_id: String,
    /// What the pages show the provider; none for a public client, whom PKCE alone protects.
    pub client_secret: Option<String>,
    /// Whom the provider knows the command line as: a public client with the device authorisation grant.
    pub device_client_id: Option<String>,
    /// Scopes to ask for besides `openid`.
    pub scopes: Vec<String>,
    /// Ways of showing who one is (RFC 8176), one of which must have been used; any where empty.
    pub amr: Vec<String>,
    /// Levels of assurance, one of which must be reached; any where empty.
    pub acr: Vec<String>,
    /// Certificates (PEM) that the provider's may be signed by, besides the system's.
    pub ca: Option<Vec<u8>>,
    /// Whether people who have a password here may go on using it.
    pub passwords: bool,
    /// Where people reach the hub, without a path.
    pub origin: String,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret is in no log.
        f.debug_struct("ProviderSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why nobody was signed in by the provider. No words of a token or of the provider are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The settings name no provider that can be asked.
    #[error("the settings of the sign-in provider are wrong: {0}")]
    Settings(&'static str),
    /// It does not answer, or not as a provider does.
    #[error("the sign-in provider cannot be reached")]
    Unreachable,
    /// It says that it is another.
    #[error("the sign-in provider says that it is another than the settings name")]
    WrongIssuer,
    /// What came back belongs to no attempt of this browser: it is old, was used, or another's.
    #[error("the answer of the sign-in provider belongs to no attempt of this browser")]
    NoAttempt,
    /// The provider, or the person there, said no.
    #[error("the sign-in provider refused")]
    Refused,
    /// The ID token is not one that signs anybody in here.
    #[error("the token of the sign-in provider is not valid here: {0}")]
    Token(&'static str),
}

/// Where to send a browser, and the secret that its cookie keeps until it is back.
pub(crate) struct Begun {
    pub(crate) address: String,
    pub(crate) cookie: String,
}

/// What a browser brings back from the provider.
#[derive(Debug)]
pub(crate) struct Returned<'a> {
    pub(crate) code: Option<&'a str>,
    pub(crate) state: &'a str,
    /// The provider that says so (RFC 9207).
    pub(crate) issuer: Option<&'a str>,
}

/// A sign-in provider.
#[derive(Debug)]
pub struct Provider {
    settings: ProviderSettings,
    known: Known,
    attempts: Attempts,
    /// Tokens of the device grant that have signed somebody in, until they are too old to do it again.
    used: Mutex<HashMap<Digest, Instant>>,
}

impl Provider {
    /// A provider of these settings. It is asked nothing yet.
    ///
    /// # Errors
    /// Where the settings cannot be right.
    pub fn new(settings: ProviderSettings) -> Result<Self, ProviderError> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|_| ProviderError::Settings("the issuer is no address"))?;
        let known = Known::new(issuer, settings.ca.as_deref())?;
        Ok(Self { settings, known, attempts: Attempts::default(), used: Mutex::default() })
    }

    /// Whether the provider answers, as the one that the settings name.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), ProviderError> {
        self.known.metadata().await.map(|_| ())
    }

    pub(crate) fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// What its tokens must say.
    pub(crate) fn rules(&self) -> ProviderRules {
        let ProviderSettings { issuer, amr, acr, .. } = &self.settings;
        ProviderRules { issuer: issuer.clone(), amr: amr.clone(), acr: acr.clone() }
    }

    fn redirect(&self) -> Result<RedirectUrl, ProviderError> {
        RedirectUrl::new(format!("{}{CALLBACK}", self.settings.origin))
            .map_err(|_| ProviderError::Settings("the origin is no address"))
    }

    /// Sends a browser to the provider. `next` is where it goes once it is signed in.
    pub(crate) async fn begin(&self, next: &str) -> Result<Begun, ProviderError> {
        let metadata = self.known.metadata().await?.document;
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client_id.clone()),
            None,
        )
        .set_redirect_uri(self.redirect()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        for level in &self.settings.acr {
            request =
                request.add_auth_context_value(openidconnect::AuthenticationContextClass::new(level.clone()));
        }
        let (address, state, nonce) = request.url();
        // 256 random bits, as the state and the nonce are.
        let cookie = CsrfToken::new_random_len(32).secret().clone();
        let attempt = Attempt {
            cookie: Digest::of(cookie.as_bytes()),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next: next.to_owned(),
            began: Instant::now(),
        };
        self.attempts.keep(state.secret(), attempt)?;
        Ok(Begun { address: address.to_string(), cookie })
    }

    /// Whom a browser that is back may be signed in as, and where it wanted to go. Each attempt is for one answer,
    /// whatever comes of it.
    pub(crate) async fn finish(
        &self,
        returned: &Returned<'_>,
        cookie: &str,
    ) -> Result<(Claims, String), ProviderError> {
        let attempt = self.attempts.take(returned.state, cookie).ok_or(ProviderError::NoAttempt)?;
        let metadata = self.known.metadata().await?;
        // An answer of another provider that the browser was lured to (RFC 9207).
        match returned.issuer {
            Some(issuer) if issuer != self.settings.issuer => return Err(ProviderError::WrongIssuer),
            None if metadata.names_itself => return Err(ProviderError::WrongIssuer),
            Some(_) | None => {}
        }
        let code = returned.code.ok_or(ProviderError::Refused)?;
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(self.settings.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata.document, id, secret)
            .set_redirect_uri(self.redirect()?);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| ProviderError::Unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier));
        let http = self.known.http();
        let answer = request.request_async(&http).await.map_err(|error| match error {
            openidconnect::RequestTokenError::Request(_) => ProviderError::Unreachable,
            // A code that was used, or is another's.
            openidconnect::RequestTokenError::ServerResponse(_) => ProviderError::Refused,
            openidconnect::RequestTokenError::Parse(..) | openidconnect::RequestTokenError::Other(_) => {
                ProviderError::Token("unreadable")
            }
        })?;
        // Nothing is asked of the provider with it.
        let _ = answer.access_token();
        let text = answer.id_token().ok_or(ProviderError::Token("absent"))?.to_string();
        let nonce = Nonce::new(attempt.nonce);
        let claims = self.claims(&text, &self.settings.client_id, Some(&nonce)).await?;
        Ok((claims, attempt.next))
    }

    /// Whom an ID token of the device grant may sign in. Each token does so once.
    pub(crate) async fn finish_device(&self, text: &str) -> Result<Claims, ProviderError> {
        let id = self.settings.device_client_id.as_ref().ok_or(ProviderError::Token("not-asked-for"))?;
        let claims = self.claims(text, id, None).await?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // What has become too old is refused for that.
        used.retain(|_, at| at.elapsed() <= TOKEN_AGE_MAX * 2);
        if used.len() >= USED_MAX {
            return Err(ProviderError::Unreachable);
        }
        match used.insert(Digest::of(signed_part(text).as_bytes()), Instant::now()) {
            None => Ok(claims),
            Some(_) => Err(ProviderError::Token("used")),
        }
    }

    /// What a token says, once it is one of this provider for this client. A key that is not known may be new.
    async fn claims(
        &self,
        text: &str,
        client_id: &str,
        nonce: Option<&Nonce>,
    ) -> Result<Claims, ProviderError> {
        let metadata = self.known.metadata().await?;
        match token::claims(text, &metadata.document, client_id, nonce) {
            Err(token::NotValid::UnknownKey) => {
                let again = self.known.metadata_after(metadata.at).await?;
                token::claims(text, &again.document, client_id, nonce)
            }
            other => other,
        }
        .map_err(|why| ProviderError::Token(why.as_str()))
    }
}

/// Header and claims: a signature may be written in several ways.
fn signed_part(text: &str) -> &str {
    text.rsplit_once('.').map_or(text, |(signed, _)| signed)
}
