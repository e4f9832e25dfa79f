//! The believed state of every client.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::claim::{Claim, ClaimView, StatedStatus};
use crate::flat_map::FlatMap;
use crate::{
    AccountId, AccountState, ClientId, ClientState, Moment, Observation, Revision, RosterInput,
    SourceId, Status, StatusStart, UnknownReason,
};

/// The believed state of every client, from the observations of all sources.
///
/// It promises:
///
/// 1. A client signs out before it goes: a `signed-out` always comes between `signed-in` and
///    `absent`, `shutting-down` or `starting`.
/// 2. No change repeats: before and after differ, changes chain, revisions have no gaps.
/// 3. A client is `signed-in` only while an open generation reports it. A closed generation never
///    counts again, and none counts once a higher one has reported its life.
/// 4. A failed sign-in is `signed-out` with the reason.
/// 5. After the loss of a source or the expiry of a lease, its clients are `unknown`.
/// 6. The final state does not depend on the order or repetition of observations; late ones do not
///    undo newer ones.
/// 7. The changes add up to the states, at every revision.
/// 8. The next deadline is always in the future, and extra wake-ups change nothing.
/// 9. The start of a status is never after the report of the status. A start that a source states
///    never replaces or contradicts an observed change.
///
/// An observation takes logarithmic time in the number of clients.
#[derive(Debug, Default)]
pub struct Roster {
    now: Moment,
    revision: Revision,
    clients: BTreeMap<ClientId, ClientEntry>,
    deadlines: BTreeSet<(Moment, ClientId, SourceId)>,
}

/// A change of a client's state, or of one of its accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The position in the sequence of changes.
    pub revision: Revision,
    /// When the roster made the change, not when the observation was made.
    pub at: Moment,
    /// The client that changed.
    pub client: ClientId,
    /// The state before, or `None` if the client is new.
    pub before: Option<ClientState>,
    /// The state after.
    pub after: ClientState,
    /// The cause.
    pub cause: ChangeCause,
}

/// The cause of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeCause {
    /// An observation of the source.
    Observed(SourceId),
    /// The expiry of a lease of the source.
    Expired(SourceId),
    /// The loss of the source.
    Lost(SourceId),
}

#[derive(Debug, Default)]
struct ClientEntry {
    claims: FlatMap<SourceId, Claim>,
    published: Option<ClientState>,
    /// While the published status is unknown: the state before, if the status was ever known.
    last_known: Option<LastKnown>,
    /// The last change to signed in or signed out was to signed in.
    owes_signed_out: bool,
}

/// The last state of a client with a known status.
#[derive(Debug)]
struct LastKnown {
    state: ClientState,
    until: Moment,
}

impl Roster {
    /// A roster without clients.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            now: Moment::START,
            revision: Revision(0),
            clients: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// Handles an input and returns the changes, oldest first.
    ///
    /// Deadlines before `at` are handled first. If `at` is before an earlier input, it counts as
    /// that input's moment. An observation from after `at` counts as observed at `at`.
    #[must_use = "a dropped change never reaches a sink"]
    pub fn handle(&mut self, at: Moment, input: RosterInput) -> Vec<Change> {
        let mut changes = self.advance(at);
        match input {
            RosterInput::Observed(observation) => self.observe(observation, &mut changes),
            RosterInput::Lost(source) => self.mark_lost(source, &mut changes),
        }
        changes
    }

