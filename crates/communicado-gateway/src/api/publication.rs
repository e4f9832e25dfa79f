//! The body of a publication; a pure module.
//!
//! The agent sends complete clients. A script may send only what it knows, and a newer agent may
//! send keys that this gateway does not know.

use communicado_wire::gateway::Publish;
use communicado_wire::{Account, Client, Timestamp, VERSION};
use serde_json::{Map, Value, json};

use super::response::parse_json;
use crate::api_error::ApiError;

const KEYS: [&str; 3] = ["v", "lease_ms", "clients"];

/// Parses a publication that arrived at `now`.
///
/// # Errors
///
/// If a required key is missing, or a known key has a wrong value.
pub(super) fn parse(bytes: &[u8], now: Timestamp) -> Result<Publish, ApiError> {
    if let Ok(complete) = parse_json(bytes) {
        return Ok(complete);
    }
    let mut object: Map<String, Value> = parse_json(bytes)?;
    object.retain(|key, _| KEYS.contains(&key.as_str()));
    object.entry("v").or_insert_with(|| VERSION.into());
    for client in objects(object.get_mut("clients")) {
        complete_client(client, now);
    }
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        let help = "see `Publish` in /v1/openapi.json";
        ApiError::bad_request(format!("the publication is invalid: {error}"), help)
    })
}

fn complete_client(client: &mut Map<String, Value>, now: Timestamp) {
    client.retain(|key, _| Client::KEYS.contains(&key.as_str()));
    for (key, value) in [
        ("v", json!(VERSION)),
        ("revision", json!(0)),
        ("at", json!(now)),
        ("since", Value::Null),
        ("availability", Value::Null),
        ("activity", Value::Null),
        ("source", json!("api")),
        ("accounts", json!([])),
    ] {
        client.entry(key).or_insert(value);
    }
    for account in objects(client.get_mut("accounts")) {
        account.retain(|key, _| Account::KEYS.contains(&key.as_str()));
        for (key, value) in [
            ("protocol", json!("")),
            ("since", Value::Null),
            ("availability", Value::Null),
            ("activity", Value::Null),
        ] {
            account.entry(key).or_insert(value);
        }
    }
}

/// The objects in a list.
fn objects(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = list.and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &Value) -> Result<Publish, ApiError> {
        parse(value.to_string().as_bytes(), Timestamp::EPOCH)
    }

    #[test]
    fn a_client_needs_only_its_name_and_its_status() {
        let least = json!({"lease_ms": 60000, "clients": [
            {"client": "phone", "status": "signed-in", "accounts": [
                {"account": "ada", "status": "signed-in"}]}]});
        let parsed_least = parsed(&least).unwrap();
        let client = &parsed_least.clients[0];
        assert_eq!((&*client.client, &*client.source, client.since), ("phone", "api", None));
        assert_eq!(&*client.accounts[0].account, "ada");
        for (pointer, missing) in
            [("/clients/0", "client"), ("/clients/0", "status"), ("", "lease_ms")]
        {
            let mut less = least.clone();
            less.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(missing);
            let error = parsed(&less).unwrap_err().problem().detail.to_string();
            assert!(error.contains(&format!("missing field `{missing}`")), "{error}");
        }
    }

    #[test]
    fn unknown_keys_of_a_newer_agent_are_accepted_and_wrong_values_are_not() {
        let newer = json!({"v": 1, "lease_ms": 60000, "new": 1, "clients": [
            {"client": "phone", "status": "signed-in", "new": {}, "accounts": [
                {"account": "ada", "status": "signed-in", "new": []}]}]});
        assert_eq!(parsed(&newer).unwrap().clients.len(), 1);
        for (pointer, value) in [
            ("/lease_ms", json!("soon")),
            ("/clients", json!({})),
            ("/clients/0", json!(7)),
            ("/clients/0/status", json!("busy")),
            ("/clients/0/accounts", json!(null)),
        ] {
            let mut wrong = newer.clone();
            *wrong.pointer_mut(pointer).unwrap() = value.clone();
            assert!(parsed(&wrong).is_err(), "{pointer} {value}");
        }
        assert!(parsed(&json!([1, 60000, []])).is_err());
    }
}
