//! The frames that are sent to readers, each built once and shared by all its readers.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use communicado_wire::gateway::{End, EndReason, Gone, View};

use super::budget::{Charge, StreamBudget};
use crate::model::{Person, PersonChange, change_json};

/// An event: its text in a stream of events, and its data alone.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The whole event, from `id:` to the empty line.
    pub(crate) event: Bytes,
    /// The event as one chunk of HTTP/1.1 (RFC 9112, 7.1), for a socket that the event loop writes.
    /// A client that reads whole chunks thus gets each event at once.
    pub(crate) chunk: Bytes,
    /// The JSON data.
    pub(crate) data: Bytes,
    pub(crate) kind: &'static str,
    pub(crate) id: Option<u64>,
    /// True if all readers with this view share the frame, so that no family is charged for it.
    pub(crate) is_for_all: bool,
}

/// The first line of every stream: the time before the client reconnects.
pub(crate) const RETRY: &[u8] = b"retry: 3000\n\n";
/// The first line as a chunk.
pub(crate) const RETRY_CHUNK: &[u8] = b"d\r\nretry: 3000\n\n\r\n";
/// The last chunk, which ends a stream (RFC 9112, 7.1).
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// The end of every event, after its data.
const EVENT_END: &str = "\n\n";
/// The end of every chunk, after its event.
const CHUNK_END: &str = "\r\n";
/// The heartbeat comment, and the same as a chunk.
const HEARTBEAT: &[u8] = b":\n\n";
const HEARTBEAT_CHUNK: &[u8] = b"3\r\n:\n\n\r\n";

impl Frame {
    pub(crate) fn new(kind: &'static str, id: Option<u64>, json: &str) -> Self {
        use std::fmt::Write as _;
        let id_line = id.map_or_else(String::new, |id| format!("id: {id}\n"));
        let length =
            id_line.len() + "event: \ndata: ".len() + kind.len() + json.len() + EVENT_END.len();
        let mut text = String::with_capacity(length + 16);
        let _ = write!(text, "{length:x}\r\n");
        let event = text.len()..text.len() + length;
        let _ = write!(text, "{id_line}event: {kind}\ndata: ");
        let data = text.len()..text.len() + json.len();
        text.push_str(json);
        text.push_str(EVENT_END);
        text.push_str(CHUNK_END);
        let chunk = Bytes::from(text);
        let (event, data) = (chunk.slice(event), chunk.slice(data));
        Self { event, data, chunk, kind, id, is_for_all: false }
    }

    /// One frame of several events.
    pub(crate) fn joined(frames: &[&Self]) -> Self {
        let length: usize = frames.iter().map(|frame| frame.event.len()).sum();
        let mut bytes = format!("{length:x}\r\n").into_bytes();
        let event = bytes.len()..bytes.len() + length;
        for frame in frames {
            bytes.extend_from_slice(&frame.event);
        }
        bytes.extend_from_slice(CHUNK_END.as_bytes());
        let chunk = Bytes::from(bytes);
        Self { chunk: chunk.clone(), ..Self::bare(chunk.slice(event)) }
    }

    /// A frame of bytes that are not a whole event.
    pub(crate) fn bare(bytes: Bytes) -> Self {
        let (data, id) = (Bytes::new(), None);
        Self { event: bytes.clone(), chunk: bytes, data, kind: "", id, is_for_all: false }
    }

    pub(crate) fn heartbeat() -> Self {
        let chunk = Bytes::from_static(HEARTBEAT_CHUNK);
        Self { chunk, ..Self::bare(Bytes::from_static(HEARTBEAT)) }
    }

    /// Charges the frame to a family until its last part is written or dropped.
    ///
    /// Returns `None` if the budget of the family is exhausted.
    pub(crate) fn charged_to(self, budget: &StreamBudget) -> Option<Self> {
        let Self { event, data, chunk, .. } = self;
        let charge = budget.charge(event.len())?;
        // Bytes that are not a whole event have no line around them.
        let is_whole = chunk.len() > event.len();
        let end = chunk.len() - if is_whole { CHUNK_END.len() } else { 0 };
        let range = end - event.len()..end;
        let chunk = Bytes::from_owner(Charged { chunk, _charge: charge });
        let event = chunk.slice(range);
        let end = event.len().saturating_sub(EVENT_END.len());
        let data = end.saturating_sub(data.len())..end;
        Some(Self { data: event.slice(data), event, chunk, ..self })
    }

    pub(crate) fn end(reason: EndReason) -> Self {
        Self::new("end", None, &End { reason }.to_json())
    }

    pub(crate) fn gone(revision: u64, id: &Arc<str>) -> Self {
        Self::new("gone", Some(revision), &Gone { id: id.clone() }.to_json())
    }

    /// The snapshot at the start of a stream, from the JSON of `people` for this reader.
    pub(crate) fn snapshot(revision: u64, missed: bool, people: &[Bytes]) -> Self {
        let v = communicado_wire::VERSION;
        let mut json = format!(r#"{{"v":{v},"revision":{revision},"missed":{missed},"people":["#);
        for (index, person) in people.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            json.push_str(&String::from_utf8_lossy(person));
        }
        json.push_str("]}");
        Self::new("snapshot", Some(revision), &json)
    }
}

/// Bytes with a charge.
struct Charged {
    chunk: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.chunk
    }
}

/// A change, and those of its frames that were needed so far.
#[derive(Debug)]
pub(crate) struct RenderedChange {
    pub(crate) change: PersonChange,
    frames: [OnceLock<Frame>; 3],
    gone: OnceLock<Frame>,
}

