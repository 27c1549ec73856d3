//! How often somebody may call.

use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cloister_model::Digest;
use std::net::SocketAddr;
use std::time::Instant;

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

    #[test]
    fn what_a_caller_wrote_before_the_proxy_is_not_their_address() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        headers.append("x-forwarded-for", HeaderValue::from_static("3.3.3.3"));
        assert_eq!(address(&headers, &Extensions::new(), true), "3.3.3.3");
        assert_eq!(address(&headers, &Extensions::new(), false), "unknown");
    }
}
