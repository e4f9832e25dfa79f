//! The state of every client at one revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_runtime::Update;
use communicado_wire::Client;

/// The state of every client at one revision.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    clients: BTreeMap<Arc<str>, Arc<Client>>,
}

impl Snapshot {
    /// Applies an update of a feed.
    pub fn apply(&mut self, update: &Update) {
        match update {
            Update::Snapshot { clients, .. } => *self = clients.iter().cloned().collect(),
            Update::Change(client) => {
                self.clients.insert(Arc::clone(&client.client), Arc::clone(client));
            }
        }
    }

    /// The client with this name, if it is known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Client>> {
        self.clients.get(name)
    }

    /// All clients, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }
}

impl FromIterator<Arc<Client>> for Snapshot {
    fn from_iter<I: IntoIterator<Item = Arc<Client>>>(clients: I) -> Self {
        let named = |client: Arc<Client>| (Arc::clone(&client.client), client);
        Self { clients: clients.into_iter().map(named).collect() }
    }
}
