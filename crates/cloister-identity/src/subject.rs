//! Whom a sign-in provider (OpenID Connect) says somebody is. Its signatures are checked before this; here is what follows.

use serde::{Deserialize, Serialize};

/// Somebody, as a provider knows them. Accounts are found by both, never by an e-mail address: a provider may give an
/// address to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Subject {
    /// The provider.
    pub issuer: String,
    /// Whom it knows.
    pub subject: String,
}

/// What an ID token says, once its signature, audience, time and nonce are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The provider.
    pub issuer: String,
    /// Whom it knows.
    pub subject: String,
    /// How they showed who they are (RFC 8176): `pwd`, `otp`, `mfa`, `hwk`.
    pub amr: Vec<String>,
    /// The level of assurance.
    pub acr: Option<String>,
}

/// What a hub asks of its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRules {
    /// The provider.
    pub issuer: String,
    /// One of these must be among the ways; any where empty.
    pub amr: Vec<String>,
    /// The level must be one of these; any where empty.
    pub acr: Vec<String>,
}

impl ProviderRules {
    /// Whom an ID token signs in, or a stable code of why nobody.
    ///
    /// # Errors
    /// `wrong-issuer`, `no-subject`, `second-factor-missing` or `assurance-missing`.
    pub fn subject(&self, claims: &Claims) -> Result<Subject, &'static str> {
        if claims.issuer != self.issuer {
            return Err("wrong-issuer");
        }
        if claims.subject.is_empty() || claims.subject.len() > 255 {
            return Err("no-subject");
        }
        if !self.amr.is_empty() && !claims.amr.iter().any(|way| self.amr.contains(way)) {
            return Err("second-factor-missing");
        }
        if !self.acr.is_empty() && !claims.acr.as_ref().is_some_and(|level| self.acr.contains(level)) {
            return Err("assurance-missing");
        }
        Ok(Subject { issuer: claims.issuer.clone(), subject: claims.subject.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_must_say() {
        let rules = ProviderRules { issuer: "https://id".into(), amr: vec!["mfa".into()], acr: Vec::new() };
        let claims = |issuer: &str, subject: &str, amr: &[&str]| Claims {
            issuer: issuer.into(),
            subject: subject.into(),
            amr: amr.iter().map(|a| (*a).to_owned()).collect(),
            acr: None,
        };
        let found = rules.subject(&claims("https://id", "42", &["pwd", "mfa"])).unwrap();
        assert_eq!(found.subject, "42");
        assert_eq!(rules.subject(&claims("https://id.evil", "42", &["mfa"])), Err("wrong-issuer"));
        assert_eq!(rules.subject(&claims("https://id", "", &["mfa"])), Err("no-subject"));
        assert_eq!(rules.subject(&claims("https://id", "42", &["pwd"])), Err("second-factor-missing"));
        let levels = ProviderRules { acr: vec!["high".into()], amr: Vec::new(), ..rules };
        assert_eq!(levels.subject(&claims("https://id", "42", &[])), Err("assurance-missing"));
    }
}
