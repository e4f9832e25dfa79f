//! What the provider is, in the words of everyone who watches it.

use alloc::string::String;

use communicado_core::{Activity, Availability};

use crate::account::{TextError, text};
use crate::reason::Reason;

/// What the provider shows of itself: one of a client's statuses, `absent` and `unknown` left
/// out, for it knows what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// It runs and cannot be asked yet.
    Starting,
    /// It runs and nobody is signed in; why, if the last sign-in failed or was ended.
    SignedOut(Option<Reason>),
    /// It is signing in.
    SigningIn,
    /// It is signed in.
    SignedIn(Presence),
    /// It is signing out.
    SigningOut,
    /// It says that it is about to end.
    ShuttingDown,
}

/// How reachable the user is, as the user says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Whether the user can be reached.
    pub availability: Availability,
    /// What the user is doing.
    pub activity: Option<Activity>,
    note: Option<String>,
}

impl ProviderStatus {
    /// The word for it, as written everywhere.
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

    /// The presence of a signed-in one.
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

    /// Why the last sign-in failed or was ended.
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

    /// The value of `UpAndRunning` for it (Microsoft, "Integrating IM applications with Office"):
    /// 1 while it starts, 2 once it can be asked, 0 before it goes.
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
    /// So long may a note be; Communicator's own has 500 characters.
    pub const NOTE_BYTES_MAX: usize = 2048;

    /// At the desk and willing: what somebody is who has signed in and said no more.
    pub const AVAILABLE: Self =
        Self { availability: Availability::Available, activity: None, note: None };

    /// A presence without a note.
    #[must_use]
    pub const fn new(availability: Availability, activity: Option<Activity>) -> Self {
        Self { availability, activity, note: None }
    }

    /// The same with a note.
    ///
    /// # Errors
    ///
    /// If the note cannot be shown to other programs.
    pub fn with_note(self, note: &str) -> Result<Self, TextError> {
        Ok(Self { note: Some(text(note, Self::NOTE_BYTES_MAX)?), ..self })
    }

    /// What the user has written.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_one_of_the_core() {
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
    fn a_note_is_shown_as_it_is_or_not_at_all() {
        let with = |note| Presence::AVAILABLE.with_note(note);
        assert_eq!(with("back at four").unwrap().note(), Some("back at four"));
        assert_eq!(with("a\nb"), Err(TextError::Control));
        assert_eq!(with(""), Err(TextError::Empty));
    }
}
