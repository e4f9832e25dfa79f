//! The commands of a provider and their errors.

use core::fmt;
use core::time::Duration;

use crate::{Presence, Reason};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderCommand {
    /// The frontend is ready: the provider accepts requests from now on.
    Started,
    /// Signs in.
    SignIn {
        /// The time until the sign-in completes; `signing-in` meanwhile.
        takes: Duration,
        /// The reason, if the sign-in is to fail.
        fails: Option<Reason>,
    },
    /// Signs out, or cancels a sign-in.
    SignOut {
        /// The time until the sign-out completes; `signing-out` meanwhile.
        takes: Duration,
    },
    /// The server ended the sign-in.
    SignedOutByServer(Reason),
    /// Sets the presence, permanently or until it expires.
    Set {
        /// The presence.
        presence: Presence,
        /// The duration; `None` for permanently.
        lasts: Option<Duration>,
    },
    /// Signs out and exits.
    Quit,
}

impl ProviderCommand {
    /// A sign-in that succeeds immediately.
    pub const SIGN_IN: Self = Self::SignIn { takes: Duration::ZERO, fails: None };
    /// A sign-out that completes immediately.
    pub const SIGN_OUT: Self = Self::SignOut { takes: Duration::ZERO };
}

/// The reason why a command was rejected. A rejected command changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The provider is not running yet.
    Starting,
    /// The provider is already running.
    Running,
    /// Nobody is signed in.
    NotSignedIn,
    /// The user is signed in or signing in.
    AlreadySignedIn,
    /// The provider is signing out.
    SigningOut,
    /// The provider is shutting down.
    ShuttingDown,
}

impl CommandError {
    /// All errors.
    pub const ALL: [Self; 6] = [
        Self::Starting,
        Self::Running,
        Self::NotSignedIn,
        Self::AlreadySignedIn,
        Self::SigningOut,
        Self::ShuttingDown,
    ];

    /// The HRESULT that Communicator returns in the same situation. `communicado explain` describes
    /// it.
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
            Self::Running => "the provider is already running",
            Self::NotSignedIn => "nobody is signed in",
            Self::AlreadySignedIn => "the user is already signed in",
            Self::SigningOut => "the provider is signing out",
            Self::ShuttingDown => "the provider is shutting down",
        })
    }
}

impl core::error::Error for CommandError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_code_that_explain_knows() {
        for error in CommandError::ALL {
            assert!(communicado_codes::lookup(error.code()).next().is_some(), "{error:?}");
        }
    }
}
