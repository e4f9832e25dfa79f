//! A person, as a gateway tells of one.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Serialize};

use crate::{Client, Status, Timestamp};

/// How much of a person a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Whether the person is in, and since when.
    InOut,
    /// Also how reachable the person is.
    Availability,
    /// Also what the person is doing, and the note.
    Everything,
}

impl View {
    /// Every view, from the least to the most.
    pub const ALL: [Self; 3] = [Self::InOut, Self::Availability, Self::Everything];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InOut => "in-out",
            Self::Availability => "availability",
            Self::Everything => "everything",
        }
    }

    /// The view that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.word() == word)
    }
}

/// What is told of one person.
///
/// Every key is always there, in this order, but for those of [`Presence`], which the view
/// `in-out` lacks, `devices`, which only the person and administrators get, and `before`, which is
/// only in a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The version of this form.
    pub v: u8,
    /// The person's id.
    pub id: Arc<str>,
    /// The person's name.
    pub name: Arc<str>,
    /// The groups that the person belongs to.
    pub groups: Vec<Arc<str>>,
    /// The change after which this was so, of those that this view sees.
    pub revision: u64,
    /// When that change was made.
    pub at: Timestamp,
    /// The status and its presence; not in the view `in-out`.
    #[serde(flatten)]
    pub presence: Option<Presence>,
    /// When this status, its presence and reason included, began.
    pub since: Timestamp,
    /// What the person wants others to know.
    pub note: Option<Arc<str>>,
    /// When the person expects to be back.
    pub returns: Option<Timestamp>,
    /// Whether the person is in: signed in and not invisible; nothing if that is not known.
    #[serde(rename = "in")]
    pub is_in: Option<bool>,
    /// The person's devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<Device>>,
    /// What was so before; `null` for the first that is told of a person.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Option<Before>>,
}

/// The status of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The status: that of the most reachable device, or what the person said by hand.
    pub status: Status,
    /// Whether the person can be reached; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// What the person is doing; only when signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// Why the person is signed out or unknown, where there is a reason.
    pub reason: Option<Arc<str>>,
    /// Whether the person said so by hand.
    pub manual: bool,
}

/// What was so before a change; the view `in-out` has only `in`, the others have no `in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Whether the person could be reached.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::words::present_availability"
    )]
    pub availability: Option<Option<Availability>>,
    /// Whether the person was in.
    #[serde(
        default,
        rename = "in",
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_in: Option<Option<bool>>,
}

/// What one of a person's devices says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The device's id.
    pub device: Arc<str>,
    /// The best of its clients' statuses.
    pub status: Status,
    /// Whether the person can be reached there; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// What the person is doing there; only when signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// Why it is signed out or unknown, where there is a reason.
    pub reason: Option<Arc<str>>,
    /// When this status, its presence and reason included, began.
    pub since: Timestamp,
    /// When the device was heard of last.
    pub seen: Timestamp,
    /// Until when it is believed without being heard of again.
    pub lease_until: Timestamp,
    /// What it last said about its clients.
    pub clients: Vec<Client>,
}

impl Person {
    /// The object as one line of JSON, without the line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::json::json(self)
    }
}

/// Tells a key that holds `null` from one that is not there.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}
