//! Report of a client that is starting.

use communicado_core::{Fact, Life};
use communicado_runtime::ClientHandle;
use communicado_wire::Timestamp;

/// Reports that a client is starting, since `up_since` (microseconds since 1970) where readable.
pub(crate) fn report_starting(client: &ClientHandle, up_since: Option<i64>) {
    let civil = up_since.and_then(|micros| Timestamp::from_micros(micros).ok());
    let began = civil.and_then(|civil| client.status_start(civil));
    client.report_with_start(Fact::Life(Life::Starting, None), began);
}
