//! The clients and details that a sink reports. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_runtime::Update;
use communicado_wire::Client;

use crate::publish::{Detail, has_same_content, redact};

/// A test of one client: the condition of a sink.
pub type ClientTest = Arc<dyn Fn(&Client) -> bool + Send + Sync>;

/// The clients and details that a sink reports.
#[derive(Clone, Default)]
pub struct Selection {
    /// The clients to report; all of them if empty.
    pub only: Vec<String>,
    /// The amount of detail.
    pub detail: Detail,
    /// The condition of a client, if it is reported only in part of its states.
    pub when: Option<ClientTest>,
}

/// The current state of the selected clients.
pub(super) struct SelectedClients {
    selection: Selection,
    /// `None` until the first snapshot.
    clients: Option<BTreeMap<Arc<str>, Client>>,
}

impl SelectedClients {
    pub(super) const fn new(selection: Selection) -> Self {
        Self { selection, clients: None }
    }

    /// Applies an update. Returns whether it changes what the sink reports.
    pub(super) fn apply(&mut self, update: Update) -> bool {
        let (mut clients, changed) = match update {
            Update::Snapshot { clients: all, .. } => (BTreeMap::new(), all),
            Update::Change(client) => (self.clients.clone().unwrap_or_default(), vec![client]),
        };
        for client in changed {
            let name = Arc::clone(&client.client);
            if self.selects(&client) {
                clients.insert(name, redact(&client, self.selection.detail));
            } else {
                clients.remove(&name);
            }
        }
        let is_same = self.clients.as_ref().is_some_and(|before| {
            let mut pairs = before.values().zip(clients.values());
            before.len() == clients.len() && pairs.all(|(one, other)| has_same_content(one, other))
        });
        self.clients = Some(clients);
        !is_same
    }

    /// The current state of each selected client, or `None` before the first snapshot.
    pub(super) fn list(&self) -> Option<Vec<Client>> {
        self.clients.as_ref().map(|clients| clients.values().cloned().collect())
    }

    fn selects(&self, client: &Client) -> bool {
        let Selection { only, when, .. } = &self.selection;
        (only.is_empty() || only.iter().any(|name| **name == *client.client))
            && when.as_ref().is_none_or(|when| when(client))
    }
}

#[cfg(test)]
mod tests {
    use communicado_core::Availability;
    use communicado_wire::{Status, Timestamp};

    use super::*;

    fn client(name: &str, availability: Option<Availability>) -> Arc<Client> {
        let mut client = Client::new(name.into(), "purple".into(), Timestamp::EPOCH);
        client.status = availability.map_or(Status::SignedOut, |_| Status::SignedIn);
        client.availability = availability;
        Arc::new(client)
    }

    fn names(selected: &SelectedClients) -> Vec<String> {
        let list = selected.list().unwrap_or_default();
        list.iter().map(|client| client.client.to_string()).collect()
    }

    #[test]
    fn only_selected_clients_are_reported_and_an_equal_state_is_no_change() {
        let only = vec!["finch".to_owned()];
        let mut selected = SelectedClients::new(Selection { only, ..Selection::default() });
        assert_eq!(selected.list(), None);
        let clients = vec![client("finch", None), client("pidgin", None)];
        assert!(selected.apply(Update::Snapshot { clients: clients.clone(), missed: 0 }));
        assert_eq!(names(&selected), ["finch"]);
        assert!(!selected.apply(Update::Snapshot { clients, missed: 3 }));
        let away = Some(Availability::Away);
        assert!(!selected.apply(Update::Change(client("pidgin", away))));
        assert!(selected.apply(Update::Change(client("finch", away))));
    }

    #[test]
    fn a_client_is_reported_only_while_its_condition_is_true() {
        let when: ClientTest = Arc::new(|client| client.availability == Some(Availability::Busy));
        let when = Some(when);
        let mut selected = SelectedClients::new(Selection { when, ..Selection::default() });
        assert!(
            selected.apply(Update::Snapshot { clients: vec![client("finch", None)], missed: 0 })
        );
        assert_eq!(names(&selected), [] as [&str; 0]);
        assert!(selected.apply(Update::Change(client("finch", Some(Availability::Busy)))));
        assert_eq!(names(&selected), ["finch"]);
        assert!(selected.apply(Update::Change(client("finch", Some(Availability::Away)))));
        assert_eq!(names(&selected), [] as [&str; 0]);
    }
}
