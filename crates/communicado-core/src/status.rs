//! The status of a client or of one of its accounts.

use crate::Presence;

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

/// The reason why a status is unknown.
///
/// Of two reasons for the same moment, the later in this list wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownReason {
    /// The source cannot see the sign-in of this client.
    NotSupported,
    /// The lease of the last observation expired without a renewal.
    LeaseExpired,
    /// The client runs but does not answer.
    NotResponding,
    /// The client denies access, for example because it runs as administrator.
    AccessDenied,
    /// The source has failed.
    SourceLost,
}

impl UnknownReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [
        Self::NotSupported,
        Self::LeaseExpired,
        Self::NotResponding,
        Self::AccessDenied,
        Self::SourceLost,
    ];

    /// The word for this value in JSON and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotSupported => "not-supported",
            Self::LeaseExpired => "lease-expired",
            Self::NotResponding => "not-responding",
            Self::AccessDenied => "access-denied",
            Self::SourceLost => "source-lost",
        }
    }
}

/// The reason why a sign-in failed, or why the server ended it.
///
/// The kinds are those of libpurple's `PurpleConnectionError`; the reasons of other clients map to
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignInFailure {
    /// The server is unreachable, or the connection broke.
    NetworkError,
    /// The user name is not valid.
    InvalidUsername,
    /// The server rejected the password or another credential.
    AuthenticationFailed,
    /// Client and server have no authentication method in common.
    AuthenticationImpossible,
    /// Encryption is required but not available.
    NoEncryption,
    /// Encryption failed.
    EncryptionError,
    /// The same account signed in elsewhere.
    SignedInElsewhere,
    /// A setting of the account is not valid.
    InvalidSettings,
    /// The server's certificate is missing, expired, revoked or untrusted for another reason.
    CertificateError,
    /// Another reason, for which the client has no word.
    OtherError,
    /// The client reports a failed sign-in without a reason.
    Unstated,
}

impl SignInFailure {
    /// All kinds of failure.
    pub const ALL: [Self; 11] = [
        Self::NetworkError,
        Self::InvalidUsername,
        Self::AuthenticationFailed,
        Self::AuthenticationImpossible,
        Self::NoEncryption,
        Self::EncryptionError,
        Self::SignedInElsewhere,
        Self::InvalidSettings,
        Self::CertificateError,
        Self::OtherError,
        Self::Unstated,
    ];

    /// The word for this value in JSON and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NetworkError => "network-error",
            Self::InvalidUsername => "invalid-username",
            Self::AuthenticationFailed => "authentication-failed",
            Self::AuthenticationImpossible => "authentication-impossible",
            Self::NoEncryption => "no-encryption",
            Self::EncryptionError => "encryption-error",
            Self::SignedInElsewhere => "signed-in-elsewhere",
            Self::InvalidSettings => "invalid-settings",
            Self::CertificateError => "certificate-error",
            Self::OtherError => "other-error",
            Self::Unstated => "sign-in-failed",
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
        let presence =
            Presence { availability: Availability::Away, activity: None, raw: Symbol(3) };
        assert_eq!(Status::SignedIn(presence).presence(), Some(presence));
        assert_eq!(Status::SignedIn(presence).reason(), None);
        assert_eq!(Status::Unknown(UnknownReason::SourceLost).reason(), Some("source-lost"));
        assert_eq!(
            Status::SignedOut(Some(SignInFailure::AuthenticationFailed)).reason(),
            Some("authentication-failed")
        );
    }
}
