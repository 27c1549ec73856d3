//! The application: routes, and what stands around them.

use crate::guard::{carry, limit, limit_time, same_site};
use crate::jobs::Jobs;
use crate::problem::Problem;
use crate::provider::Provider;
use crate::state::AppState;
use crate::{Settings, api, observe, openapi, pages};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use cloister_hub::{Hub, Rates};
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

/// The application of one hub.
#[derive(Clone)]
pub struct App {
    state: AppState,
}

impl App {
    /// The application of a hub.
    pub fn new(hub: Hub, settings: Settings) -> Self {
        let state = AppState {
            hub,
            settings: Arc::new(settings),
            jobs: Jobs::default(),
            rates: Arc::new(Rates::default()),
            provider: None,
            metrics: observe::collect(),
        };
        Self { state }
    }

    /// The same, where people may sign in with a provider.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.state.provider = Some(Arc::new(provider));
        self
    }

    /// Every route. A caller's address is needed: serve it with `into_make_service_with_connect_info`.
    pub fn router(&self) -> Router {
        let state = self.state.clone();
        let (routes, _) = api::routes(&state).split_for_parts();
        // Made once: it says the same to everybody.
        let description = Arc::new(openapi::description());
        let routes = routes
            .route(
                "/v1/openapi.json",
                axum::routing::get(move || {
                    let description = Arc::clone(&description);
                    async move { Json(description.as_ref().clone()) }
                }),
            )
            .method_not_allowed_fallback(async || {
                Problem::new(405, "method", "This is not done that way here.")
            })
            .merge(pages::routes(&state))
            .fallback(pages::absent);
        routes
            .layer(from_fn_with_state(state.clone(), limit_time))
            .layer(RequestBodyLimitLayer::new(state.settings.body_bytes_max))
            .layer(from_fn_with_state(state.clone(), limit))
            .layer(from_fn_with_state(state.clone(), same_site))
            .layer(from_fn(too_large))
            .layer(CatchPanicLayer::custom(|_| {
                // A panic's words may hold data.
                tracing::error!("a handler panicked");
                Problem::internal().into_response()
            }))
            .layer(from_fn_with_state(state.clone(), carry))
            .with_state(state)
    }

    /// Waits until the queries under way have ended. What has not after `patience` is ended, and recorded as such.
    pub async fn drain(&self, patience: Duration) {
        self.state.jobs.drain(patience).await;
        self.state.hub.clone().close().await;
    }
}

/// A body that says beforehand that it is too large is refused in our own words.
async fn too_large(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let ours = response
        .headers()
        .get("content-type")
        .is_some_and(|t| t.as_bytes().starts_with(b"application/problem"));
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !ours {
        return Problem::new(413, "too-large", "The body is too large.").into_response();
    }
    response
}
