//! The roster with names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use communicado_core::{
    AccountState, Change, ClientId, ClientState, Moment, Roster, RosterInput, StatusStart,
};
use communicado_wire::{Account, Client, Status, Timestamp};

use crate::directory::{AccountKey, Directory};

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
            let mut client = (**last).clone();
            (client.missed, client.before) = (missed, Some(None));
            Arc::new(client)
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
        let name = self.directory.client(change.client);
        let source = self.directory.source(source);
        let mut client = Client::new(name, source, self.civil(change.at));
        client.revision = change.revision.0;
        client.status = Status::from(status);
        let presence = status.presence();
        client.availability = presence.map(|presence| presence.availability);
        client.activity = presence.and_then(|presence| presence.activity);
        client.raw = presence.map(|presence| self.directory.text(presence.raw));
        client.note = presence.and_then(|presence| self.directory.note(presence.note?));
        client.reason = status.reason().map(Arc::from);
        client.since = since.map(|since| self.civil_start(since));
        client.saved = saved.map(|saved| self.directory.text(saved));
        client.accounts = accounts.iter().map(|each| self.account(each)).collect();
        client.before = Some(change.before.as_ref().map(|before| Status::from(before.status)));
        client
    }

    fn account(&self, state: &AccountState) -> Account {
        let AccountKey { name, protocol } = self.directory.account(state.account);
        let mut account = Account::new(name, protocol);
        account.since = state.since.map(|since| self.civil_start(since));
        account.name = self.directory.display_name(state.account);
        account.status = Status::from(state.status);
        let presence = state.status.presence();
        account.availability = presence.map(|presence| presence.availability);
        account.activity = presence.and_then(|presence| presence.activity);
        account.raw = presence.map(|presence| self.directory.text(presence.raw));
        account.note = presence.and_then(|presence| self.directory.note(presence.note?));
        account.reason = state.status.reason().map(Arc::from);
        account
    }

    fn civil(&self, moment: Moment) -> Timestamp {
        self.began.after(moment.since_start())
    }

    fn civil_start(&self, start: StatusStart) -> Timestamp {
        let nanos = start.nanos();
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        if nanos < 0 { self.began.before(distance) } else { self.began.after(distance) }
    }
}
