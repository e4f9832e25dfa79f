//! The events of a provider.

use crate::{Presence, ProviderStatus, Reason};

/// A state change. It determines the new status of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderEvent {
    /// The provider accepts requests: `UpAndRunning` becomes 2.
    Running,
    /// A sign-in has begun.
    SigningIn,
    /// The sign-in succeeded: `OnSignin` with success.
    SignedIn(Presence),
    /// The sign-in failed: `OnSignin` with the code of the reason.
    SignInFailed(Reason),
    /// The presence changed: `OnMyStatusChange`.
    PresenceChanged(Presence),
    /// A sign-out has begun.
    SigningOut,
    /// The user is signed out: `OnSignout`. The reason is set if the user did not sign out.
    SignedOut(Option<Reason>),
    /// The provider is shutting down: `OnAppShutdown`, and `UpAndRunning` becomes 0. This is the
    /// last event.
    ShuttingDown,
}

impl ProviderEvent {
    /// The status after this event.
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
