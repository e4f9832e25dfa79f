//! Decoders of untrusted bytes, for the fuzzer. None of them may panic.

use communicado_core::Moment;
use communicado_wire::Timestamp;

use crate::cluster::{self, EntryKey};
use crate::http::{AllowedHosts, Framing};
use crate::model::{Now, People};
use crate::oidc::Claims;
use crate::subscription::Subscription;
use crate::{api, credentials, fanout, secret};

/// Parses the head of a request as the event loop does.
///
/// # Panics
///
/// If the event loop and the validator in front of hyper disagree.
pub fn head(bytes: &[u8]) {
    let kind = fanout::classify(bytes, AllowedHosts::Any);
    match (&kind, Framing::new(AllowedHosts::Any).pass(bytes)) {
        (Ok(fanout::RequestKind::Incomplete), Ok(0)) => {}
        (Ok(fanout::RequestKind::Events(_) | fanout::RequestKind::Other), Ok(1..)) => {}
        (Err(one), Err(other)) if *one == other => {}
        (kind, passed) => panic!("{kind:?} but {passed:?}"),
    }
    if let Ok(fanout::RequestKind::Events(head)) = kind {
        let _ = credentials::from_headers(head.authorization, head.cookie);
        let _ = query(fanout::query(head.target));
        event_id(head.last_event_id.unwrap_or_default());
    }
}

/// Parses a connection that delivers these chunks. Returns the end of each complete request, and
/// whether the rest is refused.
pub fn requests<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<usize>, bool) {
    let mut framing = Framing::new(AllowedHosts::Any);
    let (mut ends, mut end, mut waiting) = (Vec::new(), 0, Vec::new());
    for part in parts {
        waiting.extend_from_slice(part);
        loop {
            match framing.pass(&waiting) {
                Ok(0) => break,
                Ok(count) => {
                    waiting.drain(..count);
                    end += count;
                    if framing.is_between() {
                        ends.push(end);
                    }
                }
                Err(_) => return (ends, true),
            }
        }
    }
    (ends, false)
}

/// Parses the query of an event stream. Returns the number of names.
#[must_use]
pub fn query(text: &str) -> Option<usize> {
    let subscription = Subscription::parse(text).ok()?;
    Some(subscription.people.len() + subscription.groups.len())
}

/// Parses a `Last-Event-ID`.
pub fn event_id(text: &str) {
    let _ = crate::ids::parse_event_id(text);
}

/// Parses a device's publication. Returns the number of clients.
#[must_use]
pub fn publication(bytes: &[u8]) -> Option<Vec<communicado_wire::Client>> {
    api::publication(bytes, Timestamp::EPOCH).ok().map(|(clients, _)| clients)
}

/// Parses a client's WebSocket message.
pub fn socket_message(text: &str) {
    let _ = serde_json::from_str::<communicado_wire::gateway::SocketIn>(text);
}

/// Parses a client's WebSocket messages one by one while people change.
///
/// # Panics
///
/// If the program does not get its subscription, or state remains afterwards.
pub fn socket_session(lines: &str) {
    fanout::session(lines);
}

/// Parses a token.
pub fn token(text: &str) {
    let _ = secret::hash(text);
}

/// Parses an issuer's token. Returns its subject if it is valid for the client `us` now.
#[must_use]
pub fn issuer_token(text: &str) -> Option<String> {
    let claims = Claims::of_token(text).ok()?;
    claims.check("https://issuer.test", "us", "nonce", Timestamp::EPOCH).ok()?;
    claims.text("sub")
}

/// Parses an entry of a shared bucket. Returns the resulting person.
///
/// # Panics
///
/// If a parsed key does not round-trip.
pub fn entry(key: &str, value: &str) {
    let Some(read) = EntryKey::read(key) else { return };
    assert_eq!(EntryKey::read(&read.written()).as_ref(), Some(&read), "{key}");
    if let EntryKey::Token(id) = &read {
        let _ = cluster::token(id, value);
    }
    let EntryKey::Person(id) = read else { return };
    let Ok(stored) = cluster::person(&id, value) else { return };
    let now = Now { moment: Moment::START, civil: Timestamp::EPOCH };
    let mut people = People::default();
    let mut result = people.replicate(&id, Some(stored), 1, true, now);
    people.apply(&mut result);
    let mut result = people.replicate(&id, None, 2, true, now);
    people.apply(&mut result);
    assert_eq!(people.len(), 0, "a removed person is gone");
}
