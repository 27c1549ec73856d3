//! What an ID token must be (OpenID Connect Core 1.0, 3.1.3.7): signed by the provider with a key of its own, for this
//! client alone, of now, and of this attempt.

use super::TOKEN_AGE_MAX;
use chrono::{DateTime, TimeDelta, Utc};
use cloister_hub::Claims;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{
    ClaimsVerificationError as Wrong, ClientId, Nonce, SignatureVerificationError as Unsigned,
};
use std::str::FromStr;

/// Signatures by keys that only the provider has: not `none`, and none by a secret that is shared.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 5] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How far clocks may differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(60);

/// Why a token signs nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotValid {
    Unreadable,
    Signature,
    /// No key of the provider has signed it; perhaps one that is new.
    UnknownKey,
    Issuer,
    Audience,
    Nonce,
    Time,
    Other,
}

impl NotValid {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Signature => "signature",
            Self::UnknownKey => "unknown-key",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::Time => "time",
            Self::Other => "claims",
        }
    }
}

/// What a token says, if it is one of this provider for this client. The device grant has no nonce to repeat.
pub(super) fn claims(
    text: &str,
    provider: &CoreProviderMetadata,
    client_id: &str,
    nonce: Option<&Nonce>,
) -> Result<Claims, NotValid> {
    let token = CoreIdToken::from_str(text).map_err(|_| NotValid::Unreadable)?;
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(client_id.to_owned()),
        provider.issuer().clone(),
        provider.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_issue_time_verifier_fn(is_of_now);
    let repeated = |said: Option<&Nonce>| match (nonce, said) {
        (None, _) => Ok(()),
        (Some(ours), Some(said)) if ours.secret() == said.secret() => Ok(()),
        (Some(_), _) => Err("nonce".to_owned()),
    };
    let claims = token.claims(&verifier, repeated).map_err(|error| reason(&error))?;
    // Where a token names whom it was made for, that is us.
    if claims.authorized_party().is_some_and(|party| party.as_str() != client_id) {
        return Err(NotValid::Audience);
    }
    Ok(Claims {
        issuer: claims.issuer().as_str().to_owned(),
        subject: claims.subject().as_str().to_owned(),
        amr: claims.auth_method_refs().into_iter().flatten().map(|way| way.as_str().to_owned()).collect(),
        acr: claims.auth_context_ref().map(|level| level.as_str().to_owned()),
    })
}

fn is_of_now(issued: DateTime<Utc>) -> Result<(), String> {
    let now = Utc::now();
    let age_max = TimeDelta::from_std(TOKEN_AGE_MAX).unwrap_or(TimeDelta::zero());
    let young = now.signed_duration_since(issued) <= age_max;
    let begun = issued.signed_duration_since(now) <= CLOCKS_DIFFER;
    if young && begun { Ok(()) } else { Err("issued at another time".to_owned()) }
}

fn reason(error: &Wrong) -> NotValid {
    match error {
        Wrong::SignatureVerification(Unsigned::NoMatchingKey) => NotValid::UnknownKey,
        Wrong::SignatureVerification(_) => NotValid::Signature,
        Wrong::InvalidIssuer(_) => NotValid::Issuer,
        Wrong::InvalidAudience(_) => NotValid::Audience,
        Wrong::InvalidNonce(_) => NotValid::Nonce,
        Wrong::Expired(_) => NotValid::Time,
        Wrong::InvalidAuthTime(_)
        | Wrong::InvalidAuthContext(_)
        | Wrong::InvalidSubject(_)
        | Wrong::Unsupported(_)
        | Wrong::Other(_) => NotValid::Other,
        // The library may come to name further ways to be wrong: they are wrong here too.
        _ => NotValid::Other,
    }
}
