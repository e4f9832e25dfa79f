//! Every decoder of foreign bytes, for the fuzzer: none of them may panic.

use crate::{api, front, grant};

/// The head of a request, as the front door reads it.
pub fn head(bytes: &[u8]) {
    if let Ok(front::Look::Events(head)) = front::look(bytes) {
        let _ = front::secret(head.authorization, head.cookie);
        let _ = query(head.query);
        event_id(head.last_event_id.unwrap_or_default());
    }
}

/// The query of a stream of events: how many it names, if it is understood.
#[must_use]
pub fn query(text: &str) -> Option<usize> {
    let wanted = front::Wanted::parse(text).ok()?;
    Some(wanted.people.len() + wanted.groups.len())
}

/// A `Last-Event-ID`.
pub fn event_id(text: &str) {
    let _ = front::event_id(text);
}

/// What a device publishes: its clients, if it is understood.
#[must_use]
pub fn publication(bytes: &[u8]) -> Option<Vec<communicado_wire::Client>> {
    api::publication(bytes).ok().map(|(clients, _)| clients)
}

/// What a program says on a WebSocket.
pub fn socket_message(text: &str) {
    let _ = serde_json::from_str::<communicado_wire::gateway::SocketIn>(text);
}

/// A token.
pub fn token(text: &str) {
    let _ = grant::hash(text);
}
