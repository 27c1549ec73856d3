//! Browsers that were sent to the provider and are not back yet.
//!
//! They are kept here and nowhere else: whoever is under way while the server starts again begins again.

use super::ProviderError;
use cloister_model::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long somebody may take at the provider.
pub(crate) const LASTS: Duration = Duration::from_secs(600);
/// More than this at once: then nobody is sent until some are back or too late.
const AT_ONCE_MAX: usize = 50_000;

/// What is remembered of a browser until it is back.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The digest of its cookie: only the browser that was sent comes back.
    pub(super) cookie: Digest,
    /// What the ID token must repeat.
    pub(super) nonce: String,
    /// What PKCE's challenge was made from.
    pub(super) verifier: String,
    /// Where it goes then.
    pub(super) next: String,
    /// When it was sent.
    pub(super) began: Instant,
}

/// All of them, by their state.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    all: Mutex<HashMap<Digest, Attempt>>,
}

impl Attempts {
    /// Remembers one.
    pub(super) fn keep(&self, state: &str, attempt: Attempt) -> Result<(), ProviderError> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= AT_ONCE_MAX {
            all.retain(|_, one| one.began.elapsed() < LASTS);
            if all.len() >= AT_ONCE_MAX {
                return Err(ProviderError::Unreachable);
            }
        }
        all.insert(Digest::of(state.as_bytes()), attempt);
        Ok(())
    }

    /// The one of this state, if it is this browser's and not too old. It is there once.
    pub(super) fn take(&self, state: &str, cookie: &str) -> Option<Attempt> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Digest::of(state.as_bytes());
        // Digests are compared: how long that takes says nothing of the texts.
        if all.get(&key)?.cookie != Digest::of(cookie.as_bytes()) {
            return None;
        }
        all.remove(&key).filter(|one| one.began.elapsed() < LASTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(cookie: &str, began: Instant) -> Attempt {
        Attempt {
            cookie: Digest::of(cookie.as_bytes()),
            nonce: "n".into(),
            verifier: "v".into(),
            next: "/".into(),
            began,
        }
    }

    #[test]
    fn only_the_browser_that_was_sent_comes_back_and_once() {
        let attempts = Attempts::default();
        attempts.keep("state", attempt("cookie", Instant::now())).unwrap();
        assert!(attempts.take("state", "another").is_none());
        assert!(attempts.take("another", "cookie").is_none());
        assert!(attempts.take("state", "cookie").is_some(), "another's try takes nothing away");
        assert!(attempts.take("state", "cookie").is_none());
    }

    #[test]
    fn who_takes_too_long_begins_again() {
        let attempts = Attempts::default();
        let Some(before) = Instant::now().checked_sub(LASTS) else { return };
        attempts.keep("state", attempt("cookie", before)).unwrap();
        assert!(attempts.take("state", "cookie").is_none());
    }
}
