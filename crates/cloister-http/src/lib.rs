//! The hub's web server: the API under `/v1` with its description, and the pages.
//!
//! Handlers parse, call one use case, and answer. Who may do what is decided in the hub, never here: what is here is
//! who calls ([`Settings`] say how sessions and limits are kept), and how what the hub says is written down.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cloister_http::{App, Settings};
//! let hub = cloister_hub::Hub::open("cloister-hub".into()).await?;
//! let app = App::new(hub, Settings::default());
//! let routes: axum::Router = app.router();
//! # Ok(()) }
//! ```
//!
//! It must not know a rule of the hub, open a file of it, or write down a value that no release holds.

mod api;
mod app;
mod etag;
mod guard;
mod jobs;
mod observe;
mod openapi;
mod pages;
mod problem;
mod provider;
mod settings;
mod state;

pub use app::App;
pub use openapi::description;
pub use provider::{Provider, ProviderError, ProviderSettings};
pub use settings::Settings;
