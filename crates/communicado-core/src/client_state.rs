//! The believed state of one client.

use alloc::vec::Vec;

use crate::{AccountId, SourceId, Status, StatusStart, Symbol};

/// The believed state of one client, and since when, if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
    /// The client's status: the best of its accounts, if their claims count.
    pub status: Status,
    /// The start of this status, its presence and reason included, but not its note. It is the
    /// moment of the observed change, else the start that the source stated, else `None`.
    pub since: Option<StatusStart>,
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
    /// The start of this status, its presence and reason included, but not its note. It is the
    /// moment of the observed change, else the start that the source stated, else `None`.
    pub since: Option<StatusStart>,
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
    /// The next state may have begun earlier if this one is unknown, or if another source reported
    /// it.
    pub(crate) fn shows_changes_of(&self, source: SourceId) -> bool {
        self.is_known() && self.source == source
    }

    /// Returns true if the client had this status until the next one.
    ///
    /// A client that does not answer yet at its first report may have another status already.
    pub(crate) const fn is_known(&self) -> bool {
        match self.status {
            Status::Unknown(_) => false,
            Status::Starting => self.since.is_some(),
            Status::Absent
            | Status::SignedOut(_)
            | Status::SigningIn
            | Status::SignedIn(_)
            | Status::SigningOut
            | Status::ShuttingDown => true,
        }
    }
}
