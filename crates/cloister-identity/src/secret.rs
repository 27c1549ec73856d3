//! Secrets that are made here and kept as hashes: session ids, the secrets of tokens, recovery codes.

use crate::IdentityError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use subtle::ConstantTimeEq;

/// A secret of 256 bits, as text. What is kept is its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of fresh bytes.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a caller sent, if it could be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32 && URL_SAFE_NO_PAD.encode(&bytes) == text).then(|| Self(text.to_owned()))
    }

    /// What its holder sends.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it: SHA-256, in hexadecimal. It has 256 bits of randomness: nothing slower is needed.
    pub fn hash(&self) -> String {
        hash(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;

/// Codes for whoever has lost their authenticator: each opens once. What is kept is their hashes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryCodes(BTreeSet<String>);

impl RecoveryCodes {
    /// Codes of fresh bytes, and what is kept of them. A code is `XXXXX-XXXXX` of 32 letters and digits: 50 bits, behind
    /// the limits on attempts.
    ///
    /// # Errors
    /// Where there are fewer than 100 bytes.
    pub fn make(bytes: &[u8]) -> Result<(Vec<String>, Self), IdentityError> {
        const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let letters: Vec<char> = bytes
            .iter()
            .filter_map(|b| LETTERS.get(usize::from(b & 31)))
            .map(|l| char::from(*l))
            .take(RECOVERY_CODES * 10)
            .collect();
        if letters.len() < RECOVERY_CODES * 10 {
            return Err(IdentityError::Secret);
        }
        let codes: Vec<String> = letters
            .chunks(10)
            .map(|code| {
                let (first, last) = code.split_at(5);
                format!("{}-{}", first.iter().collect::<String>(), last.iter().collect::<String>())
            })
            .collect();
        let kept = codes.iter().map(|code| hash(code.as_bytes())).collect();
        Ok((codes, Self(kept)))
    }

    /// Takes a code, if it is one of them: it is gone then.
    pub fn take(&mut self, text: &str) -> bool {
        let typed: String = text.trim().to_uppercase();
        self.0.remove(&hash(typed.as_bytes()))
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecoveryCodes({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_what_was_made_and_nothing_else() {
        let secret = Secret::of([7; 32]);
        assert_eq!(Secret::parse(secret.text()), Some(secret.clone()));
        assert_ne!(secret.hash(), Secret::of([8; 32]).hash());
        let longer = format!("{}A", secret.text());
        // The last character holds two bits that are not read: another with the same bytes is not the same text.
        let other = secret.text().replace('c', "d");
        for text in ["", "x", longer.as_str(), &secret.text()[..42], "🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝🗝"]
        {
            assert_eq!(Secret::parse(text), None, "{text}");
        }
        assert_ne!(Secret::parse(&other), Some(secret));
    }

    #[test]
    fn a_recovery_code_opens_once() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (codes, mut kept) = RecoveryCodes::make(&bytes).unwrap();
        assert_eq!((codes.len(), kept.left()), (10, 10));
        assert!(codes.iter().all(|c| c.len() == 11));
        assert!(kept.take(&format!(" {} ", codes[3].to_lowercase())));
        assert!(!kept.take(&codes[3]) && !kept.take("AAAAA-AAAAA") && !kept.take(""));
        assert_eq!(kept.left(), 9);
        assert_eq!(RecoveryCodes::make(&bytes[..99]).unwrap_err(), IdentityError::Secret);
    }
}
