//! The closed sets of words in JSON.

use communicado_core as core;
use serde::{Deserialize, Serialize};

/// The status of a client or an account, without the reason and the presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The client does not run.
    Absent,
    /// The client runs but does not answer yet.
    Starting,
    /// The client runs, and no user is signed in.
    SignedOut,
    /// A sign-in is in progress.
    SigningIn,
    /// A user is signed in.
    SignedIn,
    /// A sign-out is in progress.
    SigningOut,
    /// The client has announced that it exits.
    ShuttingDown,
    /// The status is unknown.
    Unknown,
}

impl Status {
    /// All statuses, in the order of a client's life.
    pub const ALL: [Self; 8] = [
        Self::Absent,
        Self::Starting,
        Self::SignedOut,
        Self::SigningIn,
        Self::SignedIn,
        Self::SigningOut,
        Self::ShuttingDown,
        Self::Unknown,
    ];

    /// The word for this status in JSON and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::SignedOut => "signed-out",
            Self::SigningIn => "signing-in",
            Self::SignedIn => "signed-in",
            Self::SigningOut => "signing-out",
            Self::ShuttingDown => "shutting-down",
            Self::Unknown => "unknown",
        }
    }

    /// The status that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.word() == word)
    }

    /// Returns whether a client with this status and reason runs, or `None` if that is unknown.
    ///
    /// A client that does not answer runs.
    #[must_use]
    pub fn runs(self, reason: Option<&str>) -> Option<bool> {
        let running = [
            core::UnknownReason::NotResponding.word(),
            core::UnknownReason::AccessDenied.word(),
            core::UnknownReason::NotSupported.word(),
        ];
        match self {
            Self::Absent => Some(false),
            Self::Unknown => reason.is_some_and(|why| running.contains(&why)).then_some(true),
            Self::Starting
            | Self::SignedOut
            | Self::SigningIn
            | Self::SignedIn
            | Self::SigningOut
            | Self::ShuttingDown => Some(true),
        }
    }
}

impl From<core::Status> for Status {
    fn from(status: core::Status) -> Self {
        match status {
            core::Status::Absent => Self::Absent,
            core::Status::Starting => Self::Starting,
            core::Status::SignedOut(_) => Self::SignedOut,
            core::Status::SigningIn => Self::SigningIn,
            core::Status::SignedIn(_) => Self::SignedIn,
            core::Status::SigningOut => Self::SigningOut,
            core::Status::ShuttingDown => Self::ShuttingDown,
            core::Status::Unknown(_) => Self::Unknown,
        }
    }
}

/// Implements serde functions for words of the core, for `#[serde(with = ..)]`.
macro_rules! core_words {
    ($module:ident, $type:ty, $what:literal) => {
        pub(crate) mod $module {
            use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

            #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
            pub(crate) fn serialize<S: Serializer>(
                value: &Option<$type>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => serializer.serialize_str(value.word()),
                    None => serializer.serialize_none(),
                }
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<$type>, D::Error> {
                let Some(word) = Option::<String>::deserialize(deserializer)? else {
                    return Ok(None);
                };
                let value = <$type>::ALL.into_iter().find(|each| each.word() == word);
                value.map(Some).ok_or_else(|| {
                    let known = <$type>::ALL.map(|each| each.word()).join(", ");
                    D::Error::custom(format!(
                        "`{word}` is not a valid {}; expected one of: {known}",
                        $what
                    ))
                })
            }
        }
    };
}

core_words!(availability, communicado_core::Availability, "availability");
core_words!(activity, communicado_core::Activity, "activity");
core_words!(reason, communicado_core::UnknownReason, "reason of an unknown status");
core_words!(failure, communicado_core::SignInFailure, "reason of a failed sign-in");

/// Serde functions for a key that may be missing, `null`, or an availability.
pub(crate) mod present_availability {
    use communicado_core::Availability;
    use serde::{Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Option<Availability>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::availability::serialize(&value.flatten(), serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<Availability>>, D::Error> {
        super::availability::deserialize(deserializer).map(Some)
    }
}
