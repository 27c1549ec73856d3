//! Structured logs. Nothing that is logged holds data: routes, ids, codes, durations.

use crate::settings::{Log, LogFormat};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Begins to log to standard error.
pub(crate) fn begin(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|e| format!("log.filter: {e}"))?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    let begun = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    begun.map_err(|e| e.to_string())
}
