//! Sessions of the pages: a secret in a cookie, its hash here. They end when nobody uses them, and in any case by the end
//! of a working day.

use crate::Secret;
use crate::secret::same;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use cloister_model::Name;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Minutes without use.
    pub idle_minutes: i64,
    /// Minutes in all.
    pub minutes: i64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_minutes: 30, minutes: 12 * 60 }
    }
}

/// How far somebody has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The password was right; the code of the second factor is to come.
    SecondFactorNeeded,
    /// They must choose a password of their own first.
    PasswordChangeNeeded,
    /// They are who they say they are.
    Full,
}

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Session {
    account: Name,
    stage: Stage,
    began_at: DateTime<Utc>,
    used_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// Nobody used it for too long.
    Idle,
    /// It was long enough.
    Over,
}

/// Minutes in which a session that waits for a second factor or a new password is over.
const HALFWAY_MINUTES: i64 = 10;

impl Session {
    /// A new one. A secret is never taken over from before signing in, or from one stage to the next: whoever knew the old
    /// one has nothing.
    pub fn begin(account: Name, stage: Stage, limits: SessionLimits, now: DateTime<Utc>) -> Self {
        let minutes = match stage {
            Stage::Full => limits.minutes,
            Stage::SecondFactorNeeded | Stage::PasswordChangeNeeded => HALFWAY_MINUTES,
        };
        let ends_at = now.checked_add_signed(Duration::minutes(minutes)).unwrap_or(now);
        Self { account, stage, began_at: now, used_at: now, ends_at }
    }

    /// Whether it lasts.
    ///
    /// # Errors
    /// Why not.
    pub fn lasts(&self, limits: SessionLimits, now: DateTime<Utc>) -> Result<(), SessionEnd> {
        if now >= self.ends_at {
            return Err(SessionEnd::Over);
        }
        let idle = now.signed_duration_since(self.used_at);
        if idle >= Duration::minutes(limits.idle_minutes) { Err(SessionEnd::Idle) } else { Ok(()) }
    }

    /// Notes its use; true once a minute, when that is to be kept.
    pub fn used(&mut self, now: DateTime<Utc>) -> bool {
        let news = now.signed_duration_since(self.used_at) >= Duration::minutes(1);
        if news {
            self.used_at = now;
        }
        news
    }

    /// Whose it is.
    pub fn account(&self) -> &Name {
        &self.account
    }

    /// How far they are.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// When it began.
    pub fn began_at(&self) -> DateTime<Utc> {
        self.began_at
    }

    /// When it is over, whatever happens.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    /// The session's own word: what its pages send with every change, and no other site's page can know. Derived from the
    /// secret, so that it is kept nowhere.
    pub fn word(secret: &Secret) -> String {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.text().as_bytes()) else { return String::new() };
        URL_SAFE_NO_PAD.encode(mac.chain_update(b"cloister|session word|v1").finalize().into_bytes())
    }

    /// Whether a text is the session's own word.
    pub fn is_word(secret: &Secret, text: &str) -> bool {
        let word = Self::word(secret);
        !word.is_empty() && same(&word, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + 60 * minutes, 0).unwrap()
    }

    fn session(stage: Stage) -> Session {
        Session::begin("ada".parse().unwrap(), stage, SessionLimits::default(), at(0))
    }

    #[test]
    fn a_session_ends_idle_or_at_the_end_of_the_day() {
        let (mut session, limits) = (session(Stage::Full), SessionLimits::default());
        assert_eq!(session.lasts(limits, at(29)), Ok(()));
        assert_eq!(session.lasts(limits, at(30)), Err(SessionEnd::Idle));
        for minute in (20..720).step_by(20) {
            assert_eq!(session.lasts(limits, at(minute)), Ok(()), "{minute}");
            assert!(session.used(at(minute)));
        }
        assert_eq!(session.lasts(limits, at(720)), Err(SessionEnd::Over));
    }

    #[test]
    fn half_a_session_is_short() {
        for stage in [Stage::SecondFactorNeeded, Stage::PasswordChangeNeeded] {
            assert_eq!(session(stage).lasts(SessionLimits::default(), at(10)), Err(SessionEnd::Over));
        }
    }

    #[test]
    fn a_word_is_of_one_session() {
        let (one, other) = (Secret::of([1; 32]), Secret::of([2; 32]));
        assert!(Session::is_word(&one, &Session::word(&one)));
        assert!(!Session::is_word(&one, &Session::word(&other)) && !Session::is_word(&one, ""));
        assert!(!Session::word(&one).contains(one.text()));
    }

    proptest! {
        #[test]
        fn no_use_makes_it_last_longer_than_the_limit(steps in prop::collection::vec(0i64..29, 0..100)) {
            let (mut session, limits, mut now) = (session(Stage::Full), SessionLimits::default(), 0);
            for step in steps {
                now += step;
                session.used(at(now));
                prop_assert_eq!(session.lasts(limits, at(now)).is_ok(), now < 720);
            }
        }
    }
}
