//! What is believed about every client.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::claim::{Claim, View};
use crate::flat_map::FlatMap;
use crate::{
    AccountState, ClientId, ClientState, Input, Moment, Observation, Revision, SourceId, Status,
    UnknownReason,
};

/// What is believed about every client, from what the sources observed.
///
/// It promises:
///
/// 1. Signed out comes before gone: between `signed-in` and `absent`, `shutting-down` or
///    `starting` a `signed-out` is always told.
/// 2. No change repeats: before and after differ, changes chain, revisions have no gaps.
/// 3. `signed-in` is told only while a live link says so: a link that was closed never counts
///    again, and none counts once the life of a higher one was told.
/// 4. A failed sign-in is `signed-out` with the reason.
/// 5. After a lost source or a lease that ended, `unknown` is told.
/// 6. The order and repetition of observations do not matter to what is believed in the end; late
///    ones do not undo newer ones.
/// 7. The changes add up to the standings, at every revision.
/// 8. The next deadline is always ahead, and waking more often changes nothing.
///
/// An observation costs the logarithm of the number of clients.
#[derive(Debug, Default)]
pub struct Roster {
    now: Moment,
    revision: Revision,
    clients: BTreeMap<ClientId, Client>,
    deadlines: BTreeSet<(Moment, ClientId, SourceId)>,
}

/// One status became another, or one of the accounts behind it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the sequence of changes.
    pub revision: Revision,
    /// When it was believed; not when it was so.
    pub at: Moment,
    /// The client that changed.
    pub client: ClientId,
    /// What was believed before; nothing if the client is new.
    pub before: Option<ClientState>,
    /// What is believed now.
    pub after: ClientState,
    /// Why.
    pub cause: Cause,
}

/// Why a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The source observed it.
    Observed(SourceId),
    /// The lease of what the source had observed ended.
    Expired(SourceId),
    /// The source can see no longer.
    Lost(SourceId),
}

#[derive(Debug, Default)]
struct Client {
    claims: FlatMap<SourceId, Claim>,
    told: Option<ClientState>,
    /// Told as signed in and not yet as signed out.
    owes_signed_out: bool,
}

impl Roster {
    /// A roster that knows no client.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            now: Moment::START,
            revision: Revision(0),
            clients: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// Takes in what happened and returns what changed, oldest first.
    ///
    /// Whatever fell due before `at` happens first. An `at` earlier than one already seen counts
    /// as that later one, and an observation made after `at` as made at `at`: the roster neither
    /// goes back nor ahead.
    #[must_use = "a change that is dropped here is never told to a sink"]
    pub fn handle(&mut self, at: Moment, input: Input) -> Vec<Change> {
        let mut changes = self.advance(at);
        match input {
            Input::Observed(observation) => self.observe(observation, &mut changes),
            Input::Lost(source) => self.lose(source, &mut changes),
        }
        changes
    }