    /// Advances the time and returns the changes that this causes, oldest first.
    #[must_use = "a dropped change never reaches a sink"]
    pub fn advance(&mut self, to: Moment) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(&(due, client, source)) = self.deadlines.first()
            && due <= to
        {
            self.deadlines.pop_first();
            // All claims are evaluated at this moment, so leases that expire together make one
            // change. A state in which only one of them has expired never existed.
            self.now = due;
            self.emit_changes(client, ChangeCause::Expired(source), &mut changes);
        }
        self.now = self.now.max(to);
        changes
    }

    /// The moment at which the caller must call [`Roster::advance`], unless an input comes before.
    ///
    /// It is always later than every moment so far, and changes only in `handle` and `advance`.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        self.deadlines.first().map(|(due, ..)| *due)
    }

    /// The state of `client`, or `None` if no source has reported it.
    #[must_use]
    pub fn state(&self, client: ClientId) -> Option<&ClientState> {
        self.clients.get(&client)?.published.as_ref()
    }

    /// The state of every client, by number.
    pub fn iter(&self) -> impl Iterator<Item = (ClientId, &ClientState)> {
        self.clients.iter().filter_map(|(id, client)| Some((*id, client.published.as_ref()?)))
    }

    /// The revision of the last change.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    fn observe(&mut self, observation: Observation, changes: &mut Vec<Change>) {
        let Observation { observed_at, source, client, generation, fact, began } = observation;
        let observed_at = observed_at.min(self.now);
        let observe = |claim: &mut Claim| claim.observe(generation, observed_at, fact, began);
        self.update_claim(client, source, observe);
        self.emit_changes(client, ChangeCause::Observed(source), changes);
    }

    fn mark_lost(&mut self, source: SourceId, changes: &mut Vec<Change>) {
        let claims_of = |client: &ClientEntry| client.claims.contains(source);
        let clients: Vec<ClientId> =
            self.clients.iter().filter(|(_, each)| claims_of(each)).map(|(id, _)| *id).collect();
        let now = self.now;
        for client in clients {
            self.update_claim(client, source, |claim| claim.mark_lost(now));
            self.emit_changes(client, ChangeCause::Lost(source), changes);
        }
    }

    /// Changes the claim of `source` about `client` and updates its deadline.
    fn update_claim(
        &mut self,
        client: ClientId,
        source: SourceId,
        change: impl FnOnce(&mut Claim),
    ) {
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

    /// Adds the changes that bring the published state of a client up to date.
    fn emit_changes(&mut self, id: ClientId, cause: ChangeCause, changes: &mut Vec<Change>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let Some(after) = client.resolve(self.now) else { return };
        if client.published.as_ref().is_some_and(|last| last.has_same_content(&after)) {
            return;
        }
        let gone = matches!(after.status, Status::Absent | Status::ShuttingDown | Status::Starting);
        let missing_sign_out = (gone && client.owes_signed_out)
            .then(|| client.published.as_ref().map(|last| missing_sign_out_of(last, self.now)))
            .flatten();
        let after = after.with_start_times_of(missing_sign_out.as_ref());
        for after in missing_sign_out.into_iter().chain([after]) {
            self.revision.0 += 1;
            changes.push(client.record_change(self.revision, self.now, id, after, cause));
        }
    }
}

impl ClientEntry {
    /// The claim of the first source that knows the status.
    ///
    /// If none does, the first reason other than `NotSupported`, which says nothing about the
    /// client.
    fn resolve(&self, now: Moment) -> Option<ClientState> {
        let views = self.claims.iter().filter_map(|(id, claim)| Some((*id, claim.view(now)?)));
        let preference = |view: &ClaimView| match view.status.status {
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
        // `min_by_key` returns the first of equals.
        let (source, view) = views.min_by_key(|(_, view)| preference(view))?;
        let account = |(account, stated): (AccountId, StatedStatus)| AccountState {
            account,
            status: stated.status,
            since: self.start_of(stated, source, now, |last| {
                let same = last.accounts.iter().find(|each| each.account == account)?;
                Some((same.status, same.since))
            }),
        };
        let state = ClientState {
            status: view.status.status,
            since: self.start_of(view.status, source, now, |last| Some((last.status, last.since))),
            source,
            saved: view.saved,
            accounts: view.accounts.into_iter().map(account).collect(),
        };
        Some(state.with_start_times_of(self.published.as_ref()))
    }

    /// The start of a changed status from `source`. `part` finds the status in an earlier state.
    fn start_of(
        &self,
        stated: StatedStatus,
        source: SourceId,
        now: Moment,
        part: impl Fn(&ClientState) -> Option<(Status, Option<StatusStart>)>,
    ) -> Option<StatusStart> {
        match &self.published {
            Some(before) if before.shows_changes_of(source) => return Some(now.into()),
            // Another source saw the earlier status until now.
            Some(before) if before.is_known() => return None,
            Some(_) | None => {}
        }
        let began = stated.began?;
        match &self.last_known {
            // The status did not change while it was unknown, or the source contradicts itself.
            Some(last) if began <= last.until.into() => {
                let (status, since) = part(&last.state)?;
                since.filter(|_| status.has_same_condition(&stated.status))
            }
            Some(_) | None => Some(began),
        }
    }

    fn record_change(
        &mut self,
        revision: Revision,
        at: Moment,
        client: ClientId,
        after: ClientState,
        cause: ChangeCause,
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
        let before = self.published.replace(after.clone());
        if after.is_known() {
            self.last_known = None;
        } else if let Some(before) = before.as_ref().filter(|before| before.is_known()) {
            self.last_known = Some(LastKnown { state: before.clone(), until: at });
        }
        Change { revision, at, client, before, after, cause }
    }
}

/// The missing sign-out of a client that has gone without one.
fn missing_sign_out_of(last: &ClientState, now: Moment) -> ClientState {
    let since = last.is_known().then_some(now.into());
    let accounts = last.accounts.iter().map(|each| AccountState {
        account: each.account,
        status: Status::SignedOut(None),
        since,
    });
    let after = ClientState {
        status: Status::SignedOut(None),
        since,
        source: last.source,
        saved: last.saved,
        accounts: accounts.collect(),
    };
    after.with_start_times_of(Some(last))
}