impl RenderedChange {
    pub(crate) fn new(change: PersonChange) -> Self {
        Self { change, frames: Default::default(), gone: OnceLock::new() }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.change.revision
    }

    pub(crate) fn ordinal(&self) -> u64 {
        self.change.ordinal
    }

    /// The frame for readers with this view, if they see the change.
    pub(crate) fn frame(&self, view: View) -> Option<&Frame> {
        let Some(after) = &self.change.after else { return Some(self.gone()) };
        if !self.change.is_seen_by(view) {
            return None;
        }
        let [in_out, availability, everything] = &self.frames;
        let cell = match view {
            View::InOut => in_out,
            View::Availability => availability,
            View::Everything => everything,
        };
        Some(cell.get_or_init(|| {
            let json = change_json(self.change.before.as_deref(), after, view);
            Frame::new("change", Some(self.revision()), &json)
        }))
    }

    /// The frame for readers that see the person for the first time: that of a new person.
    pub(crate) fn appearing(&self, view: View) -> Option<Frame> {
        let json = change_json(None, self.after()?, view);
        Some(Frame::new("change", Some(self.revision()), &json))
    }

    /// The frame for readers that may not see the person any more.
    pub(crate) fn gone(&self) -> &Frame {
        self.gone.get_or_init(|| Frame::gone(self.revision(), &self.change.id))
    }

    pub(crate) fn before(&self) -> Option<&Person> {
        self.change.before.as_deref()
    }

    pub(crate) fn after(&self) -> Option<&Person> {
        self.change.after.as_deref()
    }
}

/// Coalesces changes to one per person, in the order of the last ones.
pub(crate) fn coalesced(changes: Vec<PersonChange>) -> Vec<PersonChange> {
    let mut people = std::collections::BTreeMap::<Arc<str>, PersonChange>::new();
    for change in changes {
        match people.remove(&change.id) {
            None => people.insert(change.id.clone(), change),
            Some(first) => people.insert(change.id.clone(), merged(first, change)),
        };
    }
    let mut changes: Vec<PersonChange> = people.into_values().collect();
    changes.sort_unstable_by_key(|change| change.ordinal);
    changes
}

/// Merges two changes of one person.
pub(crate) fn merged(first: PersonChange, last: PersonChange) -> PersonChange {
    let mut seen_by = last.seen_by;
    for (seen, earlier) in seen_by.iter_mut().zip(first.seen_by) {
        *seen |= earlier;
    }
    PersonChange { before: first.before, seen_by, ..last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_also_one_chunk() {
        let one = Frame::new("change", Some(7), "{}");
        assert_eq!(&*one.event, b"id: 7\nevent: change\ndata: {}\n\n");
        assert_eq!(&*one.data, b"{}");
        let other = Frame::new("end", None, r#"{"reason":"stopping"}"#);
        let both = [&one, &other];
        let retry = Frame { chunk: Bytes::from_static(RETRY_CHUNK), ..Frame::bare(RETRY.into()) };
        for frame in [&one, &other, &Frame::joined(&both), &Frame::heartbeat(), &retry] {
            let length = format!("{:x}\r\n", frame.event.len());
            let expected = [length.as_bytes(), &frame.event, b"\r\n"];
            assert_eq!(&*frame.chunk, expected.concat());
        }
    }

    #[test]
    fn an_event_is_three_lines_and_an_empty_one() {
        let frame = Frame::new("change", Some(7), "{}");
        assert_eq!(&*frame.event, b"id: 7\nevent: change\ndata: {}\n\n");
        assert_eq!(&*frame.data, b"{}");
        let end = Frame::end(EndReason::TokenRevoked);
        assert_eq!(&*end.event, b"event: end\ndata: {\"reason\":\"token-revoked\"}\n\n");
        let gone = Frame::gone(3, &"ada".into());
        assert_eq!(&*gone.event, b"id: 3\nevent: gone\ndata: {\"id\":\"ada\"}\n\n");
    }

    #[test]
    fn a_charged_frame_is_equal_and_stays_charged_until_its_last_part_is_dropped() {
        let budget = StreamBudget::default();
        let whole = "x".repeat(crate::limits::STREAM_BYTES_PER_TOKEN.max / 2);
        let plain = Frame::new("snapshot", Some(7), &whole);
        let frame = plain.clone().charged_to(&budget).unwrap();
        assert!((&frame.event, &frame.data) == (&plain.event, &plain.data));
        assert!(frame.chunk == plain.chunk);
        assert!(plain.clone().charged_to(&budget).is_none());
        let rest = frame.event.slice(10..);
        drop(frame);
        assert!(plain.clone().charged_to(&budget).is_none());
        drop(rest);
        assert!(plain.charged_to(&budget).is_some());
    }

    #[test]
    fn every_charged_frame_has_its_event_and_its_chunk() {
        let budget = StreamBudget::default();
        let event = Frame::new("gone", Some(7), "{}");
        for plain in [
            Frame::joined(&[&event, &event]),
            Frame::heartbeat(),
            Frame::bare(Bytes::from_static(b"rest")),
            event,
        ] {
            let frame = plain.clone().charged_to(&budget).unwrap();
            assert_eq!((frame.event, frame.chunk), (plain.event, plain.chunk));
        }
    }

    #[test]
    fn a_snapshot_contains_the_json_of_people() {
        let people = [Bytes::from_static(b"{\"id\":1}"), Bytes::from_static(b"{\"id\":2}")];
        let frame = Frame::snapshot(9, true, &people);
        let json = r#"{"v":1,"revision":9,"missed":true,"people":[{"id":1},{"id":2}]}"#;
        assert_eq!(&*frame.data, json.as_bytes());
    }
}
