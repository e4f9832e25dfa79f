//! Optional OpenTelemetry traces: a span for each request that this program answers, and one for
//! each write to the store.
//!
//! No span identifies a person: `spans.rs` defines all attributes. Spans wait in a bounded queue,
//! and a thread of the library sends them. No other code waits for a collector; see `exporter.rs`.
//! Without the option there is no thread and no span.

mod exporter;
mod provider;
mod spans;

pub(crate) use provider::Traces;
pub(crate) use spans::{RequestContext, request_context};
