//! What every answer carries, and how long a request may take.

use crate::observe;
use crate::problem::{Problem, ProblemCode};
use crate::state::AppState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;
use tracing::Instrument;

/// A request's id: in its answer, and in every line of the log about it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// No script but ours, nothing from elsewhere, in nobody's frame.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Gives a request its id, notes what became of it, and puts on every answer what all carry.
pub(crate) async fn carry(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId(fresh());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    // The route, not the path: ids and names are no business of a metric.
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    let span = observe::span(&method, &route, &id.0);
    let mut response = next.run(request).instrument(span.clone()).await;
    let code = response.extensions().get::<ProblemCode>().map(|c| c.0.clone());
    span.record("http.response.status_code", response.status().as_u16());
    span.record("code", code.as_deref());
    observe::request(&method, &route, response.status(), began.elapsed(), &id.0, code.as_deref());
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    if state.settings.is_secure() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// Ends a request that takes too long. What it had acknowledged stays; what it had not is not there.
pub(crate) async fn limit_time(State(state): State<AppState>, request: Request, next: Next) -> Response {
    // Waiting for a query has a limit of its own.
    let limit = state.settings.time_max + state.settings.wait_max;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(503, "too-long", "The request took too long.").into_response(),
    }
}

fn fresh() -> String {
    let mut bytes = [0u8; 12];
    if getrandom::fill(&mut bytes).is_err() {
        return "unknown".to_owned();
    }
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
