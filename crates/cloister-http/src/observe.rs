//! Metrics and log lines of requests. Routes, never paths; codes, never texts; no value of anybody's.

use axum::http::{Method, StatusCode};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// Bounds of the histogram of durations, in seconds.
const BOUNDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Has metrics collected by this process; none where they are collected already.
pub(crate) fn collect() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BOUNDS).ok()?;
    builder.install_recorder().ok()
}

/// The span of a request, for traces.
pub(crate) fn span(method: &Method, route: &str, id: &str) -> tracing::Span {
    let method = known(method);
    tracing::info_span!(
        target: "cloister::http",
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        code = tracing::field::Empty,
        request = id,
    )
}

/// Notes a request that was answered.
pub(crate) fn request(
    method: &Method,
    route: &str,
    status: StatusCode,
    took: Duration,
    id: &str,
    code: Option<&str>,
) {
    let labels = [
        ("method", known(method).to_owned()),
        ("route", route.to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("cloister_http_requests_total", &labels).increment(1);
    metrics::histogram!("cloister_http_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "cloister::http",
        request = id,
        method = known(method),
        route,
        status = status.as_u16(),
        code,
        millis,
        "answered"
    );
}

/// A method's name; whatever a caller made up is one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
