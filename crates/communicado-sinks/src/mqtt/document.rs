//! The documents on the broker: the state of this device, and its description for Home Assistant.
//! Pure.

use communicado_core::{Activity, Availability};
use communicado_wire::{Client, Status, Timestamp};
use serde_json::{Map, Value, json};

/// The topics of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SinkTopics {
    pub(super) device: String,
    /// The state of the device.
    pub(super) state: String,
    /// The prefix of Home Assistant's discovery, if it is used.
    pub(super) discovery: Option<String>,
}

impl SinkTopics {
    pub(super) fn new(prefix: &str, device: &str, discovery: &str) -> Self {
        let discovery = Some(discovery.to_owned()).filter(|prefix| !prefix.is_empty());
        Self { device: device.to_owned(), state: format!("{prefix}/{device}"), discovery }
    }

    /// The topic of the description for Home Assistant.
    pub(super) fn config(&self) -> Option<String> {
        let object = key(&format!("communicado_{}", self.device));
        Some(format!("{}/device/{object}/config", self.discovery.as_ref()?))
    }

    /// The topic of Home Assistant's birth message.
    pub(super) fn birth(&self) -> Option<String> {
        Some(format!("{}/status", self.discovery.as_ref()?))
    }
}

/// The state of the device. `session` differs between two agents, so that one detects the other.
pub(super) fn online(topics: &SinkTopics, session: &str, clients: &[Client]) -> String {
    let clients: Map<String, Value> = clients.iter().map(state).collect();
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "v": 1,
        "state": "online",
        "device": topics.device,
        "agent": version,
        "session": session,
        "clients": clients,
    })
    .to_string()
}

/// The state of a device whose agent does not report: the last will.
pub(super) fn offline(topics: &SinkTopics) -> String {
    json!({ "v": 1, "state": "offline", "device": topics.device, "clients": {} }).to_string()
}

/// A client with its answers to the usual questions: `null` if the answer is not known.
fn state(client: &Client) -> (String, Value) {
    let known = client.status != Status::Unknown;
    let signed_in = known.then_some(client.status == Status::SignedIn);
    let mut state = json!({
        "status": client.status.word(),
        "availability": client.availability.map(Availability::word),
        "activity": activity(client),
        "running": client.runs(),
        "signed_in": signed_in,
        "in_call": in_call(client),
        "raw": client.raw,
        "reason": client.reason,
        "since": client.since.as_ref().map(Timestamp::to_string),
        "source": client.source,
    });
    if let Some(state) = state.as_object_mut().filter(|_| !client.accounts.is_empty()) {
        // The JSON of a client is an object with a list of accounts.
        let json: Value = serde_json::from_str(&client.to_json()).unwrap_or_default();
        state.insert("accounts".to_owned(), json.get("accounts").cloned().unwrap_or_default());
    }
    (client.client.to_string(), state)
}

/// The activity; `none` if the user is signed in without one, and `null` if that is not known.
fn activity(client: &Client) -> Option<&'static str> {
    match (client.status, client.activity) {
        (_, Some(activity)) => Some(activity.word()),
        (Status::Unknown, None) => None,
        (_, None) => Some("none"),
    }
}

/// True if the user is in a call or a meeting.
fn in_call(client: &Client) -> Option<bool> {
    match (client.status, client.activity) {
        (Status::Unknown, _) | (_, Some(Activity::Other)) => None,
        (_, activity) => Some(matches!(
            activity,
            Some(
                Activity::OnThePhone
                    | Activity::InAMeeting
                    | Activity::InAConference
                    | Activity::Presenting
            )
        )),
    }
}

/// The description of the device for Home Assistant, with a component for each fact of each client.
/// `stale` are the components of an earlier description, which are removed.
pub(super) fn discovery(
    topics: &SinkTopics,
    clients: &[String],
    stale: &[(String, String)],
) -> String {
    let mut components: Map<String, Value> =
        stale.iter().map(|(key, platform)| (key.clone(), json!({ "p": platform }))).collect();
    for client in clients {
        components.extend(of_client(topics, client));
    }
    let unique = |name: &str| format!("communicado_{}_{name}", topics.device);
    components.insert(
        "agent".to_owned(),
        json!({
            "p": "binary_sensor",
            "uniq_id": unique("agent"),
            "name": "Agent",
            "dev_cla": "connectivity",
            "ent_cat": "diagnostic",
            "stat_t": topics.state,
            "val_tpl": "{{ 'ON' if value_json.state == 'online' else 'OFF' }}",
        }),
    );
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "dev": {
            "ids": [format!("communicado_{}", topics.device)],
            "name": topics.device,
            "mf": "Communicado",
            "mdl": "Communications clients",
            "sw": version,
        },
        "o": { "name": "communicado", "sw": version },
        "cmps": components,
        "qos": 1,
    })
    .to_string()
}

