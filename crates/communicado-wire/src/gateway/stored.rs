//! The stored state of a gateway, in its file or in a bucket. Later versions read it too.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Scope, View};
use crate::{Client, Status, Timestamp};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The version of the format.
    pub v: u8,
    /// The id.
    pub id: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The groups.
    pub groups: Vec<Arc<str>>,
    /// The names of the person at the issuer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign_in: Vec<Arc<str>>,
    /// The devices.
    pub devices: Vec<Device>,
    /// The manual status.
    pub manual: Option<Manual>,
    /// The pseudonym of the badge.
    pub badge: Option<Arc<str>>,
    /// The last change that each view saw.
    pub seen: Facets,
}

/// The last change that each view saw.
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
    /// The revision.
    pub revision: u64,
    /// The time of the change.
    pub at: Timestamp,
    /// The start of the visible status.
    pub since: Timestamp,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The id.
    pub device: Arc<str>,
    /// The start of its status.
    pub since: Timestamp,
    /// The position of the last change of its status among those of the person's devices.
    ///
    /// An older version did not store it.
    #[serde(default)]
    pub changed: u64,
    /// The time of its last publication.
    pub seen: Timestamp,
    /// The duration of the lease in milliseconds.
    pub lease_ms: u64,
    /// The time of lease expiry, if expired.
    pub expired: Option<Timestamp>,
    /// The published clients.
    pub clients: Vec<Client>,
}

/// A manual status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// `signed-in` or `signed-out`.
    pub status: Status,
    /// The availability.
    #[serde(with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// The activity.
    #[serde(with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The note.
    pub note: Option<Arc<str>>,
    /// The time at which the person expects to be back.
    pub returns: Option<Timestamp>,
    /// The time at which it was set.
    pub said: Timestamp,
    /// The expiry.
    pub until: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The version of the format.
    pub v: u8,
    /// The id.
    pub id: Arc<str>,
    /// The SHA-256 of the secret, in hexadecimal.
    pub hash: Arc<str>,
    /// The purpose.
    pub name: Arc<str>,
    /// The permissions.
    pub scopes: Scopes,
    /// The owner.
    pub person: Option<Arc<str>>,
    /// The only group whose people the token reads.
    pub group: Option<Arc<str>>,
    /// The view on people.
    pub view: View,
    /// The time of creation.
    pub created: Timestamp,
    /// The expiry.
    pub expires: Option<Timestamp>,
    /// The token that opened this browser session; the session ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_of: Option<Arc<str>>,
    /// The token whose session created this one; it ends with that token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Arc<str>>,
    /// The last use, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
}

/// The NATS bucket of a gateway, for commands that run without the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The version of the format.
    pub v: u8,
    /// The servers, comma-separated.
    pub servers: String,
    /// The name of the bucket.
    pub bucket: String,
    /// The number of servers that store the bucket.
    pub replicas: usize,
}

impl Token {
    /// The id of the parent, if there is one.
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

/// A set of scopes, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    publish: bool,
    read: bool,
    administer: bool,
}

impl Scopes {
    /// True if the set contains `scope`.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        match scope {
            Scope::Publish => self.publish,
            Scope::Read => self.read,
            Scope::Administer => self.administer,
        }
    }

    /// The scopes, in order.
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

            /// Parses the object.
            ///
            /// # Errors
            ///
            /// If the text is not such an object; the error names the problem and its position.
            pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
                serde_json::from_str(text)
            }
        }
    )*};
}

json_form!(Person, Token, Bucket);
