//! The roster with names.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_core::{Change, ClientId, ClientState, Moment, Roster, RosterInput};
use communicado_wire::{Account, Client, Status, Timestamp, VERSION};

use crate::directory::Directory;

/// The roster, and the directory with the names for its numbers.
pub(crate) struct NamedRoster {
    pub(crate) directory: Directory,
    /// The civil time at moment 0.
    pub(crate) began: Timestamp,
    roster: Roster,
    last: BTreeMap<ClientId, Arc<Client>>,
}

impl NamedRoster {
    pub(crate) fn new(began: Timestamp) -> Self {
        let roster = Roster::new();
        Self { directory: Directory::default(), began, roster, last: BTreeMap::new() }
    }

    pub(crate) fn handle(&mut self, at: Moment, input: RosterInput) -> Vec<Arc<Client>> {
        let changes = self.roster.handle(at, input);
        self.name_changes(changes)
    }

    pub(crate) fn advance(&mut self, to: Moment) -> Vec<Arc<Client>> {
        let changes = self.roster.advance(to);
        self.name_changes(changes)
    }

    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.roster.next_deadline()
    }

    /// The last state of every client, without its `before`, after so many missed changes.
    pub(crate) fn snapshot(&self, missed: u64) -> Vec<Arc<Client>> {
        let first = |last: &Arc<Client>| {
            Arc::new(Client { missed, before: Some(None), ..(**last).clone() })
        };
        self.last.values().map(first).collect()
    }

    fn name_changes(&mut self, changes: Vec<Change>) -> Vec<Arc<Client>> {
        let name_change = |change: Change| {
            let last = Arc::new(self.client(&change));
            self.last.insert(change.client, Arc::clone(&last));
            last
        };
        changes.into_iter().map(name_change).collect()
    }

    fn client(&self, change: &Change) -> Client {
        let ClientState { status, since, source, saved, ref accounts } = change.after;
        let presence = status.presence();
        let accounts = accounts.iter().map(|each| {
            let account = self.directory.account(each.account);
            let presence = each.status.presence();
            Account {
                account: account.name,
                protocol: account.protocol,
                name: self.directory.display_name(each.account),
                status: Status::from(each.status),
                availability: presence.map(|presence| presence.availability),
                activity: presence.and_then(|presence| presence.activity),
                raw: presence.map(|presence| self.directory.text(presence.raw)),
                reason: each.status.reason().map(Arc::from),
                since: self.civil(each.since),
            }
        });
        Client {
            v: VERSION,
            revision: change.revision.0,
            at: self.civil(change.at),
            client: self.directory.client(change.client),
            status: Status::from(status),
            availability: presence.map(|presence| presence.availability),
            activity: presence.and_then(|presence| presence.activity),
            raw: presence.map(|presence| self.directory.text(presence.raw)),
            reason: status.reason().map(Arc::from),
            since: self.civil(since),
            source: self.directory.source(source),
            saved: saved.map(|saved| self.directory.text(saved)),
            accounts: accounts.collect(),
            missed: 0,
            before: Some(change.before.as_ref().map(|before| Status::from(before.status))),
        }
    }

    fn civil(&self, moment: Moment) -> Timestamp {
        self.began.after(moment.since_start())
    }
}
