//! The status and presence of the provider.

use alloc::string::String;

use communicado_core::{Activity, Availability};

use crate::account::{TextError, text};
use crate::reason::Reason;

/// The status of the provider: a client status except `absent` and `unknown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// Running, but not yet ready for requests.
    Starting,
    /// Signed out, with the reason if the last sign-in failed or the server ended it.
    SignedOut(Option<Reason>),
    /// Signing in.
    SigningIn,
    /// Signed in.
    SignedIn(Presence),
    /// Signing out.
    SigningOut,
    /// Shutting down.
    ShuttingDown,
}

/// The user's availability and activity, with an optional note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The availability.
    pub availability: Availability,
    /// The activity.
    pub activity: Option<Activity>,
    note: Option<String>,
}

impl ProviderStatus {
    /// The word, as used in all output.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::SignedOut(_) => "signed-out",
            Self::SigningIn => "signing-in",
            Self::SignedIn(_) => "signed-in",
            Self::SigningOut => "signing-out",
            Self::ShuttingDown => "shutting-down",
        }
    }

    /// The presence, if the user is signed in.
    #[must_use]
    pub const fn presence(&self) -> Option<&Presence> {
        match self {
            Self::SignedIn(presence) => Some(presence),
            Self::Starting
            | Self::SignedOut(_)
            | Self::SigningIn
            | Self::SigningOut
            | Self::ShuttingDown => None,
        }
    }

    /// The reason why the last sign-in failed or the server ended it.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::SignedOut(reason) => *reason,
            Self::Starting
            | Self::SigningIn
            | Self::SignedIn(_)
            | Self::SigningOut
            | Self::ShuttingDown => None,
        }
    }

    /// The value of `UpAndRunning` (Microsoft, "Integrating IM applications with Office"): 1 while
    /// starting, 2 while ready for requests, 0 while shutting down.
    #[must_use]
    pub const fn up_and_running(&self) -> u32 {
        match self {
            Self::Starting => 1,
            Self::SignedOut(_) | Self::SigningIn | Self::SignedIn(_) | Self::SigningOut => 2,
            Self::ShuttingDown => 0,
        }
    }
}

impl Presence {
    /// The maximum length of a note. Communicator's own limit is 500 characters.
    pub const NOTE_BYTES_MAX: usize = 2048;

    /// Available, without activity or note: the presence after the first sign-in.
    pub const AVAILABLE: Self =
        Self { availability: Availability::Available, activity: None, note: None };

    /// A presence without a note.
    #[must_use]
    pub const fn new(availability: Availability, activity: Option<Activity>) -> Self {
        Self { availability, activity, note: None }
    }

    /// This presence with a note.
    ///
    /// # Errors
    ///
    /// If other programs cannot display the note.
    pub fn with_note(self, note: &str) -> Result<Self, TextError> {
        Ok(Self { note: Some(text(note, Self::NOTE_BYTES_MAX)?), ..self })
    }

    /// The note.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_match_those_of_the_core() {
        let known = communicado_core::Status::WORDS;
        let all = [
            ProviderStatus::Starting,
            ProviderStatus::SignedOut(None),
            ProviderStatus::SigningIn,
            ProviderStatus::SignedIn(Presence::AVAILABLE),
            ProviderStatus::SigningOut,
            ProviderStatus::ShuttingDown,
        ];
        for status in all {
            assert!(known.contains(&status.word()), "{status:?}");
        }
    }

    #[test]
    fn a_note_is_unchanged_or_rejected() {
        let with = |note| Presence::AVAILABLE.with_note(note);
        assert_eq!(with("back at four").unwrap().note(), Some("back at four"));
        assert_eq!(with("a\nb"), Err(TextError::Control));
        assert_eq!(with(""), Err(TextError::Empty));
    }
}
