//! How often somebody may fail to sign in before their account is locked for a while.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Failures of this many in a row lock.
const FAILURES_MAX: u32 = 5;
/// A failure counts for so long.
const REMEMBERED: Duration = Duration::minutes(15);
/// For how many minutes the first, second, … lock is. The last one stays: nobody guesses more than some
/// hundred times a day.
const MINUTES: [i64; 4] = [1, 5, 15, 60];

/// Failures to sign in to an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Attempts {
    failures: u32,
    last: Option<DateTime<Utc>>,
    locks: u32,
    locked_until: Option<DateTime<Utc>>,
}

impl Attempts {
    /// Whether the account is locked now.
    pub fn is_locked(&self, now: DateTime<Utc>) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// Until when it is locked.
    pub fn locked_until(&self) -> Option<DateTime<Utc>> {
        self.locked_until
    }

    /// After another failure. A failure while it is locked changes nothing: whoever goes on trying does not lock it for
    /// longer.
    #[must_use]
    pub fn failed(self, now: DateTime<Utc>) -> Self {
        if self.is_locked(now) {
            return self;
        }
        let recent = self.last.is_some_and(|last| now.signed_duration_since(last) <= REMEMBERED);
        // Locks are forgotten a day after the last failure.
        let long_ago = self.last.is_none_or(|last| now.signed_duration_since(last) > Duration::hours(24));
        let locks = if long_ago { 0 } else { self.locks };
        let failures = if recent { self.failures } else { 0 };
        let failures = failures.saturating_add(1);
        if failures < FAILURES_MAX {
            return Self { failures, last: Some(now), locks, locked_until: None };
        }
        let index = usize::try_from(locks).unwrap_or(usize::MAX).min(MINUTES.len() - 1);
        let minutes = MINUTES.get(index).copied().unwrap_or(60);
        Self {
            failures: 0,
            last: Some(now),
            locks: locks.saturating_add(1),
            locked_until: now.checked_add_signed(Duration::minutes(minutes)),
        }
    }

    /// After success.
    #[must_use]
    pub fn succeeded() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn five_failures_lock_and_longer_each_time() {
        let (mut attempts, mut now) = (Attempts::default(), 0);
        for minutes in [1, 5, 15, 60, 60, 60] {
            for i in 0..5 {
                assert!(!attempts.is_locked(at(now)), "{minutes} {i}");
                attempts = attempts.failed(at(now));
                now += 1;
            }
            assert_eq!(attempts.locked_until(), Some(at(now - 1 + minutes * 60)));
            assert!(attempts.is_locked(at(now)));
            assert_eq!(attempts.failed(at(now)), attempts, "trying while it is locked changes nothing");
            now += minutes * 60;
        }
    }

    #[test]
    fn failures_are_forgotten() {
        let mut attempts = Attempts::default();
        for i in 0..20 {
            attempts = attempts.failed(at(i * 16 * 60));
        }
        assert_eq!(attempts.locked_until(), None, "one every sixteen minutes does not lock");
        assert_eq!(Attempts::succeeded(), Attempts::default());
    }

    proptest! {
        /// Whatever the moments are, no more passwords can be tried in a day than the limits allow.
        #[test]
        fn no_more_than_so_many_in_a_day(steps in prop::collection::vec(0i64..600, 1..2_000)) {
            let (mut attempts, mut now, mut tried) = (Attempts::default(), 0, Vec::new());
            for step in steps {
                now += step;
                if !attempts.is_locked(at(now)) {
                    tried.push(now);
                    attempts = attempts.failed(at(now));
                }
            }
            for (i, first) in tried.iter().enumerate() {
                let day = tried.iter().skip(i).filter(|t| **t < first + 86_400).count();
                // Five for each lock of an hour, those before the first long one, and what is remembered for 15 minutes.
                prop_assert!(day <= 24 * 5 + 4 * 5 + 96 * 4, "{day}");
            }
        }
    }
}
