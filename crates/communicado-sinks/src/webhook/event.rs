//! The events to a receiver, as CloudEvents 1.0 in structured mode. Pure.

use communicado_wire::{Client, Timestamp};
use serde_json::{Value, json};

/// The media type of an event.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";
const CHANGED: &str = "org.communicado.client.changed.v1";
const GOODBYE: &str = "org.communicado.agent.goodbye.v1";

/// The id of an event, which is the same in each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventId {
    pub(super) device: String,
    /// Differs between two runs of the agent.
    pub(super) session: String,
    /// The number of the event in this run.
    pub(super) number: u64,
}

impl EventId {
    /// The id as text.
    pub(super) fn text(&self) -> String {
        format!("{}/{}/{}", self.device, self.session, self.number)
    }
}

/// The event for a change of a client.
pub(super) fn changed(id: &EventId, client: &Client) -> String {
    // The JSON of a client is an object.
    let data: Value = serde_json::from_str(&client.to_json()).unwrap_or_default();
    let mut event = event(id, CHANGED, client.at, data);
    if let Some(event) = event.as_object_mut() {
        event.insert("subject".to_owned(), json!(client.client));
    }
    event.to_string()
}

/// The event for the end of all reports.
pub(super) fn goodbye(id: &EventId, at: Timestamp) -> String {
    event(id, GOODBYE, at, json!({ "device": id.device })).to_string()
}

fn event(id: &EventId, kind: &str, at: Timestamp, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id.text(),
        "source": format!("urn:communicado:{}", id.device),
        "type": kind,
        "time": at.to_string(),
        "datacontenttype": "application/json",
        "sequence": format!("{:020}", id.number),
        "data": data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_required_attributes_and_no_null() {
        let id = EventId { device: "laptop".into(), session: "6f1d".into(), number: 7 };
        let mut client = Client::new("finch".into(), "purple".into(), Timestamp::EPOCH);
        client.reason = Some("source-lost".into());
        for (text, kind, subject) in [
            (changed(&id, &client), CHANGED, json!("finch")),
            (goodbye(&id, Timestamp::EPOCH), GOODBYE, Value::Null),
        ] {
            let event: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(event["specversion"], "1.0");
            assert_eq!(event["id"], "laptop/6f1d/7");
            assert_eq!(event["type"], kind);
            assert_eq!(event["sequence"], "00000000000000000007");
            assert_eq!(event["subject"], subject);
            assert_eq!(event["time"], "1970-01-01T00:00:00.000000Z");
            assert!(event.as_object().unwrap().values().all(|value| !value.is_null()), "{text}");
        }
    }
}
