//! Where a request comes from: nothing that another site's page sends changes anything.

use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses what a browser says that another site's page sent, unless it only reads.
pub(crate) async fn same_site(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if is_foreign(request.method(), request.headers(), &state.settings.origin) {
        return Problem::new(403, "cross-site", "Another site's page sent this.").into_response();
    }
    next.run(request).await
}

fn is_foreign(method: &Method, headers: &HeaderMap, own: &str) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some("same-origin" | "none"), _) => false,
        (Some(_), _) => true,
        // A browser of before 2023, or no browser.
        (None, Some(origin)) => origin != own,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn another_sites_page_changes_nothing() {
        let own = "https://hub.example";
        let with = |name: &'static str, value: &'static str| {
            let mut map = HeaderMap::new();
            map.insert(name, HeaderValue::from_static(value));
            map
        };
        for (headers, foreign) in [
            (HeaderMap::new(), false),
            (with("sec-fetch-site", "same-origin"), false),
            (with("sec-fetch-site", "none"), false),
            (with("sec-fetch-site", "same-site"), true),
            (with("sec-fetch-site", "cross-site"), true),
            (with("origin", "https://hub.example"), false),
            (with("origin", "https://hub.example.evil"), true),
            (with("origin", "null"), true),
        ] {
            assert_eq!(is_foreign(&Method::POST, &headers, own), foreign, "{headers:?}");
            assert!(!is_foreign(&Method::GET, &headers, own));
        }
    }
}
