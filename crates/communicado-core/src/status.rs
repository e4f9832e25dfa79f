//! The status of a client or of one of its accounts.

use crate::{Presence, SignInFailure, UnknownReason};

/// The status of a client or an account.
///
/// Only `SignedIn` has a presence: "busy but signed out" cannot be expressed, so no sink has to
/// interpret it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The client does not run.
    Absent,
    /// The client runs but does not answer yet.
    Starting,
    /// No user is signed in. There is a failure if the last sign-in failed.
    SignedOut(Option<SignInFailure>),
    /// A sign-in is in progress.
    SigningIn,
    /// A user is signed in.
    SignedIn(Presence),
    /// A sign-out is in progress.
    SigningOut,
    /// The client has announced that it exits.
    ShuttingDown,
    /// The status is unknown, for this reason.
    Unknown(UnknownReason),
}

impl Status {
    /// All words, in the order of a client's life.
    pub const WORDS: [&'static str; 8] = [
        "absent",
        "starting",
        "signed-out",
        "signing-in",
        "signed-in",
        "signing-out",
        "shutting-down",
        "unknown",
    ];

    /// The word for this value in JSON and on the command line.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::SignedOut(_) => "signed-out",
            Self::SigningIn => "signing-in",
            Self::SignedIn(_) => "signed-in",
            Self::SigningOut => "signing-out",
            Self::ShuttingDown => "shutting-down",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The word for the reason, if there is one.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::SignedOut(Some(failure)) => Some(failure.word()),
            Self::Unknown(reason) => Some(reason.word()),
            Self::Absent
            | Self::Starting
            | Self::SignedOut(None)
            | Self::SigningIn
            | Self::SignedIn(_)
            | Self::SigningOut
            | Self::ShuttingDown => None,
        }
    }

    /// Returns true if both statuses have the same content. Their notes may differ.
    #[must_use]
    pub fn has_same_condition(&self, other: &Self) -> bool {
        let without_note = |status: Self| match status {
            Self::SignedIn(presence) => Self::SignedIn(Presence { note: None, ..presence }),
            Self::Absent
            | Self::Starting
            | Self::SignedOut(_)
            | Self::SigningIn
            | Self::SigningOut
            | Self::ShuttingDown
            | Self::Unknown(_) => status,
        };
        without_note(*self) == without_note(*other)
    }

    /// The presence, if signed in.
    #[must_use]
    pub const fn presence(&self) -> Option<Presence> {
        match self {
            Self::SignedIn(presence) => Some(*presence),
            Self::Absent
            | Self::Starting
            | Self::SignedOut(_)
            | Self::SigningIn
            | Self::SigningOut
            | Self::ShuttingDown
            | Self::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activity, Availability, Symbol};
    use alloc::vec::Vec;

    #[test]
    fn every_word_is_unique_and_in_kebab_case() {
        let mut words: Vec<&str> = Vec::new();
        words.extend(Status::WORDS);
        words.extend(UnknownReason::ALL.map(UnknownReason::word));
        words.extend(SignInFailure::ALL.map(SignInFailure::word));
        for word in &words {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{word}");
        }
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn from_word_is_the_inverse_of_word() {
        for each in Availability::ALL {
            assert_eq!(Availability::from_word(each.word()), Some(each));
        }
        for each in Activity::ALL {
            assert_eq!(Activity::from_word(each.word()), Some(each));
        }
        assert_eq!(Availability::from_word("Available"), None);
    }

    #[test]
    fn only_some_statuses_have_a_reason_or_a_presence() {
        let presence = Presence {
            availability: Availability::Away,
            activity: None,
            raw: Symbol(3),
            note: None,
        };
        assert_eq!(Status::SignedIn(presence).presence(), Some(presence));
        assert_eq!(Status::SignedIn(presence).reason(), None);
        assert_eq!(Status::Unknown(UnknownReason::SourceLost).reason(), Some("source-lost"));
        assert_eq!(
            Status::SignedOut(Some(SignInFailure::AuthenticationFailed)).reason(),
            Some("authentication-failed")
        );
    }
}
