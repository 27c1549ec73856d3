//! Passwords: which may be taken, and how they are kept.
//!
//! Rules as in NIST SP 800-63B (2025) 3.1.1.2: a length, a list of those that are tried first, no composition rules, no
//! expiry. Kept as Argon2id (RFC 9106) with OWASP's parameters (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane),
//! which stand in the text that is kept: a hash of other parameters is still verified, and replaced at the next sign-in.

use crate::IdentityError;
use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::fmt;

const CHARACTERS_MIN: usize = 12;
const CHARACTERS_MAX: usize = 128;

/// Long enough to be taken, and tried first all the same: from lists of leaked passwords, of 12 characters and more.
const COMMON: &[&str] = &[
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "000000000000",
    "111111111111",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopas",
    "qwertyuiopasdfg",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "asdfghjkl123",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcd12345678",
    "abc123456789",
    "passwordpassword",
    "password1234",
    "password12345",
    "password123456",
    "password1234567",
    "administrator",
    "administrator1",
    "letmeinletmein",
    "welcome12345",
    "changeme1234",
    "iloveyou1234",
    "trustno1trustno1",
    "correcthorsebatterystaple",
    "correct horse battery",
    "manchesterunited",
    "liverpoolfootballclub",
    "summer2025summer",
    "summer2026summer",
    "winter2025winter",
    "winter2026winter",
];

/// A password that may be taken.
pub struct Password(String);

impl Password {
    /// Checks a password for the account of this name. Its characters are taken as they come: nothing is trimmed or
    /// normalised, so that what was typed once is what must be typed again.
    ///
    /// # Errors
    /// Where it is too short (12 characters), too long (128), well known, or holds the name.
    pub fn new(text: &str, account: &str) -> Result<Self, IdentityError> {
        let length = text.chars().count();
        if length < CHARACTERS_MIN {
            return Err(IdentityError::PasswordTooShort(CHARACTERS_MIN));
        }
        if length > CHARACTERS_MAX {
            return Err(IdentityError::PasswordTooLong(CHARACTERS_MAX));
        }
        let lower = text.to_lowercase();
        let mut characters = lower.chars();
        let first = characters.next();
        if COMMON.contains(&lower.as_str()) || characters.all(|c| Some(c) == first) {
            return Err(IdentityError::PasswordCommon);
        }
        if account.len() >= 4 && lower.contains(&account.to_lowercase()) {
            return Err(IdentityError::PasswordHoldsName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// A password as it is kept: a PHC string.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

impl PasswordHash {
    /// The hash of a password with a fresh salt of at least 16 bytes.
    ///
    /// # Errors
    /// Where the salt is too short or too long.
    pub fn of(password: &Password, salt: &[u8]) -> Result<Self, IdentityError> {
        if salt.len() < 16 {
            return Err(IdentityError::Secret);
        }
        let hash: phc::PasswordHash = hasher()
            .hash_password_with_salt(password.0.as_bytes(), salt)
            .map_err(|_| IdentityError::Secret)?;
        Ok(Self(hash.to_string()))
    }

    /// Whether it is this one's. Takes the same time whether it is or not; a text that is no hash is nobody's.
    pub fn verify(&self, text: &str) -> bool {
        // What is longer than a password may be is none, and is not hashed for as long as it is.
        let text = if text.chars().count() > CHARACTERS_MAX { "" } else { text };
        match phc::PasswordHash::new(&self.0) {
            Ok(hash) => hasher().verify_password(text.as_bytes(), &hash).is_ok() && !text.is_empty(),
            Err(_) => false,
        }
    }

    /// Whether it was made with other parameters than are used now.
    pub fn is_dated(&self) -> bool {
        !self.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    }

    /// Does what verifying does, for an account that is not there: who tries names learns nothing from the time.
    pub fn verify_nobody(text: &str) -> bool {
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        // Nobody knows what it is the hash of; were it found, it would still open nothing.
        let _ = Self(NOBODY.to_owned()).verify(text);
        false
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_passwords_may_be_taken() {
        for (text, expected) in [
            ("elevenchars", Err(IdentityError::PasswordTooShort(12))),
            ("Password1234", Err(IdentityError::PasswordCommon)),
            ("zzzzzzzzzzzzzzz", Err(IdentityError::PasswordCommon)),
            ("my-name-is-ada-lovelace", Err(IdentityError::PasswordHoldsName)),
            ("ÄÖÜäöüßéèêëç", Ok(())),
            ("a phrase of some words", Ok(())),
        ] {
            assert_eq!(Password::new(text, "ada-lovelace").map(|_| ()), expected, "{text}");
        }
        assert!(Password::new(&"ab".repeat(64), "x").is_ok());
        assert_eq!(Password::new(&"ab".repeat(65), "x").unwrap_err(), IdentityError::PasswordTooLong(128));
    }

    /// Made with `argon2-cffi` 23.1 (PyPI): `low_level.hash_secret(b"a phrase of some words", b"0123456789abcdef",
    /// time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, type=Type.ID)`.
    #[test]
    fn a_hash_is_the_reference_implementations() {
        let password = Password::new("a phrase of some words", "ada").unwrap();
        let hash = PasswordHash::of(&password, b"0123456789abcdef").unwrap();
        assert_eq!(hash.0, REFERENCE);
        assert!(!hash.is_dated());
        assert!(hash.verify("a phrase of some words") && !hash.verify("a phrase of some word"));
        assert!(!hash.verify("") && !hash.verify(&"x".repeat(1_000_000)));
    }

    const REFERENCE: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$24CzFWgBszq6ovFUrgO9kutZm1D4aRDZ3R9joEO6Tls";

    #[test]
    fn what_is_no_hash_is_nobodys() {
        for text in ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$"] {
            assert!(!PasswordHash(text.to_owned()).verify("a phrase of some words"));
        }
        assert!(PasswordHash("$argon2id$v=19$m=4096,t=3,p=1$x$y".to_owned()).is_dated());
        let password = Password::new("a phrase of some words", "ada").unwrap();
        assert_eq!(PasswordHash::of(&password, b"short"), Err(IdentityError::Secret));
    }

    #[test]
    fn none_is_printed() {
        let password = Password::new("a phrase of some words", "ada").unwrap();
        let hash = PasswordHash::of(&password, &[1; 16]).unwrap();
        assert_eq!(format!("{password:?} {hash:?}"), "Password PasswordHash");
    }
}
