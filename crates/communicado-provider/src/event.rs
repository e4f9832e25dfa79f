//! What a face tells, in the order in which it comes.

use crate::{Presence, ProviderStatus, Reason};

/// One thing to tell. After each the provider has the status that it names, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderEvent {
    /// It can be asked: `UpAndRunning` becomes 2.
    Running,
    /// It is signing in.
    SigningIn,
    /// It is signed in: `OnSignin` with success.
    SignedIn(Presence),
    /// A sign-in failed, so nobody is signed in: `OnSignin` with this code.
    SignInFailed(Reason),
    /// The presence is another one: `OnMyStatusChange`.
    PresenceChanged(Presence),
    /// It is signing out.
    SigningOut,
    /// Nobody is signed in any more, and why if it was not the user's wish: `OnSignout`.
    SignedOut(Option<Reason>),
    /// It is about to end: `OnAppShutdown`, and `UpAndRunning` becomes 0. Nothing comes after it.
    ShuttingDown,
}

impl ProviderEvent {
    /// The status that the provider has once this is told.
    #[must_use]
    pub fn status(&self) -> ProviderStatus {
        match self {
            Self::Running => ProviderStatus::SignedOut(None),
            Self::SigningIn => ProviderStatus::SigningIn,
            Self::SignedIn(presence) | Self::PresenceChanged(presence) => {
                ProviderStatus::SignedIn(presence.clone())
            }
            Self::SignInFailed(reason) => ProviderStatus::SignedOut(Some(*reason)),
            Self::SigningOut => ProviderStatus::SigningOut,
            Self::SignedOut(reason) => ProviderStatus::SignedOut(*reason),
            Self::ShuttingDown => ProviderStatus::ShuttingDown,
        }
    }
}
