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

/// How much of a client to publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Its status, presence and reason, without its accounts.
    #[default]
    Statuses,
    /// The accounts with their names too, and the status that the user selected.
    Names,
}

/// The copy of `client` to publish.
#[must_use]
pub fn redact(client: &Client, detail: Detail) -> Client {
    let copy = Client { missed: 0, before: None, ..client.clone() };
    match detail {
        Detail::Statuses => Client { saved: None, accounts: Vec::new(), ..copy },
        Detail::Names => copy,
    }
}

/// Compares two lists of clients, without revisions and the times of changes.
pub(super) fn same_content(one: &[Client], other: &[Client]) -> bool {
    let content = |client: &Client| Client { revision: 0, at: Timestamp::EPOCH, ..client.clone() };
    one.len() == other.len() && one.iter().map(content).eq(other.iter().map(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINCH: &str = r#"{"v":1,"revision":7,"at":"2026-11-22T21:00:00.000000Z","client":"finch",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,
        "since":"2026-11-22T21:00:00.000000Z","source":"purple","saved":"available",
        "accounts":[{"account":"alice@uc.test","protocol":"XMPP","name":"Alice",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,
        "since":"2026-11-22T21:00:00.000000Z"}],"missed":3,"before":"signed-in"}"#;

    fn finch() -> Client {
        Client::from_json(FINCH).unwrap()
    }

    #[test]
    fn revisions_and_times_of_changes_do_not_count_as_content() {
        let later = Client { revision: 8, at: Timestamp::EPOCH, ..finch() };
        let copy = |client: &Client| [redact(client, Detail::Statuses)];
        assert!(same_content(&copy(&finch()), &copy(&later)));
        assert!(same_content(&copy(&finch()), &copy(&Client { saved: None, ..finch() })));
        assert!(!same_content(&copy(&finch()), &copy(&Client { availability: None, ..finch() })));
        assert!(!same_content(&copy(&finch()), &[]));
    }
}
