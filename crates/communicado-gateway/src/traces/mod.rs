//! Traces by OpenTelemetry, where they are asked for: a span for each request that is answered
//! here, and one for each time that something is kept.
//!
//! No span says whom it was about: `spans.rs` has all that one says. Spans wait in a queue that
//! has an end, and a thread of the library sends them; nothing else waits for a collector, see
//! `exporter.rs`. Where nobody asked there is no thread and no span.

mod exporter;
mod provider;
mod spans;

pub(crate) use provider::Traces;
pub(crate) use spans::{RequestContext, request_context};
