//! The changes that a sink has yet to deliver: one for each client, and always the latest. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_wire::Client;

use crate::publish::has_same_content;

/// The changes to deliver to a listener that takes one client at a time.
///
/// The truth is the difference between the current state and the delivered state, so no queue can
/// grow.
#[derive(Default)]
pub(crate) struct Outbox {
    /// True if only the start of a condition is a change.
    on_start_of_condition: bool,
    current: BTreeMap<Arc<str>, Client>,
    delivered: BTreeMap<Arc<str>, Client>,
    /// The change that the sink delivers now.
    in_flight: Option<Client>,
    /// The changes that a later one replaced before the delivery.
    missed: u64,
}

impl Outbox {
    /// An outbox in which every change counts, or only the start of a condition.
    pub(crate) fn new(on_start_of_condition: bool) -> Self {
        Self { on_start_of_condition, ..Self::default() }
    }

    /// Sets the current state of all clients.
    pub(crate) fn set_current(&mut self, clients: Vec<Client>) {
        let named = clients.into_iter().map(|client| (Arc::clone(&client.client), client));
        let current: BTreeMap<_, _> = named.collect();
        let replaced = self.current.iter().filter(|(name, before)| {
            let is =
                |client: Option<&Client>| client.is_some_and(|it| has_same_content(it, before));
            self.is_due(before) && !is(current.get(*name)) && !is(self.in_flight.as_ref())
        });
        self.missed += u64::try_from(replaced.count()).unwrap_or(u64::MAX);
        self.delivered.retain(|name, _| current.contains_key(name));
        self.current = current;
    }

    /// Takes the current state as delivered.
    pub(crate) fn skip_current(&mut self) {
        self.delivered.clone_from(&self.current);
        self.missed = 0;
    }

    /// The next change to deliver, with the status that was delivered before.
    pub(crate) fn next(&mut self) -> Option<Client> {
        let mut client = self.current.values().find(|client| self.is_due(client))?.clone();
        self.in_flight = Some(client.clone());
        client.missed = self.missed;
        client.before = Some(self.delivered.get(&client.client).map(|before| before.status));
        Some(client)
    }

    /// Records that `client` was delivered.
    pub(crate) fn mark_delivered(&mut self, client: &Client) {
        self.missed = self.missed.saturating_sub(client.missed);
        let Some(delivered) = self.in_flight.take() else { return };
        if self.current.contains_key(&delivered.client) {
            self.delivered.insert(Arc::clone(&delivered.client), delivered);
        }
    }

    /// Records that the change in flight was not delivered. It stays due.
    pub(crate) fn mark_failed(&mut self) {
        self.in_flight = None;
    }

    fn is_due(&self, client: &Client) -> bool {
        match self.delivered.get(&client.client) {
            None => true,
            Some(_) if self.on_start_of_condition => false,
            Some(delivered) => !has_same_content(delivered, client),
        }
    }
}

#[cfg(test)]
mod tests {
    use communicado_wire::{Status, Timestamp};

    use super::*;

    fn client(name: &str, status: Status) -> Client {
        let mut client = Client::new(name.into(), "purple".into(), Timestamp::EPOCH);
        client.status = status;
        client
    }

    fn take(outbox: &mut Outbox) -> Option<(String, Status, Option<Status>, u64)> {
        let next = outbox.next()?;
        outbox.mark_delivered(&next);
        Some((next.client.to_string(), next.status, next.before.flatten(), next.missed))
    }

    #[test]
    fn the_latest_state_is_delivered_with_the_number_of_missed_changes() {
        let mut outbox = Outbox::new(false);
        outbox.set_current(vec![client("finch", Status::Absent)]);
        assert_eq!(take(&mut outbox), Some(("finch".into(), Status::Absent, None, 0)));
        assert_eq!(take(&mut outbox), None);
        for status in [Status::SigningIn, Status::SignedIn, Status::SignedOut] {
            outbox.set_current(vec![client("finch", status)]);
        }
        let expected = ("finch".into(), Status::SignedOut, Some(Status::Absent), 2);
        assert_eq!(take(&mut outbox), Some(expected));
        assert_eq!(take(&mut outbox), None);
    }

    #[test]
    fn a_change_during_a_delivery_is_delivered_next() {
        let mut outbox = Outbox::new(false);
        outbox.set_current(vec![client("finch", Status::Absent)]);
        let in_flight = outbox.next().unwrap();
        outbox.set_current(vec![client("finch", Status::SignedIn)]);
        outbox.mark_delivered(&in_flight);
        let next = outbox.next().unwrap();
        assert_eq!((next.status, next.before), (Status::SignedIn, Some(Some(Status::Absent))));
    }

    #[test]
    fn a_change_that_replaces_a_failed_one_counts_it_as_missed() {
        let mut outbox = Outbox::new(false);
        outbox.set_current(vec![client("finch", Status::Absent)]);
        assert!(outbox.next().is_some());
        outbox.mark_failed();
        outbox.set_current(vec![client("finch", Status::Absent)]);
        assert_eq!(outbox.next().unwrap().missed, 0);
        outbox.mark_failed();
        outbox.set_current(vec![client("finch", Status::SignedIn)]);
        assert_eq!(outbox.next().unwrap().missed, 1);
    }

    #[test]
    fn with_a_condition_only_its_start_is_a_change() {
        let mut outbox = Outbox::new(true);
        outbox.set_current(vec![client("finch", Status::SignedIn)]);
        assert!(take(&mut outbox).is_some());
        outbox.set_current(vec![client("finch", Status::SigningOut)]);
        assert_eq!(take(&mut outbox), None);
        outbox.set_current(vec![]);
        outbox.set_current(vec![client("finch", Status::SignedIn)]);
        assert!(take(&mut outbox).is_some());
    }

    #[test]
    fn a_skipped_state_is_not_delivered() {
        let mut outbox = Outbox::new(false);
        outbox.set_current(vec![client("finch", Status::SignedIn)]);
        outbox.skip_current();
        assert_eq!(take(&mut outbox), None);
        outbox.set_current(vec![client("finch", Status::SignedOut)]);
        assert!(take(&mut outbox).is_some());
    }
}
