//! The running client that serves Communicator's Messenger class.

use std::future::poll_fn;

use super::registered_client::RegisteredClient;
use super::registration::registered_clients;
use super::registry_subscription::RegistrySubscription;
use super::registry_watcher::read;

/// The running client that serves Communicator's Messenger class, if there is one.
#[must_use]
pub fn running_messenger() -> Option<RegisteredClient> {
    let found = read().map(|read| registered_clients(&read)).unwrap_or_default();
    found.into_iter().find(is_running_messenger)
}

/// Waits until one runs, and returns `false` if the registry cannot be watched.
pub async fn wait_for_messenger() -> bool {
    let Ok(mut registry) = RegistrySubscription::new() else { return false };
    loop {
        match poll_fn(|cx| registry.poll_change(cx)).await {
            Ok(found) if found.iter().any(is_running_messenger) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn is_running_messenger(client: &RegisteredClient) -> bool {
    client.is_messenger() && client.accepts_calls()
}
