//! What must hold whenever everybody has done what they had to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_core::Moment;
use communicado_runtime::{Notice, Update};
use communicado_wire::{Client, Status};

use crate::ledger::Lease;
use crate::reader::Habit;
use crate::world::{NAMES, World};

/// How things stood before the clock was turned.
pub(crate) struct Before {
    leases: Vec<Lease>,
    believed: BTreeMap<Arc<str>, Arc<Client>>,
    told: usize,
}

impl World {
    pub(crate) fn check(&mut self) {
        self.check_release();
        self.check_readers();
        self.check_lost();
        if !self.journal_failed() && self.ended.is_none() {
            self.ledger.read(&self.journal);
            self.check_alarms();
            self.check_leases();
        }
    }

    /// First snapshots wait for all sources, but not beyond patience.
    fn check_release(&self) {
        let told_anything = self.told_count() > 0;
        assert_eq!(told_anything, self.is_released(), "told anything at {:?}", self.clock.shows());
    }

    fn is_released(&self) -> bool {
        let looked = |run: &crate::run::Run| run.ready.is_some() || run.ended.is_some();
        self.clock.shows() >= self.patience_ends
            || self.puppets.iter().all(|puppet| puppet.strings().runs.iter().any(looked))
    }

    /// Whoever waits was told all there is.
    fn check_readers(&mut self) {
        for reader in self.readers.iter_mut().filter(|reader| reader.habit == Habit::Prompt) {
            let told = reader.told.len();
            reader.read(usize::MAX);
            assert_eq!(reader.told.len(), told, "there was more to read, and it was not woken");
        }
    }

    /// Nothing is believed of a source that is lost.
    fn check_lost(&self) {
        let testimony = self.witness.testimony();
        for (name, puppet) in NAMES.into_iter().zip(&self.puppets) {
            if puppet.strings().lost_at().is_none() {
                continue;
            }
            for client in testimony.believed.values().filter(|client| &*client.source == name) {
                let reason = client.reason.as_deref();
                assert_eq!(
                    (client.status, reason),
                    (Status::Unknown, Some("source-lost")),
                    "{name} is lost: {client:?}"
                );
            }
        }
    }

    /// No timer is set but what leases, patience and retries need: idle, none at all.
    fn check_alarms(&self) {
        let now = self.clock.shows();
        let lease = self.ledger.next_deadline(now);
        let patience = (!self.is_released()).then_some(self.patience_ends);
        let mut expected: Vec<Moment> =
            lease.into_iter().chain(patience).min().into_iter().collect();
        for (name, puppet) in NAMES.into_iter().zip(&self.puppets) {
            if let Some(lost_at) = puppet.strings().lost_at() {
                expected.push(lost_at.after(self.last_retry(name)));
            }
        }
        expected.sort_unstable();
        assert_eq!(self.clock.alarms(), expected, "alarms at {now:?}");
    }

    fn last_retry(&self, name: &str) -> std::time::Duration {
        let retry_in = |notice: &Notice| match notice {
            Notice::Lost { source, retry_in, .. } if source == name => Some(*retry_in),
            _ => None,
        };
        let notices = self.notices.lock().expect("nobody panics in it");
        notices.iter().rev().find_map(|each| retry_in(&each.notice)).expect("every loss is told")
    }

    /// Nothing is believed whose lease has ended.
    fn check_leases(&self) {
        let now = self.clock.shows();
        for lease in self.ledger.leases().filter(|lease| lease.ends <= now) {
            if let Some(client) = self.believed(&lease.client) {
                let rests_on_it = &*client.source == lease.source;
                assert!(!rests_on_it || client.status == Status::Unknown, "{lease:?}: {client:?}");
            }
        }
    }

    pub(crate) fn before_the_turn(&self) -> Before {
        let (told, believed) = (self.told_count(), self.witness.testimony().believed.clone());
        Before { leases: self.ledger.leases().collect(), believed, told }
    }

    /// Leases that ended while the clock was turned end before anything else is believed.
    pub(crate) fn check_turn(&self, before: &Before) {
        if self.journal_failed() || self.ended.is_some() {
            return;
        }
        let now = self.clock.shows();
        let told = self.told_since(before.told);
        let changes: Vec<Arc<Client>> = told.into_iter().filter_map(change).collect();
        if changes.len() < self.told_count() - before.told {
            // There was so much at once that even the witness got a snapshot.
            return;
        }
        for Lease { source, client, ends } in &before.leases {
            let Some(held) = before.believed.get(client.as_str()) else { continue };
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
