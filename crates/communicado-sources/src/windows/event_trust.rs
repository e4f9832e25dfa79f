//! Trust in the presence that an event carries, until a read of the client confirms it.
//!
//! Some clients send the presence before the change, or change their answer after the event. So a
//! client whose next answer contradicts an event is trusted no more.

use crate::sign_in::AccountSignIn;

/// Trust in the events of one client.
#[derive(Clone, Debug)]
pub(super) struct EventTrust {
    is_trusted: bool,
    /// The presence of the last read, while the user is signed in.
    read: Option<AccountSignIn>,
    /// True if the last event since that read has another presence; `None` without an event.
    claims_change: Option<bool>,
}

impl EventTrust {
    pub(super) const fn new(is_trusted: bool) -> Self {
        Self { is_trusted, read: None, claims_change: None }
    }

    /// Returns whether the presence of an event counts before the next read.
    pub(super) fn accepts(&mut self, presence: &AccountSignIn) -> bool {
        if let Some(read) = &self.read {
            self.claims_change = Some(presence != read);
        }
        self.is_trusted && self.read.is_some()
    }

    /// Takes the presence of a read after the last event, and returns whether it contradicts the
    /// event.
    pub(super) fn is_contradicted_by(&mut self, presence: &AccountSignIn) -> bool {
        let has_changed = self.read.as_ref() != Some(presence);
        let contradicts = self.claims_change.take().is_some_and(|claims| claims != has_changed);
        self.is_trusted &= !contradicts;
        self.read = Some(presence.clone());
        contradicts
    }

    /// Forgets the last read, when the client is no longer signed in.
    pub(super) fn forget(&mut self) {
        (self.read, self.claims_change) = (None, None);
    }
}
