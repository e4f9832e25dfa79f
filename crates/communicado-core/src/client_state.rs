//! The believed state of one client.

use alloc::vec::Vec;

use crate::{AccountId, Moment, SourceId, Status, Symbol};

/// The believed state of one client, and since when, if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
    /// The client's status: the best of its accounts, if their claims count.
    pub status: Status,
    /// When this status began, its presence and reason included, but not its note. `None` if no change to it was
    /// observed: it began before the first report, or while the status was unknown.
    pub since: Option<Moment>,
    /// The source of this state.
    pub source: SourceId,
    /// The status that the user selected, if the source can see it.
    pub saved: Option<Symbol>,
    /// The client's accounts, by number.
    pub accounts: Vec<AccountState>,
}

/// The believed state of one account, and since when, if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// The account.
    pub account: AccountId,
    /// Its status.
    pub status: Status,
    /// When this status began, its presence and reason included, but not its note. `None` if no change to it was
    /// observed: it began before the first report, or while the status was unknown.
    pub since: Option<Moment>,
}

impl ClientState {
    /// Compares two states without their times.
    #[must_use]
    pub fn has_same_content(&self, other: &Self) -> bool {
        let statuses = |state: &Self| {
            state.accounts.iter().map(|each| (each.account, each.status)).collect::<Vec<_>>()
        };
        (self.status, self.source, self.saved) == (other.status, other.source, other.saved)
            && statuses(self) == statuses(other)
    }

    /// Copies from `before` the start time of each part that has not changed.
    pub(crate) fn with_start_times_of(mut self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        if self.status.has_same_condition(&before.status) {
            self.since = before.since;
        }
        for account in &mut self.accounts {
            let old = before.accounts.iter().find(|each| each.account == account.account);
            if let Some(old) = old
                && old.status.has_same_condition(&account.status)
            {
                account.since = old.since;
            }
        }
        self
    }

    /// Returns true if the next state from `source` is known to begin when it is observed.
    ///
    /// The next state may have begun earlier if this one is unknown, if another source reported it,
    /// or if it is the first report of a client that does not answer yet.
    pub(crate) fn shows_changes_of(&self, source: SourceId) -> bool {
        let is_known = match self.status {
            Status::Unknown(_) => false,
            Status::Starting => self.since.is_some(),
            Status::Absent
            | Status::SignedOut(_)
            | Status::SigningIn
            | Status::SignedIn(_)
            | Status::SigningOut
            | Status::ShuttingDown => true,
        };
        is_known && self.source == source
    }
}
