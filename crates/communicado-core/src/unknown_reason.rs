//! The reason of an unknown status.

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
    /// The source cannot see whether the client runs, for example because it has failed.
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
