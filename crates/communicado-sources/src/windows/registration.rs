//! Registration of clients with Office: ties keys, classes and processes together (Microsoft,
//! "Integrating IM applications with Office").
//!
//! Pure: the values that were read go in, the clients come out, each with its decision.

use std::collections::{BTreeMap, BTreeSet};

use communicado_windows::Guid;

use super::class_server::ClassServer;
use super::draft::{Draft, find_processes_by_class, merge};
use super::known_clients::{self, KNOWN_CLIENTS};
use super::program_name::stem;
use super::registered_client::RegisteredClient;
use super::snapshot::{RegistrySnapshot, text};

/// The maximum number of clients. A desktop has two or three.
const CLIENTS_MAX: usize = 256;

/// All clients with a key of the user or the machine, and the known clients that run, by name.
#[must_use]
pub fn registered_clients(snapshot: &RegistrySnapshot) -> Vec<RegisteredClient> {
    let mut apps = BTreeMap::new();
    let users = snapshot.users.iter().map(|key| key.app.as_str());
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(app, _)| app.as_str());
    for app in users.chain(machine).take(CLIENTS_MAX) {
        apps.entry(app.to_lowercase()).or_insert(app);
    }
    for known in KNOWN_CLIENTS {
        let program = stem(known.program);
        if snapshot.processes.iter().any(|process| stem(&process.image) == program) {
            apps.entry(known.app.to_lowercase()).or_insert(known.app);
        }
    }
    let mut drafts: Vec<Draft<'_>> =
        apps.into_values().map(|app| Draft::new(app, snapshot)).collect();
    find_processes_by_class(&mut drafts, snapshot);
    let owners = merge(&mut drafts);
    let names: Vec<String> =
        drafts.iter().map(|draft| known_clients::client_name(draft.app)).collect();
    let owners = owners.into_iter().map(|owner| names.get(owner?).cloned());
    let pairs = drafts.into_iter().zip(owners.collect::<Vec<_>>());
    pairs.map(|(draft, owner)| draft.client(snapshot, owner)).collect()
}

/// The programs whose processes concern the clients, without `.exe` and in lower case.
#[must_use]
pub fn concerned_programs(snapshot: &RegistrySnapshot) -> BTreeSet<String> {
    let own = snapshot.users.iter().map(|key| &key.own);
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(_, found)| found);
    let registered = own.chain(machine).filter_map(|each| text(each.program.as_ref()));
    let known = KNOWN_CLIENTS
        .iter()
        .flat_map(|known| std::iter::once(known.program).chain(known.helpers.iter().copied()));
    let servers = snapshot.classes.iter().filter_map(|(_, server)| match server {
        ClassServer::Command(command) => Some(command.as_str()),
        ClassServer::Package(_) | ClassServer::Other(_) => None,
    });
    registered.chain(known).chain(servers).filter_map(stem).collect()
}

/// The classes of all clients.
#[must_use]
pub fn registered_classes(snapshot: &RegistrySnapshot) -> BTreeSet<Guid> {
    let own = snapshot.users.iter().map(|key| &key.own);
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(_, found)| found);
    let registered = own.chain(machine).filter_map(|each| text(each.class.as_ref())?.parse().ok());
    let known = KNOWN_CLIENTS.iter().filter_map(|known| known.default_class);
    registered.chain(known).take(CLIENTS_MAX).collect()
}
