//! What every handler has.

use crate::Settings;
use crate::guard::Rates;
use crate::jobs::Jobs;
use cloister_hub::Hub;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;

/// What every handler has.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) hub: Hub,
    pub(crate) settings: Arc<Settings>,
    pub(crate) jobs: Jobs,
    pub(crate) rates: Arc<Rates>,
    /// None in tests that start several servers in one process.
    pub(crate) metrics: Option<PrometheusHandle>,
}
