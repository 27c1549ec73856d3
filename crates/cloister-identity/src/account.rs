//! An account: who somebody is, and what they show it with.

use crate::{Attempts, IdentityError, PasswordHash, RecoveryCodes, Subject, Totp};
use chrono::NaiveDate;
use cloister_model::{Name, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const DISPLAY_NAME_MAX: usize = 100;

/// Names that the log writes for others than people.
const RESERVED: &[&str] = &["hub", "system", "anonymous"];

/// An account as it is kept. What is secret in it is a hash, or is needed as it is (an authenticator's seed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Account {
    /// The name that the log knows them by, for good.
    pub name: Name,
    /// Their name for people.
    pub display_name: String,
    /// Their roles in the hub.
    pub roles: BTreeSet<Role>,
    /// Whether it may not be used.
    #[serde(default)]
    pub disabled: bool,
    /// The last day on which their training is current.
    #[serde(default)]
    pub training_expires: Option<NaiveDate>,
    /// The last day on which the terms that they accepted hold.
    #[serde(default)]
    pub terms_expire: Option<NaiveDate>,
    /// Their password, where they have one here.
    #[serde(default)]
    pub password: Option<PasswordHash>,
    /// Whether they must choose a password of their own.
    #[serde(default)]
    pub password_is_given: bool,
    /// Their second factor.
    #[serde(default)]
    pub second_factor: Option<SecondFactor>,
    /// Failures to sign in.
    #[serde(default)]
    pub attempts: Attempts,
    /// Whom a sign-in provider knows them as.
    #[serde(default)]
    pub subject: Option<Subject>,
}

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecondFactor {
    /// The authenticator.
    pub totp: Totp,
    /// Codes for whoever has lost it.
    pub recovery: RecoveryCodes,
}

impl Account {
    /// A new one, which nobody can sign in to yet.
    ///
    /// # Errors
    /// Where the name is one of the hub's own, or there is no name for people.
    pub fn new(name: Name, display_name: &str, roles: BTreeSet<Role>) -> Result<Self, IdentityError> {
        if RESERVED.contains(&name.as_str()) {
            return Err(IdentityError::ReservedName(name.to_string()));
        }
        let display_name = display_name.trim();
        let length = display_name.chars().count();
        if !(1..=DISPLAY_NAME_MAX).contains(&length) || display_name.chars().any(char::is_control) {
            return Err(IdentityError::DisplayName(DISPLAY_NAME_MAX));
        }
        Ok(Self {
            name,
            display_name: display_name.to_owned(),
            roles,
            disabled: false,
            training_expires: None,
            terms_expire: None,
            password: None,
            password_is_given: false,
            second_factor: None,
            attempts: Attempts::default(),
            subject: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Password, Secret};

    #[test]
    fn nobody_is_the_hub() {
        for name in ["hub", "system", "anonymous"] {
            let made = Account::new(name.parse().unwrap(), "X", BTreeSet::new());
            assert_eq!(made.unwrap_err().code(), "reserved-name");
        }
        for display in ["", "  ", "a\u{0}b", &"x".repeat(101)] {
            assert!(Account::new("ada".parse().unwrap(), display, BTreeSet::new()).is_err(), "{display:?}");
        }
    }

    #[test]
    fn what_is_kept_can_be_read_and_is_not_printed() {
        let mut account =
            Account::new("ada".parse().unwrap(), "Ada", BTreeSet::from([Role::Checker])).unwrap();
        let password = Password::new("a phrase of some words", "ada").unwrap();
        account.password = Some(PasswordHash::of(&password, &[1; 16]).unwrap());
        let (codes, recovery) = RecoveryCodes::make(&[5; 128]).unwrap();
        account.second_factor = Some(SecondFactor { totp: Totp::of(&[9; 20]).unwrap(), recovery });
        let text = serde_json::to_string(&account).unwrap();
        assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), account);
        assert!(!text.contains("a phrase") && !text.contains(&codes[0]));
        let shown = format!("{account:?} {:?}", Secret::of([3; 32]));
        assert!(!shown.contains("argon2") && !shown.contains('9'), "{shown}");
    }
}
