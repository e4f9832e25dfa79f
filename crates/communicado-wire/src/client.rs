//! The state of a client, as every listener gets it.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Status, Timestamp};

/// The version of the JSON, in the key `v`.
pub const VERSION: u8 = 1;

/// The state of one client, and its status before.
///
/// Its JSON is one line with all keys, in this order. Only these keys are optional: `missed` (after
/// missed changes), `before` (not in a one-time snapshot), and the `name` of an account (if the
/// client reports one).
///
/// Later versions may add keys and fields, but remove none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Client {
    /// The version of the JSON.
    #[serde(deserialize_with = "version")]
    pub v: u8,
    /// The revision of the last change; 0 before the first one.
    #[serde(deserialize_with = "crate::number::whole")]
    pub revision: u64,
    /// The time of the last change.
    pub at: Timestamp,
    /// The client's name.
    pub client: Arc<str>,
    /// The status.
    pub status: Status,
    /// The availability of the user, if signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// The activity of the user, if signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The client's own word for the presence.
    pub raw: Option<Arc<str>>,
    /// The user's note for others, as plain text in one line: that of the account which gives the
    /// client its status.
    #[serde(default)]
    pub note: Option<Arc<str>>,
    /// The reason why the status is `signed-out` or `unknown`, if there is one.
    pub reason: Option<Arc<str>>,
    /// The start of this status, including presence and reason, without the note.
    ///
    /// The time of the observed change, else the start that the client states. `None` if neither
    /// is known.
    #[serde(deserialize_with = "Option::deserialize")]
    pub since: Option<Timestamp>,
    /// The source of this state.
    pub source: Arc<str>,
    /// The status that the user selected, in the client's own word. Accounts may not have applied
    /// it yet.
    pub saved: Option<Arc<str>>,
    /// The client's accounts.
    pub accounts: Vec<Account>,
    /// The number of changes, of any client, that the listener missed before this.
    #[serde(default, deserialize_with = "crate::number::whole", skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// The status before, or `null` for the first state of a client.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Option<Status>>,
}

/// The state of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Account {
    /// The name of the account in the client.
    pub account: Arc<str>,
    /// The protocol, in the client's own word.
    pub protocol: Arc<str>,
    /// The display name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// The status.
    pub status: Status,
    /// The availability of the user, if signed in.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// The activity of the user, if signed in and known.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The client's own word for the presence.
    pub raw: Option<Arc<str>>,
    /// The user's note for others, as plain text in one line.
    #[serde(default)]
    pub note: Option<Arc<str>>,
    /// The reason why the status is `signed-out` or `unknown`, if there is one.
    pub reason: Option<Arc<str>>,
    /// The start of this status, including presence and reason, without the note.
    ///
    /// The time of the observed change, else the start that the client states. `None` if neither
    /// is known.
    #[serde(deserialize_with = "Option::deserialize")]
    pub since: Option<Timestamp>,
}

impl Account {
    /// The keys of the JSON object, those that are not always present included.
    pub const KEYS: &[&str] = &[
        "account",
        "protocol",
        "name",
        "status",
        "availability",
        "activity",
        "raw",
        "note",
        "reason",
        "since",
    ];
}

impl Client {
    /// The keys of the JSON object, those that are not always present included.
    pub const KEYS: &[&str] = &[
        "v",
        "revision",
        "at",
        "client",
        "status",
        "availability",
        "activity",
        "raw",
        "note",
        "reason",
        "since",
        "source",
        "saved",
        "accounts",
        "missed",
        "before",
    ];

    /// A client with an unknown status since an unknown time, without accounts, at revision 0.
    #[must_use]
    pub fn new(client: Arc<str>, source: Arc<str>, at: Timestamp) -> Self {
        Self {
            v: VERSION,
            revision: 0,
            at,
            client,
            status: Status::Unknown,
            availability: None,
            activity: None,
            raw: None,
            note: None,
            reason: None,
            since: None,
            source,
            saved: None,
            accounts: Vec::new(),
            missed: 0,
            before: None,
        }
    }

    /// The client as one line of JSON, without the line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            unreachable!("a client has only text, numbers and lists: {error}")
        })
    }

    /// Parses a client from one line of JSON.
    ///
    /// # Errors
    ///
    /// If the text is not valid JSON of a client.
    pub fn from_json(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }

    /// Returns whether the client runs, or `None` if that is unknown.
    #[must_use]
    pub fn runs(&self) -> Option<bool> {
        self.status.runs(self.reason.as_deref())
    }
}

impl Account {
    /// An account with an unknown status since an unknown time.
    #[must_use]
    pub const fn new(account: Arc<str>, protocol: Arc<str>) -> Self {
        Self {
            account,
            protocol,
            name: None,
            status: Status::Unknown,
            availability: None,
            activity: None,
            raw: None,
            note: None,
            reason: None,
            since: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let v = u8::deserialize(deserializer)?;
    if v == VERSION {
        return Ok(v);
    }
    let message = format!("unsupported version {v} (supported: {VERSION})");
    Err(serde::de::Error::custom(message))
}

/// Distinguishes `null` from a missing key.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Status>>, D::Error> {
    Option::<Status>::deserialize(deserializer).map(Some)
}
