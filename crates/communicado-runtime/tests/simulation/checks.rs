//! Checks of the state after each step, when nothing is left to poll.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_core::Moment;
use communicado_runtime::{Notice, Update};
use communicado_wire::{Client, Status};

use crate::lease_model::Lease;
use crate::reader::ReadPattern;
use crate::simulation::{NAMES, Simulation};

/// The state before the clock moved.
pub(crate) struct Before {
    leases: Vec<Lease>,
    clients: BTreeMap<Arc<str>, Arc<Client>>,
    updates: usize,
}

impl Simulation {
    pub(crate) fn check(&mut self) {
        self.check_release();
        self.check_readers();
        self.check_lost();
        if !self.journal_failed() && self.ended.is_none() {
            self.lease_model.read(&self.journal);
            self.check_alarms();
            self.check_leases();
        }
    }

    /// First snapshots wait for all sources, but not longer than the patience.
    fn check_release(&self) {
        let told_anything = self.update_count() > 0;
        assert_eq!(
            told_anything,
            self.is_released(),
            "reported anything at {:?}",
            self.clock.shows()
        );
    }

    fn is_released(&self) -> bool {
        let looked = |run: &crate::run::Run| run.ready.is_some() || run.ended.is_some();
        self.clock.shows() >= self.patience_ends
            || self.sources.iter().all(|scripted| scripted.state().runs.iter().any(looked))
    }

    /// A waiting reader has received every update.
    fn check_readers(&mut self) {
        for reader in self.readers.iter_mut().filter(|reader| reader.pattern == ReadPattern::Prompt)
        {
            let updates = reader.updates.len();
            reader.read(usize::MAX);
            assert_eq!(
                reader.updates.len(),
                updates,
                "there was more to read, and it was not woken"
            );
        }
    }

    /// The clients of a lost source are unknown.
    fn check_lost(&self) {
        let state = self.eager_reader.state();
        for (name, scripted) in NAMES.into_iter().zip(&self.sources) {
            if scripted.state().lost_at().is_none() {
                continue;
            }
            for client in state.clients.values().filter(|client| &*client.source == name) {
                let reason = client.reason.as_deref();
                assert_eq!(
                    (client.status, reason),
                    (Status::Unknown, Some("source-lost")),
                    "{name} is lost: {client:?}"
                );
            }
        }
    }

    /// Only leases, patience and retries set timers: an idle runtime sets none.
    fn check_alarms(&self) {
        let now = self.clock.shows();
        let lease = self.lease_model.next_deadline(now);
        let patience = (!self.is_released()).then_some(self.patience_ends);
        let mut expected: Vec<Moment> =
            lease.into_iter().chain(patience).min().into_iter().collect();
        for (name, scripted) in NAMES.into_iter().zip(&self.sources) {
            if let Some(lost_at) = scripted.state().lost_at() {
                expected.push(lost_at.after(self.last_retry(name)));
            }
        }
        expected.sort_unstable();
        assert_eq!(self.clock.deadlines(), expected, "alarms at {now:?}");
    }

    fn last_retry(&self, name: &str) -> std::time::Duration {
        let retry_in = |notice: &Notice| match notice {
            Notice::Lost { source, retry_in, .. } if source == name => Some(*retry_in),
            _ => None,
        };
        let notices = self.notices.lock().expect("nobody panics in it");
        notices
            .iter()
            .rev()
            .find_map(|each| retry_in(&each.notice))
            .expect("every loss is reported")
    }

    /// A client whose lease has expired is unknown.
    fn check_leases(&self) {
        let now = self.clock.shows();
        for lease in self.lease_model.leases().filter(|lease| lease.ends <= now) {
            if let Some(client) = self.client_state(&lease.client) {
                let rests_on_it = &*client.source == lease.source;
                assert!(!rests_on_it || client.status == Status::Unknown, "{lease:?}: {client:?}");
            }
        }
    }

    pub(crate) fn before_the_turn(&self) -> Before {
        let (updates, clients) = (self.update_count(), self.eager_reader.state().clients.clone());
        Before { leases: self.lease_model.leases().collect(), clients, updates }
    }

    /// Leases that expired while the clock moved expire before any other change.
    pub(crate) fn check_turn(&self, before: &Before) {
        if self.journal_failed() || self.ended.is_some() {
            return;
        }
        let now = self.clock.shows();
        let updates = self.updates_since(before.updates);
        let changes: Vec<Arc<Client>> = updates.into_iter().filter_map(change).collect();
        if changes.len() < self.update_count() - before.updates {
            // There were so many changes that even the eager reader got a snapshot.
            return;
        }
        for Lease { source, client, ends } in &before.leases {
            let Some(held) = before.clients.get(client.as_str()) else { continue };
            if *ends > now || &*held.source != *source || held.status == Status::Unknown {
                continue;
            }
            let mut since = changes.iter().filter(|change| *change.client == **client);
            let first = since.next().unwrap_or_else(|| panic!("{client} is still {held:?}"));
            let farewell = first.status == Status::SignedOut
                && since.next().is_some_and(|second| &*second.source != *source);
            let doubted = first.reason.as_deref() == Some("lease-expired");
            let on_another = &*first.source != *source;
            assert!(doubted || on_another || farewell, "a lease ended: {held:?} then {first:?}");
        }
    }

    pub(crate) fn journal_failed(&self) -> bool {
        let notices = self.notices.lock().expect("nobody panics in it");
        notices.iter().any(|each| matches!(each.notice, Notice::JournalFailed { .. }))
    }
}

pub(crate) fn change(update: Update) -> Option<Arc<Client>> {
    match update {
        Update::Change(client) => Some(client),
        Update::Snapshot { .. } => None,
    }
}
