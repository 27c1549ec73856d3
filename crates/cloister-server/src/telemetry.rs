//! Traces by OpenTelemetry, where a collector is set. A span holds a route, a status, a code, an id and a time: what the
//! log may hold, and nothing else.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde::Deserialize;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Telemetry {
    /// The collector's address for traces (OTLP over HTTP).
    pub(crate) traces: String,
    /// The part of requests that are traced, 0 to 1.
    #[serde(default = "all")]
    pub(crate) sample: f64,
}

fn all() -> f64 {
    1.0
}

impl Telemetry {
    /// What makes no sense about it.
    pub(crate) fn objection(&self) -> Option<&'static str> {
        let http = self.traces.starts_with("http://") || self.traces.starts_with("https://");
        match (http, (0.0..=1.0).contains(&self.sample)) {
            (false, _) => Some("telemetry.traces must be like http://collector:4318/v1/traces"),
            (_, false) => Some("telemetry.sample must be from 0 to 1"),
            (true, true) => None,
        }
    }

    /// What makes traces of the server's spans, and sends them while it lives.
    pub(crate) fn provider(&self) -> Result<SdkTracerProvider, String> {
        // The exporter's own client needs a provider of cryptography, as everything here does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&self.traces)
            .build()
            .map_err(|e| format!("telemetry: {e}"))?;
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(self.sample)));
        Ok(SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(Resource::builder_empty().with_attribute(service()).build())
            .build())
    }
}

fn service() -> opentelemetry::KeyValue {
    opentelemetry::KeyValue::new("service.name", "cloisterd")
}

/// The layer that turns spans of this program's own into traces: what libraries span may hold SQL.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let spans = filter_fn(|metadata| {
        metadata.is_span() && metadata.target().starts_with("cloister::") && *metadata.level() <= Level::INFO
    });
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("cloisterd"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(spans)
}
