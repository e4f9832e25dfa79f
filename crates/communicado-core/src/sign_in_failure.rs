//! The reason of a failed sign-in.

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
