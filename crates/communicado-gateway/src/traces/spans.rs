//! The content of spans: this module makes everything that a collector receives, after
//! OpenTelemetry's semantic conventions.
//!
//! Only two values come from the request: its method, if it is a usual one, and its parent trace.
//! `url.path`, for example, would contain the id of a person.

use axum::http::{HeaderMap, Method, StatusCode};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::Span;

use super::provider::Traces;

/// The trace context of the request that causes some work.
pub(crate) type RequestContext = SpanContext;

/// The context of the current request; none without traces.
pub(crate) fn request_context() -> RequestContext {
    Context::map_current(|current| current.span().span_context().clone())
}

impl Traces {
    /// Starts the span of a request for a route.
    pub(crate) fn start_request(
        &self,
        method: &Method,
        route: Option<&str>,
        headers: &HeaderMap,
    ) -> Context {
        let method = known(method);
        let name = match (method, route) {
            (Some(method), Some(route)) => format!("{method} {route}"),
            (None, Some(route)) => format!("HTTP {route}"),
            (method, None) => method.unwrap_or("HTTP").to_owned(),
        };
        let mut attributes = vec![KeyValue::new("http.request.method", method.unwrap_or("_OTHER"))];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        let span = self.tracer.span_builder(name).with_kind(SpanKind::Server);
        let span =
            span.with_attributes(attributes).start_with_context(&self.tracer, &caller(headers));
        Context::new().with_span(span)
    }

    /// Ends the span with the response.
    pub(crate) fn end_request(context: &Context, status: StatusCode) {
        let span = context.span();
        let code = i64::from(status.as_u16());
        span.set_attribute(KeyValue::new("http.response.status_code", code));
        if status.is_server_error() {
            span.set_attribute(KeyValue::new("error.type", status.as_u16().to_string()));
            span.set_status(Status::error(""));
        }
        span.end();
    }

    /// Starts the span of a batch of writes to this kind of store. The span is a child of the first
    /// request and linked to the others.
    pub(crate) fn store_span<'a>(
        &self,
        system: &'static str,
        request_contexts: impl Iterator<Item = &'a RequestContext>,
    ) -> StoreSpan {
        let mut request_contexts: Vec<_> = request_contexts
            .filter(|request_context| request_context.is_valid())
            .cloned()
            .collect();
        // An unsampled request must not hide a sampled one.
        request_contexts.sort_by_key(|request_context| !request_context.is_sampled());
        let mut request_contexts = request_contexts.into_iter();
        let within = match request_contexts.next() {
            Some(first) => Context::new().with_remote_span_context(first),
            None => Context::new(),
        };
        let span = self
            .tracer
            .span_builder("store")
            .with_kind(SpanKind::Internal)
            .with_attributes([KeyValue::new("db.system.name", system)])
            .with_links(request_contexts.map(Link::with_context).collect())
            .start_with_context(&self.tracer, &within);
        StoreSpan(span)
    }
}

/// The span of a write.
pub(crate) struct StoreSpan(Span);

impl StoreSpan {
    pub(crate) fn ended(mut self, is_stored: bool) {
        if !is_stored {
            self.0.set_attribute(KeyValue::new("error.type", "store"));
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// The caller's trace (W3C Trace Context), without other values from the caller.
fn caller(headers: &HeaderMap) -> Context {
    let context = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &HeaderExtractor(headers));
    let span = context.span().span_context().clone();
    let (trace, parent, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
    let bare = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
    if bare.is_valid() { Context::new().with_remote_span_context(bare) } else { Context::new() }
}

/// The method if it is a usual one. Any other method is text from the caller.
fn known(method: &Method) -> Option<&'static str> {
    const KNOWN: [&str; 9] =
        ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::{SpanId, TraceFlags, TraceId, TracerProvider as _};
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};

    use super::*;

    /// An exporter that collects the spans.
    #[derive(Clone, Debug, Default)]
    struct Sent(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Sent {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    fn traces(sent: &Sent) -> Traces {
        let provider = SdkTracerProvider::builder().with_simple_exporter(sent.clone()).build();
        let tracer = provider.tracer("test");
        Traces { provider, tracer, is_away: Arc::default() }
    }

    fn request(number: u8, flags: TraceFlags) -> RequestContext {
        let (trace, span) = (TraceId::from(u128::from(number)), SpanId::from(u64::from(number)));
        SpanContext::new(trace, span, flags, false, TraceState::NONE)
    }

    #[test]
    fn the_span_of_a_batch_has_a_sampled_parent_and_links_to_the_other_requests() {
        let sent = Sent::default();
        let [untraced, second, third] =
            [TraceFlags::NOT_SAMPLED, TraceFlags::SAMPLED, TraceFlags::SAMPLED];
        let request_contexts =
            [request(1, untraced), RequestContext::NONE, request(2, second), request(3, third)];
        traces(&sent).store_span("sqlite", request_contexts.iter()).ended(true);
        let sent = sent.0.lock().unwrap();
        let [span] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(span.parent_span_id, SpanId::from(2_u64));
        let linked: Vec<_> = span.links.iter().map(|link| link.span_context.clone()).collect();
        assert_eq!(linked, [request(3, third), request(1, untraced)]);
    }

    #[test]
    fn a_batch_is_traced_unless_every_caller_declines() {
        let sent = Sent::default();
        let untraced = request(1, TraceFlags::NOT_SAMPLED);
        traces(&sent).store_span("sqlite", [untraced].iter()).ended(true);
        assert!(sent.0.lock().unwrap().is_empty());
        traces(&sent).store_span("sqlite", [].iter()).ended(false);
        let sent = sent.0.lock().unwrap();
        let [span] = &sent[..] else { panic!("{sent:?}") };
        assert!(matches!(span.status, Status::Error { .. }));
    }
}
