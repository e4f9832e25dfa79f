//! A person, as a gateway reports one.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Serialize};

use crate::{Client, Status, Timestamp};

/// The part of a person that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Only whether the person is in, and since when.
    InOut,
    /// Also the availability.
    Availability,
    /// Also the activity and the note.
    Everything,
}

impl View {
    /// All views, from the least to the most.
    pub const ALL: [Self; 3] = [Self::InOut, Self::Availability, Self::Everything];

    /// The name of the view.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InOut => "in-out",
            Self::Availability => "availability",
            Self::Everything => "everything",
        }
    }

    /// The view with the name `word`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.word() == word)
    }
}

/// The public state of one person.
///
/// Every key is present, in this order, with three exceptions. The view `in-out` lacks the keys of
/// [`Presence`]. Only the person and administrators get `devices`. Only changes have `before`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The version of the format.
    pub v: u8,
    /// The person's id.
    pub id: Arc<str>,
    /// The person's name.
    pub name: Arc<str>,
    /// The person's groups.
    pub groups: Vec<Arc<str>>,
    /// The last change of the person that is visible in this view.
    pub revision: u64,
    /// The time of that change.
    pub at: Timestamp,
    /// The status and its presence; absent in the view `in-out`.
    #[serde(flatten)]
    pub presence: Option<Presence>,
    /// The start of this status, including its presence and reason.
    pub since: Timestamp,
    /// The person's note for others: that of the manual status, or else that of the client which
    /// determines the status.
    pub note: Option<Arc<str>>,
    /// The time at which the person expects to be back.
    pub returns: Option<Timestamp>,
    /// True if the person is in: signed in and not invisible; `null` if unknown.
    #[serde(rename = "in")]
    pub is_in: Option<bool>,
    /// The person's devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<Device>>,
    /// The state before a change; `null` for the first change of a person.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Option<Before>>,
}

/// The status of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The status: the manual status, or that of the device which determines it.
    pub status: Status,
    /// The availability; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// The activity; only when signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The reason for `signed-out` or `unknown`, if there is one.
    pub reason: Option<Arc<str>>,
    /// True if the status is manual.
    pub manual: bool,
}

/// The state before a change. The view `in-out` has only `in`, and the others have no `in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The availability.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::words::present_availability"
    )]
    pub availability: Option<Option<Availability>>,
    /// True if the person was in.
    #[serde(
        default,
        rename = "in",
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_in: Option<Option<bool>>,
}

/// The state of one of a person's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The device's id.
    pub device: Arc<str>,
    /// The best status among its clients.
    pub status: Status,
    /// The availability there; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// The activity there; only when signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The reason for `signed-out` or `unknown`, if there is one.
    pub reason: Option<Arc<str>>,
    /// The start of this status, including its presence and reason.
    pub since: Timestamp,
    /// The time of the device's last publication.
    pub seen: Timestamp,
    /// The expiry of the lease.
    pub lease_until: Timestamp,
    /// The clients in the last publication.
    pub clients: Vec<Client>,
}

impl Person {
    /// The object as one line of JSON, without the line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::json::json(self)
    }
}

/// Distinguishes a key with the value `null` from an absent key.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
