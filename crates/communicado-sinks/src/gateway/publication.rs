//! What of a client leaves the machine, and how it is written.

use std::time::Duration;

use communicado_wire::gateway::Publish;
use communicado_wire::{Client, Timestamp, VERSION};

/// What is told of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Its status, presence and reason, and nothing of its accounts.
    #[default]
    Statuses,
    /// Its accounts too, with their names, and what its user has chosen.
    Names,
}

/// What is told of `client`.
#[must_use]
pub fn published(client: &Client, detail: Detail) -> Client {
    let told = Client { missed: 0, before: None, ..client.clone() };
    match detail {
        Detail::Statuses => Client { saved: None, accounts: Vec::new(), ..told },
        Detail::Names => told,
    }
}

/// Whether the same is told of clients: how often and when they changed does not count.
pub(super) fn same(one: &[Client], other: &[Client]) -> bool {
    let told = |client: &Client| Client { revision: 0, at: Timestamp::EPOCH, ..client.clone() };
    one.len() == other.len() && one.iter().map(told).eq(other.iter().map(told))
}

/// The whole list of a device's clients, with the time for which it is to be believed.
pub(super) fn body(lease: Duration, clients: &[Client]) -> String {
    let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
    Publish { v: VERSION, lease_ms, clients: clients.to_vec() }.to_json()
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
    fn no_account_is_in_a_publication_unless_it_was_asked_for() {
        let told = body(Duration::from_secs(60), &[published(&finch(), Detail::Statuses)]);
        for name in ["alice", "Alice", "uc.test", "XMPP"] {
            assert!(!told.contains(name), "{told}");
        }
        let told = body(Duration::from_secs(60), &[published(&finch(), Detail::Names)]);
        assert!(told.contains("alice@uc.test") && told.contains("Alice"), "{told}");
    }

    #[test]
    fn a_publication_is_of_the_form_that_gateways_take() {
        let told = body(Duration::from_secs(60), &[published(&finch(), Detail::Statuses)]);
        assert_eq!(
            told,
            r#"{"v":1,"lease_ms":60000,"clients":[{"v":1,"revision":7,"at":"2026-11-22T21:00:00.000000Z","client":"finch","status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,"since":"2026-11-22T21:00:00.000000Z","source":"purple","saved":null,"accounts":[]}]}"#
        );
        assert_eq!(body(Duration::from_secs(15), &[]), r#"{"v":1,"lease_ms":15000,"clients":[]}"#);
    }

    #[test]
    fn what_changes_nothing_that_is_told_is_the_same() {
        let later = Client { revision: 8, at: Timestamp::EPOCH, ..finch() };
        let told = |client: &Client| [published(client, Detail::Statuses)];
        assert!(same(&told(&finch()), &told(&later)));
        assert!(same(&told(&finch()), &told(&Client { saved: None, ..finch() })));
        assert!(!same(&told(&finch()), &told(&Client { availability: None, ..finch() })));
        assert!(!same(&told(&finch()), &[]));
    }
}
