//! Every decoder of foreign bytes, for the fuzzer: none of them may panic.

use crate::{api, front, grant};

/// The head of a request, as the front door reads it.
pub fn head(bytes: &[u8]) {
    if let Ok(front::Look::Events(head)) = front::look(bytes) {
        let _ = front::secret(head.authorization, head.cookie);
        query(head.query);
        event_id(head.last_event_id.unwrap_or_default());
    }
}

/// The query of a stream of events.
pub fn query(text: &str) {
    let _ = front::Wanted::parse(text);
}

/// A `Last-Event-ID`.
pub fn event_id(text: &str) {
    let _ = front::event_id(text);
}

/// What a device publishes.
pub fn publication(bytes: &[u8]) {
    let _ = api::publication(bytes);
}

/// What a program says on a WebSocket.
pub fn socket_message(text: &str) {
    let _ = serde_json::from_str::<communicado_wire::gateway::SocketIn>(text);
}

/// A token.
pub fn token(text: &str) {
    let _ = grant::hash(text);
}
