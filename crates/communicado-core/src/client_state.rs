//! What is believed about one client.

use alloc::vec::Vec;

use crate::{AccountId, Moment, SourceId, Status, Token};

/// What is believed about one client, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
    /// The client's status: the best of its accounts', where they can be believed.
    pub status: Status,
    /// When this status began, its presence and reason included.
    pub since: Moment,
    /// The source that says so.
    pub source: SourceId,
    /// The status that the user has chosen, where the source can see it.
    pub saved: Option<Token>,
    /// The client's accounts, in the order of their numbers.
    pub accounts: Vec<AccountState>,
}

/// What is believed about one account, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// The account.
    pub account: AccountId,
    /// Its status.
    pub status: Status,
    /// When this status began, its presence and reason included.
    pub since: Moment,
}

impl ClientState {
    /// Whether both say the same, whenever it began.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let statuses = |state: &Self| {
            state.accounts.iter().map(|each| (each.account, each.status)).collect::<Vec<_>>()
        };
        (self.status, self.source, self.saved) == (other.status, other.source, other.saved)
            && statuses(self) == statuses(other)
    }

    /// Takes over from `before` when each part began that has not changed since.
    pub(crate) fn dated_from(mut self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        if self.status == before.status {
            self.since = before.since;
        }
        for account in &mut self.accounts {
            let old = before.accounts.iter().find(|each| each.account == account.account);
            if let Some(old) = old
                && old.status == account.status
            {
                account.since = old.since;
            }
        }
        self
    }
}
