//! What the user has chosen, which outlives a run of the provider if that is asked for.

use communicado_core::Moment;

use crate::Presence;

/// What the user has chosen: to be signed in or not, and what to be seen as.
///
/// Only the user's own commands and the end of an override change it: a failed sign-in, a server
/// that ends one and a provider that quits do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredState {
    /// Whether to be signed in.
    pub signed_in: bool,
    /// What to be seen as.
    pub presence: Presence,
    /// What to be seen as for a time.
    pub temporary: Option<TemporaryPresence>,
}

/// A presence that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryPresence {
    /// What to be seen as.
    pub presence: Presence,
    /// When that ends.
    pub until: Moment,
}

impl DesiredState {
    /// Signed out, and available once signed in.
    pub const INITIAL: Self =
        Self { signed_in: false, presence: Presence::AVAILABLE, temporary: None };

    /// What to be seen as now.
    #[must_use]
    pub fn effective(&self) -> &Presence {
        self.temporary.as_ref().map_or(&self.presence, |it| &it.presence)
    }
}
