//! How often somebody may call: a bucket for each caller that fills by and by.

use crate::problem::Problem;
use crate::settings::RateLimit;
use crate::state::AppState;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cloister_model::Digest;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// More callers than this at once: those who have been quiet are forgotten first.
const CALLERS_MAX: usize = 100_000;

/// The buckets of all callers.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    /// Takes one from a caller's bucket; where it is empty, the seconds until there is one.
    fn take(&self, caller: &str, limit: RateLimit, now: Instant) -> Result<(), u64> {
        let per_second = f64::from(limit.per_minute) / 60.0;
        let full = f64::from(limit.burst.max(1));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS_MAX {
            let filled = |b: &Bucket| b.left + now.duration_since(b.at).as_secs_f64() * per_second >= full;
            buckets.retain(|_, bucket| !filled(bucket));
            if buckets.len() >= CALLERS_MAX {
                return Err(1);
            }
        }
        let bucket = buckets.entry(caller.to_owned()).or_insert(Bucket { left: full, at: now });
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * per_second).min(full);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let seconds = ((1.0 - bucket.left) / per_second.max(1e-6)).ceil().clamp(1.0, 3_600.0);
        Err(format!("{seconds:.0}").parse().unwrap_or(60))
    }
}

/// Who calls, as far as can be said before they are known: what they present, or where they are.
fn caller(headers: &HeaderMap, extensions: &Extensions, behind_proxy: bool) -> String {
    match headers.get(header::AUTHORIZATION) {
        // Not the token itself: a map of secrets is not to lie about.
        Some(token) => Digest::of(token.as_bytes()).to_string(),
        None => address(headers, extensions, behind_proxy),
    }
}

/// The caller's address.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions, behind_proxy: bool) -> String {
    if behind_proxy {
        // The proxy adds the last one; whatever stands before it the caller may have written.
        let all = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
        if let Some(last) = all.flat_map(|v| v.split(',')).next_back() {
            return last.trim().to_owned();
        }
    }
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(|| "unknown".to_owned(), |ConnectInfo(peer)| peer.ip().to_string())
}

/// Turns away a caller who asks too often.
pub(crate) async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let who = caller(request.headers(), request.extensions(), state.settings.behind_proxy);
    match state.rates.take(&who, state.settings.rate, Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(seconds) => too_often(seconds).into_response(),
    }
}

/// Turns away an address that tries to sign in too often.
pub(crate) async fn limit_sign_in(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let address = address(request.headers(), request.extensions(), state.settings.behind_proxy);
    // Looking at a form is no attempt; going to the provider and coming back is.
    let looks = request.method().is_safe() && !request.uri().path().starts_with("/sign-in/provider");
    let taken = match looks {
        true => Ok(()),
        false => state.rates.take(&format!("sign-in {address}"), state.settings.sign_in_rate, Instant::now()),
    };
    match taken {
        Ok(()) => next.run(request).await,
        Err(seconds) => too_often(seconds).into_response(),
    }
}

fn too_often(seconds: u64) -> Problem {
    Problem::new(429, "too-many-requests", "You ask too often.")
        .hint(format!("Try again in {seconds} seconds."))
        .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rates, limit) = (Rates::default(), RateLimit { burst: 3, per_minute: 60 });
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(rates.take("a", limit, began), Ok(()));
        }
        assert_eq!(rates.take("a", limit, began), Err(1));
        assert_eq!(rates.take("b", limit, began), Ok(()), "one caller's bucket is not another's");
        assert_eq!(rates.take("a", limit, began + Duration::from_secs(1)), Ok(()));
        assert_eq!(rates.take("a", limit, began + Duration::from_secs(1)), Err(1));
        for _ in 0..3 {
            assert_eq!(rates.take("a", limit, began + Duration::from_secs(100)), Ok(()));
        }
        assert!(rates.take("a", limit, began + Duration::from_secs(100)).is_err(), "no more than a burst");
    }

    #[test]
    fn what_a_caller_wrote_before_the_proxy_is_not_their_address() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        headers.append("x-forwarded-for", HeaderValue::from_static("3.3.3.3"));
        assert_eq!(address(&headers, &Extensions::new(), true), "3.3.3.3");
        assert_eq!(address(&headers, &Extensions::new(), false), "unknown");
    }
}
