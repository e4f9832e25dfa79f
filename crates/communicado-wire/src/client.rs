//! The object that every listener gets.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Status, Timestamp};

/// The version of the form, in the key `v`.
pub const VERSION: u8 = 1;

/// What is believed about one client, and what was believed before.
///
/// Its JSON is one line: every key is always there, in this order, but for `missed` (only after
/// changes were missed), `before` (not in a snapshot that was asked for once) and the `name` of an
/// account (only where the client says it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The version of this form.
    #[serde(deserialize_with = "version")]
    pub v: u8,
    /// The change after which this was believed; 0 before the first one.
    #[serde(deserialize_with = "crate::number::whole")]
    pub revision: u64,
    /// When that change was made.
    pub at: Timestamp,
    /// The client's name.
    pub client: Arc<str>,
    /// Its status.
    pub status: Status,
    /// Whether its user can be reached; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// What its user is doing; only when signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The client's own word for the presence.
    pub raw: Option<Arc<str>>,
    /// Why it is signed out or unknown, where there is a reason.
    pub reason: Option<Arc<str>>,
    /// When this status, its presence and reason included, began.
    pub since: Timestamp,
    /// The source that says so.
    pub source: Arc<str>,
    /// The status that the user has chosen in the client, in the client's own word.
    pub saved: Option<Arc<str>>,
    /// The client's accounts.
    pub accounts: Vec<Account>,
    /// How many changes, of whatever client, the listener missed before this.
    #[serde(default, deserialize_with = "crate::number::whole", skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// The status before; `null` for the first that is told of a client.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Option<Status>>,
}

/// What is believed about one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's name, as the client has it.
    pub account: Arc<str>,
    /// The protocol that it speaks, in the client's words.
    pub protocol: Arc<str>,
    /// The name by which the client shows the account's user to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// Its status.
    pub status: Status,
    /// Whether its user can be reached; only when signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// What its user is doing; only when signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The client's own word for the presence.
    pub raw: Option<Arc<str>>,
    /// Why it is signed out or unknown, where there is a reason.
    pub reason: Option<Arc<str>>,
    /// When this status, its presence and reason included, began.
    pub since: Timestamp,
}

impl Client {
    /// The object as one line of JSON, without the line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            unreachable!("a client has only text, numbers and lists: {error}")
        })
    }

    /// Reads the object from one line of JSON.
    ///
    /// # Errors
    ///
    /// If the text is no such object: what is wrong with it, and where.
    pub fn from_json(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }

    /// Whether the client runs; nothing if that cannot be told.
    #[must_use]
    pub fn runs(&self) -> Option<bool> {
        self.status.runs(self.reason.as_deref())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let v = u8::deserialize(deserializer)?;
    if v == VERSION {
        return Ok(v);
    }
    let message = format!("version {v} of the form is not known here, only {VERSION}");
    Err(serde::de::Error::custom(message))
}

/// Tells a key that holds `null` from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Status>>, D::Error> {
    Option::<Status>::deserialize(deserializer).map(Some)
}
