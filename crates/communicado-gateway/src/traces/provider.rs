//! The provider of spans and its exporter.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, atomic};
use std::time::Duration;

use axum::http::Uri;
use communicado_cli_support::{Failure, Outcome};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider,
};

use super::exporter::{self, ExporterClient};
use crate::limits::SPANS_WAITING;

/// Time limit for one message to the collector, including retries.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for the queued spans at shutdown.
const LAST_SPANS: Duration = Duration::from_secs(2);
/// The service name and the instrumentation scope.
const NAME: &str = "communicado-gateway";

/// The span provider.
#[derive(Clone, Debug)]
pub(crate) struct Traces {
    pub(super) provider: SdkTracerProvider,
    pub(super) tracer: SdkTracer,
    pub(super) is_away: Arc<AtomicBool>,
}

impl Traces {
    /// Starts the export to the collector at `url`; the path `/v1/traces` is appended.
    ///
    /// # Errors
    ///
    /// If the URL is not usable. The function does not check that a collector responds.
    pub(crate) fn begin(url: &str) -> Result<Self, Failure> {
        check(url).map_err(unusable)?;
        let is_away = Arc::new(AtomicBool::new(false));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(ExporterClient::new(TIMEOUT, is_away.clone()))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", url.trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()
            .map_err(unusable)?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(SPANS_WAITING.max).build();
        let sends = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name(NAME).with_attribute(version).build();
        let provider =
            SdkTracerProvider::builder().with_span_processor(sends).with_resource(resource).build();
        let tracer = provider.tracer(NAME);
        Ok(Self { provider, tracer, is_away })
    }

    /// Sends queued spans within the time limit.
    pub(crate) fn stop(&self) {
        let sent = self.provider.shutdown_with_timeout(LAST_SPANS);
        if let Err(error) = sent
            && !self.is_away.load(atomic::Ordering::Relaxed)
        {
            tracing::warn!(what = "traces", cause = %error, help = exporter::HELP);
        }
    }
}

fn unusable(cause: impl ToString) -> Failure {
    let what = "the value of --otlp or OTEL_EXPORTER_OTLP_ENDPOINT is unusable";
    let help = "give the OTLP/HTTP URL of a collector, for example http://127.0.0.1:4318";
    Failure::new(Outcome::Usage, what).cause(cause).help(help)
}

/// Checks the URL of a collector; the error says why it is unusable.
fn check(url: &str) -> Result<(), String> {
    let address: Uri = url.parse().map_err(|error| format!("it is not a URL: {error}"))?;
    let authority = address.authority().map(axum::http::uri::Authority::as_str);
    match (address.scheme_str(), authority) {
        (Some("http" | "https"), Some(authority)) if authority.contains('@') => {
            Err("the URL contains a password, which belongs in OTEL_EXPORTER_OTLP_HEADERS"
                .to_owned())
        }
        (Some("http" | "https"), Some(_)) if url.contains(['?', '#']) => {
            Err("the URL does not end with its path".to_owned())
        }
        (Some("http" | "https"), Some(_)) => Ok(()),
        _ => Err("the URL begins neither with http:// nor with https://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_collector_url_is_refused() {
        for url in ["http://127.0.0.1:4318", "https://collector.example/otel/", "http://[::1]:1"] {
            check(url).unwrap();
        }
        for (url, word) in [
            ("", "not a URL"),
            ("collector", "neither"),
            ("localhost:4318", "neither"),
            ("grpc://localhost:4317", "neither"),
            ("http://", "not a URL"),
            ("http://a b", "not a URL"),
            ("http://ada:secret@collector.example", "OTEL_EXPORTER_OTLP_HEADERS"),
            ("http://collector.example/?key=secret", "path"),
        ] {
            let why = check(url).unwrap_err();
            assert!(why.contains(word) && !why.contains("secret"), "{url:?}: {why}");
        }
    }
}
