//! What is known of a client or of one of its accounts.

use crate::Presence;

/// What is known of a client or an account.
///
/// Presence exists only inside `SignedIn`: "busy but signed out" cannot be written down, so no
/// sink has to decide what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It does not run.
    Absent,
    /// It runs and cannot be asked yet.
    Starting,
    /// It runs and nobody is signed in; why, if the last sign-in failed.
    SignedOut(Option<Failure>),
    /// It is signing in.
    SigningIn,
    /// It is signed in.
    SignedIn(Presence),
    /// It is signing out.
    SigningOut,
    /// It says that it is about to end.
    ShuttingDown,
    /// It cannot be judged, and why.
    Unknown(UnknownReason),
}

impl Status {
    /// Every word, in the order of a client's life.
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

    /// The word for it, as written everywhere.
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

    /// The word for its reason, where it has one.
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

    /// The presence of a signed-in one.
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

/// Why a client cannot be judged.
///
/// Where two are claimed for the same moment, the later in this list is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownReason {
    /// The source cannot see sign-ins of this client.
    NotSupported,
    /// What was known was not renewed in time.
    LeaseExpired,
    /// The client runs and does not answer.
    NotResponding,
    /// The client may not be asked, for instance because it runs as administrator.
    AccessDenied,
    /// The source can see no longer.
    SourceLost,
}

impl UnknownReason {
    /// Every doubt.
    pub const ALL: [Self; 5] = [
        Self::NotSupported,
        Self::LeaseExpired,
        Self::NotResponding,
        Self::AccessDenied,
        Self::SourceLost,
    ];

    /// The word for it, as written everywhere.
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

/// Why a sign-in failed or was ended by the other side.
///
/// The kinds are those that libpurple's `PurpleConnectionError` tells apart; other clients'
/// reasons map onto them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The server cannot be reached, or the connection to it broke.
    NetworkError,
    /// The user name is not valid.
    InvalidUsername,
    /// The password or another credential was refused.
    AuthenticationFailed,
    /// There is no way to authenticate that both sides know.
    AuthenticationImpossible,
    /// Encryption was asked for and cannot be had.
    NoEncryption,
    /// Encryption failed.
    EncryptionError,
    /// The same account signed in elsewhere.
    SignedInElsewhere,
    /// A setting of the account is not valid.
    InvalidSettings,
    /// The server's certificate is missing, expired, revoked or otherwise not to be trusted.
    CertificateError,
    /// Another reason, which the client gives no word for.
    OtherError,
    /// The client says that a sign-in failed and no longer says why.
    Unstated,
}

impl Failure {
    /// Every kind of failure.
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

    /// The word for it, as written everywhere.
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
    use crate::{Activity, Availability, Token};
    use alloc::vec::Vec;

    #[test]
    fn every_word_is_written_in_one_way_and_once() {
        let mut words: Vec<&str> = Vec::new();
        words.extend(Status::WORDS);
        words.extend(UnknownReason::ALL.map(UnknownReason::word));
        words.extend(Failure::ALL.map(Failure::word));
        for word in &words {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{word}");
        }
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn words_lead_back_to_what_they_name() {
        for each in Availability::ALL {
            assert_eq!(Availability::from_word(each.word()), Some(each));
        }
        for each in Activity::ALL {
            assert_eq!(Activity::from_word(each.word()), Some(each));
        }
        assert_eq!(Availability::from_word("Available"), None);
    }

    #[test]
    fn reason_and_presence_belong_to_one_status_each() {
        let presence = Presence { availability: Availability::Away, activity: None, raw: Token(3) };
        assert_eq!(Status::SignedIn(presence).presence(), Some(presence));
        assert_eq!(Status::SignedIn(presence).reason(), None);
        assert_eq!(Status::Unknown(UnknownReason::SourceLost).reason(), Some("source-lost"));
        assert_eq!(
            Status::SignedOut(Some(Failure::AuthenticationFailed)).reason(),
            Some("authentication-failed")
        );
    }
}
