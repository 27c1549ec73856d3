//! Signing in with a password, and the code of a second factor.

use crate::{Account, Attempts, PasswordHash, Stage};
use chrono::{DateTime, Utc};

/// What came of an attempt to sign in. To whoever tries, every failure is the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// As far as this stage. The account changed and is to be kept.
    As(Stage, Account),
    /// Not. Where there is an account, it changed and is to be kept; true where this failure locked it.
    No(Option<Account>, bool),
}

/// Signs in with a password.
///
/// One that does not exist, is disabled, is locked, or has no password here, costs the same time and says the same.
pub fn sign_in(account: Option<Account>, password: &str, now: DateTime<Utc>) -> SignedIn {
    let Some(account) = account else {
        PasswordHash::verify_nobody(password);
        return SignedIn::No(None, false);
    };
    let right = match &account.password {
        Some(hash) => hash.verify(password),
        None => PasswordHash::verify_nobody(password),
    };
    if account.attempts.is_locked(now) || account.disabled {
        // A right password opens nothing, and a wrong one counts for nothing.
        return SignedIn::No(None, false);
    }
    if !right {
        return failed(account, now);
    }
    // A right password alone does not end the count of failures: whoever has it may still be guessing codes.
    if account.second_factor.is_some() {
        return SignedIn::As(Stage::SecondFactorNeeded, account);
    }
    let stage = if account.password_is_given { Stage::PasswordChangeNeeded } else { Stage::Full };
    SignedIn::As(stage, Account { attempts: Attempts::succeeded(), ..account })
}

/// Takes the code of a second factor, or one of its recovery codes, from somebody whose password was right.
pub fn take_code(account: Account, code: &str, now: DateTime<Utc>) -> SignedIn {
    if account.attempts.is_locked(now) || account.disabled {
        return SignedIn::No(None, false);
    }
    let mut account = account;
    let right = match &mut account.second_factor {
        Some(factor) => factor.totp.take(code, now) || factor.recovery.take(code),
        None => false,
    };
    if !right {
        return failed(account, now);
    }
    let stage = if account.password_is_given { Stage::PasswordChangeNeeded } else { Stage::Full };
    SignedIn::As(stage, Account { attempts: Attempts::succeeded(), ..account })
}

fn failed(account: Account, now: DateTime<Utc>) -> SignedIn {
    let attempts = account.attempts.failed(now);
    let locked = attempts.is_locked(now);
    SignedIn::No(Some(Account { attempts, ..account }), locked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Password, RecoveryCodes, SecondFactor, Totp};
    use std::collections::BTreeSet;

    const PHRASE: &str = "a phrase of some words";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + seconds, 0).unwrap()
    }

    fn account() -> Account {
        let mut account = Account::new("ada".parse().unwrap(), "Ada", BTreeSet::new()).unwrap();
        let password = Password::new(PHRASE, "ada").unwrap();
        account.password = Some(PasswordHash::of(&password, &[1; 16]).unwrap());
        account
    }

    fn stage(outcome: &SignedIn) -> Option<Stage> {
        match outcome {
            SignedIn::As(stage, _) => Some(*stage),
            SignedIn::No(..) => None,
        }
    }

    #[test]
    fn a_right_password_signs_in() {
        assert_eq!(stage(&sign_in(Some(account()), PHRASE, at(0))), Some(Stage::Full));
        assert_eq!(stage(&sign_in(Some(account()), "another phrase", at(0))), None);
        assert_eq!(sign_in(None, PHRASE, at(0)), SignedIn::No(None, false));
        let given = Account { password_is_given: true, ..account() };
        assert_eq!(stage(&sign_in(Some(given), PHRASE, at(0))), Some(Stage::PasswordChangeNeeded));
        let disabled = Account { disabled: true, ..account() };
        assert_eq!(sign_in(Some(disabled), PHRASE, at(0)), SignedIn::No(None, false));
        let without = Account { password: None, ..account() };
        assert_eq!(stage(&sign_in(Some(without), "", at(0))), None);
    }

    #[test]
    fn five_failures_lock_and_then_the_right_one_does_not_open() {
        let mut account = account();
        for i in 1..=5 {
            match sign_in(Some(account.clone()), "wrong password", at(i)) {
                SignedIn::No(Some(changed), locked) => {
                    assert_eq!(locked, i == 5);
                    account = changed;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(sign_in(Some(account.clone()), PHRASE, at(6)), SignedIn::No(None, false));
        assert_eq!(stage(&sign_in(Some(account), PHRASE, at(100))), Some(Stage::Full));
    }

    #[test]
    fn a_second_factor_is_needed_and_its_failures_count() {
        let mut account = account();
        let totp = Totp::of(&[9; 20]).unwrap();
        let (codes, recovery) = RecoveryCodes::make(&(0..=255).collect::<Vec<u8>>()).unwrap();
        account.second_factor = Some(SecondFactor { totp: totp.clone(), recovery });
        let halfway = match sign_in(Some(account), PHRASE, at(0)) {
            SignedIn::As(Stage::SecondFactorNeeded, halfway) => halfway,
            other => panic!("{other:?}"),
        };
        assert_eq!(stage(&take_code(halfway.clone(), &totp.code_at(at(0)), at(0))), Some(Stage::Full));
        let SignedIn::As(Stage::Full, after) = take_code(halfway.clone(), &codes[0], at(0)) else { panic!() };
        assert_eq!(stage(&take_code(after, &codes[0], at(1))), None, "a recovery code opens once");
        // Guessing codes locks, though the password is right each time between.
        let mut guessed = halfway;
        for i in 0..5 {
            let SignedIn::As(Stage::SecondFactorNeeded, next) = sign_in(Some(guessed), PHRASE, at(i)) else {
                panic!("locked too early")
            };
            let SignedIn::No(Some(failed), locked) = take_code(next, "000000", at(i)) else { panic!() };
            assert_eq!(locked, i == 4);
            guessed = failed;
        }
        assert_eq!(sign_in(Some(guessed), PHRASE, at(6)), SignedIn::No(None, false));
    }
}
