//! The state that the user wants, which can be saved across runs.

use communicado_core::Moment;

use crate::Presence;

/// The state that the user wants: signed in or out, and the presence.
///
/// Only the user's commands and the end of a temporary presence change it. A failed sign-in, a
/// server that ends the sign-in, and a provider that quits do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredState {
    /// True if the user wants to be signed in.
    pub signed_in: bool,
    /// The permanent presence.
    pub presence: Presence,
    /// The temporary presence, which takes precedence.
    pub temporary: Option<TemporaryPresence>,
}

/// A presence that expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryPresence {
    /// The presence.
    pub presence: Presence,
    /// The time of expiry.
    pub until: Moment,
}

impl DesiredState {
    /// Signed out, and available after the first sign-in.
    pub const INITIAL: Self =
        Self { signed_in: false, presence: Presence::AVAILABLE, temporary: None };

    /// The temporary presence if there is one, else the permanent presence.
    #[must_use]
    pub fn effective(&self) -> &Presence {
        self.temporary.as_ref().map_or(&self.presence, |it| &it.presence)
    }
}
