//! What a provider can be told to do, and why it does not.

use core::fmt;
use core::time::Duration;

use crate::{Presence, Reason};

/// What a provider can be told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderCommand {
    /// The face is ready: from here on the provider can be asked.
    Started,
    /// Sign in.
    SignIn {
        /// How long that takes; `signing-in` meanwhile.
        takes: Duration,
        /// Why it fails, if it does.
        fails: Option<Reason>,
    },
    /// Sign out, or give up signing in.
    SignOut {
        /// How long that takes; `signing-out` meanwhile.
        takes: Duration,
    },
    /// The other side has ended the sign-in.
    SignedOutByServer(Reason),
    /// Show this presence, for good or for a time, after which the one before comes back.
    Set {
        /// What to show.
        presence: Presence,
        /// For how long; for good if there is none.
        lasts: Option<Duration>,
    },
    /// Sign out and end.
    Quit,
}

impl ProviderCommand {
    /// A sign-in that succeeds at once.
    pub const SIGN_IN: Self = Self::SignIn { takes: Duration::ZERO, fails: None };
    /// A sign-out that is done at once.
    pub const SIGN_OUT: Self = Self::SignOut { takes: Duration::ZERO };
}

/// Why a command was not done. Nothing has changed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// It is not running yet.
    Starting,
    /// It runs already.
    Running,
    /// Nobody is signed in.
    NotSignedIn,
    /// The user is signed in, or about to be.
    AlreadySignedIn,
    /// It is signing out.
    SigningOut,
    /// It is about to end.
    ShuttingDown,
}

impl CommandError {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Starting,
        Self::Running,
        Self::NotSignedIn,
        Self::AlreadySignedIn,
        Self::SigningOut,
        Self::ShuttingDown,
    ];

    /// The HRESULT with which Communicator answers in this situation; `communicado explain` has
    /// it in words.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            // CLASS_E_CLASSNOTAVAILABLE
            Self::Starting | Self::ShuttingDown => 0x8004_0111,
            // MSGR_E_ALREADY_LOGGED_ON
            Self::Running | Self::AlreadySignedIn => 0x8100_0304,
            // MSGR_E_NOT_LOGGED_ON
            Self::NotSignedIn => 0x8100_031E,
            // RPC_E_SERVERCALL_RETRYLATER
            Self::SigningOut => 0x8001_010A,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "the provider is starting",
            Self::Running => "the provider runs already",
            Self::NotSignedIn => "nobody is signed in",
            Self::AlreadySignedIn => "the user is already signed in",
            Self::SigningOut => "the provider is signing out",
            Self::ShuttingDown => "the provider is about to end",
        })
    }
}

impl core::error::Error for CommandError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_code_that_can_be_explained() {
        for error in CommandError::ALL {
            assert!(communicado_codes::lookup(error.code()).next().is_some(), "{error:?}");
        }
    }
}