fn of_client(topics: &SinkTopics, client: &str) -> Vec<(String, Value)> {
    let id = key(client);
    // JSON's string is also one of Jinja's.
    let name = json!(client).to_string();
    let value = |field: &str| format!("(value_json.clients.get({name}) or {{}}).get('{field}')");
    let component = |suffix: &str, label: &str, own: Value| {
        let mut component = json!({
            "uniq_id": format!("communicado_{}_{id}_{suffix}", topics.device),
            "name": format!("{client} {label}"),
            "stat_t": topics.state,
            "avty_t": topics.state,
            "avty_tpl": "{{ value_json.state }}",
        });
        if let (Some(component), Value::Object(own)) = (component.as_object_mut(), own) {
            component.extend(own);
        }
        (format!("{id}_{suffix}"), component)
    };
    let sensor = |suffix: &str, label: &str, words: Vec<&str>| {
        let own = json!({
            "p": "sensor",
            "dev_cla": "enum",
            "ops": words,
            "val_tpl": format!("{{{{ {} }}}}", value(suffix)),
        });
        component(suffix, label, own)
    };
    let question = |suffix: &str, label: &str, class: (&str, &str)| {
        let answer = value(suffix);
        let template = format!("{{{{ {{true: 'ON', false: 'OFF'}}.get({answer}) }}}}");
        let mut own = json!({ "p": "binary_sensor", "val_tpl": template });
        if let Some(own) = own.as_object_mut() {
            own.insert(class.0.to_owned(), json!(class.1));
        }
        component(suffix, label, own)
    };
    let words = |word: &[&'static str]| word.to_vec();
    let statuses: Vec<_> = Status::ALL.iter().map(|status| status.word()).collect();
    let mut activities: Vec<_> = Activity::ALL.iter().map(|activity| activity.word()).collect();
    activities.push("none");
    let availabilities: Vec<_> = Availability::ALL.iter().map(|each| each.word()).collect();
    let mut status = sensor("status", "status", words(&statuses));
    if let Some(status) = status.1.as_object_mut() {
        status.insert("json_attr_t".to_owned(), json!(topics.state));
        let attributes = format!("{{{{ (value_json.clients.get({name}) or {{}}) | tojson }}}}");
        status.insert("json_attr_tpl".to_owned(), json!(attributes));
    }
    vec![
        status,
        sensor("availability", "availability", availabilities),
        sensor("activity", "activity", activities),
        question("running", "running", ("dev_cla", "running")),
        question("signed_in", "signed in", ("dev_cla", "connectivity")),
        question("in_call", "in call", ("ic", "mdi:phone")),
    ]
}

/// The components of an earlier description that `wanted` does not have, with their platforms.
pub(super) fn stale_components(earlier: &[u8], wanted: &str) -> Vec<(String, String)> {
    let parse = |text: &[u8]| -> Map<String, Value> {
        let json: Value = serde_json::from_slice(text).unwrap_or_default();
        json.get("cmps").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let wanted = parse(wanted.as_bytes());
    let is_stale = |(key, component): (String, Value)| {
        // A component without an id is already a removal.
        component.get("uniq_id")?;
        let platform = component.get("p")?.as_str()?.to_owned();
        (!wanted.contains_key(&key)).then_some((key, platform))
    };
    parse(earlier).into_iter().filter_map(is_stale).collect()
}

/// A text as a key of Home Assistant: letters, digits, `_` and `-`.
fn key(text: &str) -> String {
    let mut key = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => key.push(char::from(byte)),
            _ => key.push_str(&format!("_{byte:02x}")),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> SinkTopics {
        SinkTopics::new("communicado", "laptop", "homeassistant")
    }

    #[test]
    fn an_answer_that_is_not_known_is_null() {
        let mut client = Client::new("finch".into(), "purple".into(), Timestamp::EPOCH);
        client.reason = Some("source-lost".into());
        let check = |client: &Client, field: &str, expected: Value| {
            let document: Value =
                serde_json::from_str(&online(&topics(), "s", std::slice::from_ref(client)))
                    .unwrap();
            assert_eq!(document["clients"]["finch"][field], expected, "{field}: {document}");
        };
        for field in ["availability", "activity", "running", "signed_in", "in_call"] {
            check(&client, field, Value::Null);
        }
        client.status = Status::SignedIn;
        check(&client, "activity", json!("none"));
        check(&client, "in_call", json!(false));
        client.activity = Some(Activity::Other);
        check(&client, "in_call", Value::Null);
        client.activity = Some(Activity::InAMeeting);
        check(&client, "in_call", json!(true));
        check(&client, "signed_in", json!(true));
    }

    #[test]
    fn only_components_that_left_are_stale() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let earlier = discovery(&topics(), &names(&["finch", "pidgin"]), &[]);
        let wanted = discovery(&topics(), &names(&["finch"]), &[]);
        let stale = stale_components(earlier.as_bytes(), &wanted);
        assert_eq!(stale.len(), 6);
        assert!(stale.contains(&("pidgin_running".to_owned(), "binary_sensor".to_owned())));
        let removal = discovery(&topics(), &names(&["finch"]), &stale);
        assert_eq!(stale_components(removal.as_bytes(), &wanted), []);
        assert_eq!(stale_components(b"not json", &wanted), []);
    }

    #[test]
    fn every_component_has_a_unique_id_with_the_device_and_the_client() {
        let text = discovery(&topics(), &["Skype for Business".to_owned()], &[]);
        let json: Value = serde_json::from_str(&text).unwrap();
        let components = json["cmps"].as_object().unwrap();
        assert_eq!(components.len(), 7);
        assert!(components.contains_key("Skype_20for_20Business_status"));
        let ids: std::collections::BTreeSet<_> =
            components.values().map(|it| it["uniq_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), components.len());
        assert!(ids.iter().all(|id| id.starts_with("communicado_laptop_")));
    }
}