    /// Lets time pass and returns what changed by itself, oldest first.
    #[must_use = "a change that is dropped here is never told to a sink"]
    pub fn advance(&mut self, to: Moment) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(&(due, client, source)) = self.deadlines.first()
            && due <= to
        {
            self.deadlines.pop_first();
            // Claims are judged by this moment and not by what was popped, so that leases that end
            // together are told together: what only one of them would leave believed never was.
            self.now = due;
            self.reconsider(client, Cause::Expired(source), &mut changes);
        }
        self.now = self.now.max(to);
        changes
    }

    /// The moment at which [`Roster::advance`] must be called if nothing happens before.
    ///
    /// Always later than every moment seen so far. It moves only in `handle` and `advance`.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        self.deadlines.first().map(|(due, ..)| *due)
    }

    /// What is believed about `client`; nothing if no source has spoken of it.
    #[must_use]
    pub fn state(&self, client: ClientId) -> Option<&ClientState> {
        self.clients.get(&client)?.told.as_ref()
    }

    /// What is believed about every client, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ClientId, &ClientState)> {
        self.clients.iter().filter_map(|(id, client)| Some((*id, client.told.as_ref()?)))
    }

    /// The number of the last change.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    fn observe(&mut self, observation: Observation, changes: &mut Vec<Change>) {
        let Observation { observed_at, source, client, generation, fact } = observation;
        let observed_at = observed_at.min(self.now);
        self.amend(client, source, |claim| claim.observe(generation, observed_at, fact));
        self.reconsider(client, Cause::Observed(source), changes);
    }

    fn lose(&mut self, source: SourceId, changes: &mut Vec<Change>) {
        let claims_of = |client: &Client| client.claims.contains(source);
        let clients: Vec<ClientId> =
            self.clients.iter().filter(|(_, each)| claims_of(each)).map(|(id, _)| *id).collect();
        let now = self.now;
        for client in clients {
            self.amend(client, source, |claim| claim.lose(now));
            self.reconsider(client, Cause::Lost(source), changes);
        }
    }

    /// Changes the claim of `source` on `client` and moves its deadline along.
    fn amend(&mut self, client: ClientId, source: SourceId, change: impl FnOnce(&mut Claim)) {
        let claim = self.clients.entry(client).or_default().claims.entry(source);
        let before = claim.deadline();
        change(claim);
        let after = claim.deadline();
        if before == after {
            return;
        }
        if let Some(deadline) = before {
            self.deadlines.remove(&(deadline, client, source));
        }
        if let Some(deadline) = after.filter(|deadline| *deadline > self.now) {
            self.deadlines.insert((deadline, client, source));
        }
    }

    /// Tells what is believed about `client` if it differs from what was told.
    fn reconsider(&mut self, id: ClientId, cause: Cause, changes: &mut Vec<Change>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let Some(after) = client.believed(self.now) else { return };
        if client.told.as_ref().is_some_and(|told| told.says_the_same_as(&after)) {
            return;
        }
        let gone = matches!(after.status, Status::Absent | Status::ShuttingDown | Status::Starting);
        let farewell = (gone && client.owes_signed_out)
            .then(|| client.told.as_ref().map(|told| signed_out(told, self.now)))
            .flatten();
        for after in farewell.into_iter().chain([after]) {
            self.revision.0 += 1;
            changes.push(client.tell(self.revision, self.now, id, after, cause));
        }
    }
}

impl Client {
    /// The word of the first source that knows; or the first reason for not knowing that is more
    /// than that a source cannot see it, which says nothing beside another's.
    fn believed(&self, now: Moment) -> Option<ClientState> {
        let views = self.claims.iter().filter_map(|(id, claim)| Some((*id, claim.view(now)?)));
        let rank = |view: &View| match view.status {
            Status::Unknown(UnknownReason::NotSupported) => 2,
            Status::Unknown(_) => 1,
            Status::Absent
            | Status::Starting
            | Status::SignedOut(_)
            | Status::SigningIn
            | Status::SignedIn(_)
            | Status::SigningOut
            | Status::ShuttingDown => 0,
        };
        // Of equals the first is taken.
        let (source, view) = views.min_by_key(|(_, view)| rank(view))?;
        let accounts = view.accounts.into_iter();
        let state = ClientState {
            status: view.status,
            since: now,
            source,
            saved: view.saved,
            accounts: accounts
                .map(|(account, status)| AccountState { account, status, since: now })
                .collect(),
        };
        Some(state.dated_from(self.told.as_ref()))
    }

    fn tell(
        &mut self,
        revision: Revision,
        at: Moment,
        client: ClientId,
        after: ClientState,
        cause: Cause,
    ) -> Change {
        match after.status {
            Status::SignedIn(_) => self.owes_signed_out = true,
            Status::SignedOut(_) => self.owes_signed_out = false,
            Status::Absent
            | Status::Starting
            | Status::SigningIn
            | Status::SigningOut
            | Status::ShuttingDown
            | Status::Unknown(_) => {}
        }
        let before = self.told.replace(after.clone());
        Change { revision, at, client, before, after, cause }
    }
}

/// The sign-out that a client owed when it went without one.
fn signed_out(told: &ClientState, now: Moment) -> ClientState {
    let accounts = told.accounts.iter().map(|each| AccountState {
        account: each.account,
        status: Status::SignedOut(None),
        since: now,
    });
    let after = ClientState {
        status: Status::SignedOut(None),
        since: now,
        source: told.source,
        saved: told.saved,
        accounts: accounts.collect(),
    };
    after.dated_from(Some(told))
}
