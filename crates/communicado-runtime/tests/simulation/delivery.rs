//! Checks that the updates of a reader add up.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_runtime::{Replay, Update};
use communicado_wire::{Client, Timestamp};

use crate::checks::change;
use crate::simulation::Simulation;

/// All expected changes in order; the first has revision 1.
pub(crate) struct ExpectedChanges {
    changes: Vec<Arc<Client>>,
    /// `true` to compare times: a journal does not have changes of the civil clock.
    with_times: bool,
}

impl ExpectedChanges {
    /// The changes from a replay of the whole journal.
    pub(crate) fn replayed(sim: &Simulation, with_times: bool) -> Self {
        let text = sim.journal.text_from(0);
        let mut replay = Replay::default();
        let mut changes = Vec::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            match replay.line(line.trim_end()) {
                Ok(changed) => changes.extend(changed),
                Err(error) => {
                    let broken_off = sim.journal_failed() && !line.ends_with('\n');
                    assert!(broken_off, "line {number}: {error}: {line}");
                }
            }
        }
        Self { changes, with_times }
    }

    /// Adds the changes of the eager reader after the journal has failed. Returns whether the list
    /// is complete: changes before the first snapshot may be missing.
    pub(crate) fn add_later_changes(&mut self, sim: &Simulation) -> bool {
        let known = self.changes.len() as u64;
        let updates = sim.updates_since(0).into_iter().filter_map(change);
        self.changes.extend(updates.filter(|change| change.revision > known));
        let counted = (1..).zip(&self.changes).all(|(count, change)| change.revision == count);
        let state = sim.eager_reader.state();
        let last = state.clients.values().map(|client| client.revision).max();
        counted && last.unwrap_or(0) == self.changes.len() as u64
    }

    /// Fails unless `updates` starts with a snapshot and has all later changes, or the number of
    /// missed ones.
    pub(crate) fn assert_delivered(&self, updates: &[Update]) {
        let mut current: BTreeMap<&str, &Arc<Client>> = BTreeMap::new();
        let mut revision = None;
        for update in updates {
            match (update, revision) {
                (Update::Change(_), None) => panic!("a change before the snapshot: {update:?}"),
                (Update::Change(change), Some(last)) => {
                    assert_eq!(change.revision, last + 1, "a gap");
                    let before = current.get(&*change.client).map(|before| before.status);
                    assert_eq!((change.before, change.missed), (Some(before), 0), "{change:?}");
                    let expected = self.change(change.revision);
                    self.assert_same(expected, change);
                    current.insert(&expected.client, expected);
                    revision = Some(change.revision);
                }
                (Update::Snapshot { clients, missed }, last) => {
                    let at = clients.iter().map(|client| client.revision).max().unwrap_or(0);
                    let left_out = last.map_or(0, |last| at - last);
                    assert_eq!(*missed, left_out, "a snapshot of {at} after {last:?}");
                    assert!(last.is_none() || *missed > 0, "a snapshot, and nothing was missed");
                    for skipped in last.unwrap_or(0)..at {
                        let expected = self.change(skipped + 1);
                        current.insert(&expected.client, expected);
                    }
                    self.assert_snapshot(clients, *missed, &current);
                    revision = Some(at);
                }
            }
        }
        assert_eq!(
            revision,
            Some(self.changes.len() as u64),
            "all changes are delivered at the end"
        );
    }

    fn assert_snapshot(
        &self,
        clients: &[Arc<Client>],
        missed: u64,
        current: &BTreeMap<&str, &Arc<Client>>,
    ) {
        assert_eq!(clients.len(), current.len(), "each client is delivered once");
        for client in clients {
            let expected = current[&*client.client];
            let mut first = (**expected).clone();
            (first.missed, first.before) = (missed, Some(None));
            self.assert_same(&first, client);
        }
    }

    fn change(&self, revision: u64) -> &Arc<Client> {
        let index = usize::try_from(revision).expect("there are few") - 1;
        let change = self.changes.get(index).unwrap_or_else(|| panic!("nothing has {revision}"));
        assert_eq!(change.revision, revision, "changes are counted without a gap");
        change
    }

    fn assert_same(&self, expected: &Client, updates: &Client) {
        if self.with_times {
            assert_eq!(expected, updates);
        } else {
            assert_eq!(without_times(expected), without_times(updates));
        }
    }
}

fn without_times(client: &Client) -> Client {
    let mut client = client.clone();
    (client.at, client.since) = (Timestamp::EPOCH, None);
    for account in &mut client.accounts {
        account.since = None;
    }
    client
}
