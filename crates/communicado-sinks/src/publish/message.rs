//! A message to a remote server, and which details of a client it has.

use communicado_wire::{Client, Timestamp};

/// A message to a remote server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The current state of every client of this device.
    Clients(Vec<Client>),
    /// This device publishes no longer.
    Goodbye,
}

/// The amount of detail to publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Its status, presence and reason, without its accounts.
    #[default]
    Statuses,
    /// The accounts with their names too, the notes, and the status that the user selected.
    Names,
}

/// The copy of `client` to publish.
#[must_use]
pub fn redact(client: &Client, detail: Detail) -> Client {
    let mut copy = client.clone();
    (copy.missed, copy.before) = (0, None);
    match detail {
        Detail::Statuses => (copy.note, copy.saved, copy.accounts) = (None, None, Vec::new()),
        Detail::Names => {}
    }
    copy
}

/// Compares two states of a client, without the revision and the time of the change.
pub(crate) fn has_same_content(one: &Client, other: &Client) -> bool {
    let content = |client: &Client| {
        let mut content = client.clone();
        (content.revision, content.at) = (0, Timestamp::EPOCH);
        content
    };
    content(one) == content(other)
}

/// Compares two lists of clients, without revisions and the times of changes.
pub(super) fn same_content(one: &[Client], other: &[Client]) -> bool {
    let mut pairs = one.iter().zip(other);
    one.len() == other.len() && pairs.all(|(one, other)| has_same_content(one, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINCH: &str = r#"{"v":1,"revision":7,"at":"2026-11-22T21:00:00.000000Z","client":"finch",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","note":"at lunch","reason":null,
        "since":"2026-11-22T21:00:00.000000Z","source":"purple","saved":"available",
        "accounts":[{"account":"alice@uc.test","protocol":"XMPP","name":"Alice",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","note":"at lunch","reason":null,
        "since":"2026-11-22T21:00:00.000000Z"}],"missed":3,"before":"signed-in"}"#;

    fn finch() -> Client {
        Client::from_json(FINCH).unwrap()
    }

    #[test]
    fn revisions_and_times_of_changes_do_not_count_as_content() {
        let copy = |change: fn(&mut Client)| {
            let mut client = finch();
            change(&mut client);
            [redact(&client, Detail::Statuses)]
        };
        let finch = copy(|_| {});
        let later = copy(|client| (client.revision, client.at) = (8, Timestamp::EPOCH));
        assert!(same_content(&finch, &later));
        assert!(same_content(&finch, &copy(|client| client.saved = None)));
        assert!(same_content(&finch, &copy(|client| client.note = None)));
        assert!(!same_content(&finch, &copy(|client| client.availability = None)));
        assert!(!same_content(&finch, &[]));
    }
}
