//! Whether a client that serves Communicator's Messenger class is up.

use std::future::poll_fn;

use super::contract::{Provider, providers};
use super::lookout::read;
use super::shared::Subscription;

/// The client that serves Communicator's Messenger class, if one is up.
#[must_use]
pub fn messenger() -> Option<Provider> {
    let found = read().map(|read| providers(&read)).unwrap_or_default();
    found.into_iter().find(is_messenger)
}

/// Waits until one is up; `false` if the registry cannot be watched.
pub async fn until_messenger() -> bool {
    let Ok(mut lookout) = Subscription::new() else { return false };
    loop {
        match poll_fn(|cx| lookout.poll_change(cx)).await {
            Ok(found) if found.iter().any(is_messenger) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn is_messenger(provider: &Provider) -> bool {
    provider.is_messenger() && provider.is_up()
}
