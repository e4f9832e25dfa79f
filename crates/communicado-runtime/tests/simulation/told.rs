//! Whether what a reader was told adds up.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_runtime::{Replay, Update};
use communicado_wire::{Client, Timestamp};

use crate::check::change;
use crate::world::World;

/// Every change there was, in order; the first has revision 1.
pub(crate) struct Truth {
    changes: Vec<Arc<Client>>,
    /// A journal does not say when somebody set the civil clock, so a replay cannot follow it.
    with_times: bool,
}

impl Truth {
    /// What the journal says, with nothing left out between its lines.
    pub(crate) fn replayed(world: &World, with_times: bool) -> Self {
        let text = world.journal.text_from(0);
        let mut replay = Replay::default();
        let mut changes = Vec::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            match replay.line(line.trim_end()) {
                Ok(changed) => changes.extend(changed),
                Err(error) => {
                    let broken_off = world.journal_failed() && !line.ends_with('\n');
                    assert!(broken_off, "line {number}: {error}: {line}");
                }
            }
        }
        Self { changes, with_times }
    }

    /// Goes on with what the witness was told, where the journal could be written no further;
    /// returns whether nothing is left out, as what came before the first snapshot may be.
    pub(crate) fn go_on(&mut self, world: &World) -> bool {
        let known = self.changes.len() as u64;
        let told = world.told_since(0).into_iter().filter_map(change);
        self.changes.extend(told.filter(|change| change.revision > known));
        let counted = (1..).zip(&self.changes).all(|(count, change)| change.revision == count);
        let testimony = world.witness.testimony();
        let last = testimony.believed.values().map(|client| client.revision).max();
        counted && last.unwrap_or(0) == self.changes.len() as u64
    }

    /// Fails unless `told` begins with a snapshot and then says all that is true up to the last
    /// change, or how much of it was left out.
    pub(crate) fn assert_told(&self, told: &[Update]) {
        let mut believed: BTreeMap<&str, &Arc<Client>> = BTreeMap::new();
        let mut revision = None;
        for update in told {
            match (update, revision) {
                (Update::Change(_), None) => panic!("a change before the snapshot: {update:?}"),
                (Update::Change(change), Some(last)) => {
                    assert_eq!(change.revision, last + 1, "a gap");
                    let before = believed.get(&*change.client).map(|before| before.status);
                    assert_eq!((change.before, change.missed), (Some(before), 0), "{change:?}");
                    let truth = self.change(change.revision);
                    self.assert_same(truth, change);
                    believed.insert(&truth.client, truth);
                    revision = Some(change.revision);
                }
                (Update::Snapshot { clients, missed }, last) => {
                    let at = clients.iter().map(|client| client.revision).max().unwrap_or(0);
                    let left_out = last.map_or(0, |last| at - last);
                    assert_eq!(*missed, left_out, "a snapshot of {at} after {last:?}");
                    assert!(last.is_none() || *missed > 0, "a snapshot, and nothing was missed");
                    for skipped in last.unwrap_or(0)..at {
                        let truth = self.change(skipped + 1);
                        believed.insert(&truth.client, truth);
                    }
                    self.assert_snapshot(clients, *missed, &believed);
                    revision = Some(at);
                }
            }
        }
        assert_eq!(revision, Some(self.changes.len() as u64), "all was told in the end");
    }

    fn assert_snapshot(
        &self,
        clients: &[Arc<Client>],
        missed: u64,
        believed: &BTreeMap<&str, &Arc<Client>>,
    ) {
        assert_eq!(clients.len(), believed.len(), "each client is told once");
        for client in clients {
            let truth = believed[&*client.client];
            let first = Client { missed, before: Some(None), ..(**truth).clone() };
            self.assert_same(&first, client);
        }
    }

    fn change(&self, revision: u64) -> &Arc<Client> {
        let index = usize::try_from(revision).expect("there are few") - 1;
        let change = self.changes.get(index).unwrap_or_else(|| panic!("nothing has {revision}"));
        assert_eq!(change.revision, revision, "changes are counted without a gap");
        change
    }

    fn assert_same(&self, truth: &Client, told: &Client) {
        if self.with_times {
            assert_eq!(truth, told);
        } else {
            assert_eq!(without_times(truth), without_times(told));
        }
    }
}

fn without_times(client: &Client) -> Client {
    let mut client = client.clone();
    (client.at, client.since) = (Timestamp::EPOCH, Timestamp::EPOCH);
    for account in &mut client.accounts {
        account.since = Timestamp::EPOCH;
    }
    client
}
