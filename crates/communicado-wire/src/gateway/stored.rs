//! What a gateway keeps, in its file or in a bucket: read again by the next version.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Scope, View};
use crate::{Client, Status, Timestamp};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The version of this form.
    pub v: u8,
    /// The id.
    pub id: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The groups.
    pub groups: Vec<Arc<str>>,
    /// The devices.
    pub devices: Vec<Device>,
    /// What the person said by hand.
    pub manual: Option<Manual>,
    /// The pseudonym of the badge.
    pub badge: Option<Arc<str>>,
    /// What each view saw last.
    pub seen: Facets,
}

/// What each view saw last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// The view `in-out`.
    pub in_out: Facet,
    /// The view `availability`.
    pub availability: Facet,
    /// The view `everything`.
    pub everything: Facet,
}

/// The last change that a view saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// Which.
    pub revision: u64,
    /// When it was made.
    pub at: Timestamp,
    /// When what it showed began.
    pub since: Timestamp,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The id.
    pub device: Arc<str>,
    /// When its status began.
    pub since: Timestamp,
    /// When it was heard of last.
    pub seen: Timestamp,
    /// For how long it was to be believed, in milliseconds.
    pub lease_ms: u64,
    /// When its lease ended, if it has.
    pub expired: Option<Timestamp>,
    /// What it said.
    pub clients: Vec<Client>,
}

/// What a person said by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// `signed-in` or `signed-out`.
    pub status: Status,
    /// Whether the person can be reached.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// What the person is doing.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The note.
    pub note: Option<Arc<str>>,
    /// When the person expects to be back.
    pub returns: Option<Timestamp>,
    /// When it was said.
    pub said: Timestamp,
    /// Until when it is so.
    pub until: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The version of this form.
    pub v: u8,
    /// The id.
    pub id: Arc<str>,
    /// The SHA-256 of the secret, in hexadecimal.
    pub hash: Arc<str>,
    /// What it is for.
    pub name: Arc<str>,
    /// What it is good for.
    pub scopes: Scopes,
    /// Whose it is.
    pub person: Option<Arc<str>>,
    /// Whom it reads.
    pub group: Option<Arc<str>>,
    /// How much it reads.
    pub view: View,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// The token that a browser's session was opened with; it ends with this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_of: Option<Arc<str>>,
    /// The token whose session created this one; it ends with that token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Arc<str>>,
}

impl Token {
    /// The id of the token that this one ends with, if there is one.
    #[must_use]
    pub fn parent(&self) -> Option<&Arc<str>> {
        self.session_of.as_ref().or(self.created_by.as_ref())
    }

    /// The id of the token under which limits count: a session counts as its token.
    #[must_use]
    pub fn family(&self) -> &Arc<str> {
        self.session_of.as_ref().unwrap_or(&self.id)
    }
}

/// Scopes, each once and in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    publish: bool,
    read: bool,
    administer: bool,
}

impl Scopes {
    /// Whether `scope` is among them.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        match scope {
            Scope::Publish => self.publish,
            Scope::Read => self.read,
            Scope::Administer => self.administer,
        }
    }

    /// All of them, in order.
    #[must_use]
    pub fn list(self) -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| self.has(*scope)).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut all = Self::default();
        for scope in scopes {
            match scope {
                Scope::Publish => all.publish = true,
                Scope::Read => all.read = true,
                Scope::Administer => all.administer = true,
            }
        }
        all
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Scope>::deserialize(deserializer).map(|scopes| scopes.into_iter().collect())
    }
}

macro_rules! json_form {
    ($($type:ty),*) => {$(
        impl $type {
            /// The object as one line of JSON.
            #[must_use]
            pub fn to_json(&self) -> String {
                super::json::json(self)
            }

            /// Reads the object.
            ///
            /// # Errors
            ///
            /// If the text is no such object: what is wrong with it, and where.
            pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
                serde_json::from_str(text)
            }
        }
    )*};
}

json_form!(Person, Token);
