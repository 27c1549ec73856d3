//! Structured logs. Nothing that is logged holds data: routes, ids, codes, durations.

use crate::settings::{Log, LogFormat};
use crate::telemetry;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Begins to log to standard error, and to trace where there is a collector.
pub(crate) fn begin(log: &Log, traces: Option<&SdkTracerProvider>) -> Result<(), String> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|e| format!("log.filter: {e}"))?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    let lines = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
        LogFormat::Text => lines.with_ansi(false).with_filter(filter).boxed(),
    };
    let begun = tracing_subscriber::registry().with(lines).with(traces.map(telemetry::layer)).try_init();
    begun.map_err(|e| e.to_string())
}
