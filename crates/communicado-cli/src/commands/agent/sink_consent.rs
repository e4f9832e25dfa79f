//! The consent of the user to a sink whose data leaves the machine.

use communicado::Timestamp;
use communicado_sinks::agent::SinkContext;
use serde_json::{Value, json};

use crate::sink_settings::SinkSettings;

/// A consent: to which listener, and with which details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SinkConsent {
    pub(super) kind: String,
    pub(super) destination: String,
    pub(super) accounts: bool,
    pub(super) given: Timestamp,
}

impl SinkConsent {
    /// The consent that these settings need.
    pub(super) fn needed(sink: &SinkSettings, context: &SinkContext, given: Timestamp) -> Self {
        Self {
            kind: sink.descriptor.kind.to_owned(),
            destination: (sink.descriptor.destination)(context, &sink.options),
            accounts: sink.accounts,
            given,
        }
    }

    /// Returns whether this consent covers the `needed` one. Another listener needs a new consent,
    /// and so do more details.
    pub(super) fn covers(&self, needed: &Self) -> bool {
        let is_same_listener =
            (&self.kind, &self.destination) == (&needed.kind, &needed.destination);
        is_same_listener && (self.accounts || !needed.accounts)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "kind": self.kind,
            "destination": self.destination,
            "accounts": self.accounts,
            "given": self.given.to_string(),
        })
    }

    /// Parses a stored consent.
    pub(super) fn from_json(json: &Value) -> Result<Self, String> {
        let text = |key: &str| {
            let text = json.get(key).and_then(Value::as_str);
            text.ok_or_else(|| format!("`{key}` is missing or not a string"))
        };
        let accounts = json.get("accounts").and_then(Value::as_bool);
        Ok(Self {
            kind: text("kind")?.to_owned(),
            destination: text("destination")?.to_owned(),
            accounts: accounts.ok_or("`accounts` is missing or not a boolean")?,
            given: text("given")?.parse().map_err(|error| format!("`given`: {error}"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(destination: &str, accounts: bool) -> SinkConsent {
        let (kind, destination) = ("mqtt".to_owned(), destination.to_owned());
        SinkConsent { kind, destination, accounts, given: Timestamp::EPOCH }
    }

    #[test]
    fn another_listener_or_more_details_need_a_new_consent() {
        let given = consent("mqtt://a.test", false);
        assert!(given.covers(&consent("mqtt://a.test", false)));
        assert!(!given.covers(&consent("mqtt://b.test", false)));
        assert!(!given.covers(&consent("mqtt://a.test", true)));
        assert!(consent("mqtt://a.test", true).covers(&given));
    }

    #[test]
    fn a_consent_round_trips_through_json_and_a_damaged_one_is_refused() {
        let given = consent("mqtt://a.test", true);
        assert_eq!(SinkConsent::from_json(&given.to_json()), Ok(given.clone()));
        for key in ["kind", "destination", "accounts", "given"] {
            let mut damaged = given.to_json();
            damaged[key] = Value::Null;
            assert!(SinkConsent::from_json(&damaged).is_err(), "{key}");
        }
    }
}
