//! The properties of a client, and the difference between two sets of values. Pure.

use std::collections::{BTreeMap, HashMap};

use communicado_core::{Activity, Availability};
use communicado_wire::{Account, Client, Timestamp};
use zbus::Variant;

/// The object with all clients below it.
pub(super) const PATH: &str = "/org/communicado/Monitor1";

/// An account as its texts by their keys.
pub(super) type AccountValues = BTreeMap<String, String>;

/// The values of the properties that can change. An empty text stands for no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientValues {
    pub(super) status: String,
    pub(super) availability: String,
    pub(super) activity: String,
    pub(super) raw: String,
    pub(super) note: String,
    pub(super) reason: String,
    pub(super) source: String,
    /// Microseconds since the start of 1970 in UTC. 0 means that no change was observed.
    pub(super) since: i64,
    pub(super) accounts: Vec<AccountValues>,
}

impl ClientValues {
    /// The values for a client.
    pub(super) fn of(client: &Client) -> Self {
        Self {
            status: client.status.word().to_owned(),
            availability: client.availability.map(Availability::word).unwrap_or_default().into(),
            activity: client.activity.map(Activity::word).unwrap_or_default().into(),
            raw: text(client.raw.as_deref()),
            note: text(client.note.as_deref()),
            reason: text(client.reason.as_deref()),
            source: text(Some(&client.source)),
            since: client.since.map_or(0, Timestamp::micros),
            accounts: client.accounts.iter().map(account).collect(),
        }
    }

    /// The properties that differ from `before`.
    pub(super) fn changed_since(&self, before: &Self) -> HashMap<&'static str, Variant<'static>> {
        let texts = [
            ("Status", &self.status, &before.status),
            ("Availability", &self.availability, &before.availability),
            ("Activity", &self.activity, &before.activity),
            ("Raw", &self.raw, &before.raw),
            ("Note", &self.note, &before.note),
            ("Reason", &self.reason, &before.reason),
            ("Source", &self.source, &before.source),
        ];
        let changed = texts.into_iter().filter(|(_, now, before)| now != before);
        let mut changed: HashMap<_, _> =
            changed.map(|(name, now, _)| (name, Variant::from(now.clone()))).collect();
        if self.since != before.since {
            changed.insert("Since", Variant::from(self.since));
        }
        if self.accounts != before.accounts {
            changed.insert("Accounts", Variant::from(self.accounts.clone()));
        }
        changed
    }
}

fn account(account: &Account) -> AccountValues {
    let values = [
        ("account", Some(&*account.account)),
        ("protocol", Some(&*account.protocol)),
        ("name", account.name.as_deref()),
        ("status", Some(account.status.word())),
        ("availability", account.availability.map(Availability::word)),
        ("activity", account.activity.map(Activity::word)),
    ];
    values.into_iter().map(|(key, value)| (key.to_owned(), text(value))).collect()
}

/// A text without the characters that D-Bus does not have in a string.
fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().replace('\0', "")
}

/// The path of a client's object. Other bytes than letters and digits are escaped as in
/// sd_bus_path_encode(3).
pub(super) fn path(client: &str) -> String {
    let mut path = format!("{PATH}/client/");
    for (index, byte) in client.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (index > 0 && byte.is_ascii_digit()) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("_{byte:02x}"));
        }
    }
    if client.is_empty() {
        path.push('_');
    }
    path
}

#[cfg(test)]
mod tests {
    use communicado_wire::Status;

    use super::*;

    #[test]
    fn only_changed_properties_are_returned() {
        let mut client = Client::new("finch".into(), "purple".into(), Timestamp::EPOCH);
        let before = ClientValues::of(&client);
        client.status = Status::SignedIn;
        client.availability = Some(Availability::Away);
        let after = ClientValues::of(&client);
        let mut names: Vec<_> = after.changed_since(&before).into_keys().collect();
        names.sort_unstable();
        assert_eq!(names, ["Availability", "Status"]);
        assert!(after.changed_since(&after).is_empty());
    }

    #[test]
    fn every_client_has_a_valid_path_of_its_own() {
        let paths = ["finch", "Skype for Business", "2b", "", "ä_"].map(path);
        let expected = ["finch", "Skype_20for_20Business", "_32b", "_", "_c3_a4_5f"];
        assert_eq!(paths, expected.map(|end| format!("{PATH}/client/{end}")));
    }
}
