//! What every handler has.

use crate::Settings;
use crate::jobs::Jobs;
use crate::provider::Provider;
use cloister_hub::{Hub, Rates};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;

/// What every handler has.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) hub: Hub,
    pub(crate) settings: Arc<Settings>,
    pub(crate) jobs: Jobs,
    pub(crate) rates: Arc<Rates>,
    /// Where people may also sign in.
    pub(crate) provider: Option<Arc<Provider>>,
    /// None in tests that start several servers in one process.
    pub(crate) metrics: Option<PrometheusHandle>,
}

impl AppState {
    /// Whether people may sign in with a password here.
    pub(crate) fn takes_passwords(&self) -> bool {
        self.provider.as_ref().is_none_or(|provider| provider.settings().passwords)
    }
}
