//! What a gateway is asked, and the short answers to it.

use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Serialize};

use super::View;
use super::json::to_json;
use crate::{Client, Status, Timestamp};

/// What a device says about its clients: `PUT /v1/people/{id}/devices/{device}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The version of this form.
    pub v: u8,
    /// For how long this is to be believed without being said again, in milliseconds.
    #[serde(deserialize_with = "crate::number::whole")]
    pub lease_ms: u64,
    /// The clients of the device.
    pub clients: Vec<Client>,
}

/// The answer to a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The last change of the person.
    pub revision: u64,
    /// Until when the device is believed.
    pub lease_until: Timestamp,
}

/// What a person says by hand: `PUT /v1/people/{id}/manual`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// `signed-in` or `signed-out`.
    pub status: Status,
    /// Whether the person can be reached; only with `signed-in`.
    #[serde(default, with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// What the person is doing; only with `signed-in`.
    #[serde(default, with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// What the person wants others to know.
    #[serde(default)]
    pub note: Option<Arc<str>>,
    /// When the person expects to be back.
    #[serde(default)]
    pub returns: Option<Timestamp>,
    /// For how long this is so, in milliseconds; until it is taken back if not given.
    #[serde(default, deserialize_with = "crate::number::perhaps_whole")]
    pub for_ms: Option<u64>,
}

/// A person to be known: `POST /v1/people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The id.
    pub id: Arc<str>,
    /// The name; the id if not given.
    #[serde(default)]
    pub name: Option<Arc<str>>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<Arc<str>>,
}

/// What is to be otherwise with a person: `PATCH /v1/people/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alter {
    /// The name.
    #[serde(default)]
    pub name: Option<Arc<str>>,
    /// The groups, all of them.
    #[serde(default)]
    pub groups: Option<Vec<Arc<str>>>,
    /// Whether there is a badge that everybody may see. Switched on anew, it has a new pseudonym.
    #[serde(default)]
    pub badge: Option<bool>,
}

/// What only the person and administrators get of a person beside the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPerson {
    /// What everybody gets, with devices.
    #[serde(flatten)]
    pub person: super::Person,
    /// The pseudonym of the badge, if it is switched on.
    pub badge: Option<Arc<str>>,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Say what a device knows, and what the person says by hand.
    Publish,
    /// Read people.
    Read,
    /// Everything else.
    Administer,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Publish, Self::Read, Self::Administer];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Read => "read",
            Self::Administer => "administer",
        }
    }
}

/// A token to be made: `POST /v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, in words.
    pub name: Arc<str>,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// Whose it is: it publishes for this person only, and without the scope `publish` it reads
    /// this person only.
    #[serde(default)]
    pub person: Option<Arc<str>>,
    /// It reads only the people of this group.
    #[serde(default)]
    pub group: Option<Arc<str>>,
    /// How much of a person it reads; `availability` if not given.
    #[serde(default)]
    pub view: Option<View>,
    /// For how long it is good, in milliseconds; until it is revoked if not given.
    #[serde(default, deserialize_with = "crate::number::perhaps_whole")]
    pub for_ms: Option<u64>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// By which it is revoked.
    pub id: Arc<str>,
    /// What it is for.
    pub name: Arc<str>,
    /// What it is good for.
    pub scopes: Vec<Scope>,
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
    /// The id of the token whose session created it; it ends with that token.
    #[serde(default)]
    pub created_by: Option<Arc<str>>,
    /// The number of browsers' sessions that were opened with it and have not ended.
    #[serde(default)]
    pub sessions: usize,
}

/// A token that was just made: the only time that its secret is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// What to send as `Authorization: Bearer`.
    pub secret: Arc<str>,
    /// The rest of it.
    #[serde(flatten)]
    pub token: Token,
}

/// All tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// By id.
    pub tokens: Vec<Token>,
}

/// Signs a browser in: `POST /v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The token.
    pub token: Arc<str>,
}

/// Who a browser is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose status it may set.
    pub person: Option<Arc<str>>,
    /// The name of the person or of the token.
    pub name: Option<Arc<str>>,
    /// What it may do; nothing if it is not signed in.
    pub scopes: Vec<Scope>,
    /// How much it reads.
    pub view: Option<View>,
    /// Where people sign in, if there is such a place.
    pub oidc: Option<Issuer>,
}

/// Where people sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// What to call it.
    pub name: Arc<str>,
    /// Where to go.
    pub href: Arc<str>,
}

/// Who reads a person: `GET /v1/people/{id}/audience`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// The person.
    pub id: Arc<str>,
    /// By when they read first.
    pub readers: Vec<AudienceEntry>,
}

/// One who has read a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceEntry {
    /// The id of the token.
    pub token: Arc<str>,
    /// What the token is for; nothing if it is no more.
    pub name: Option<Arc<str>>,
    /// Whose token it is.
    pub person: Option<Arc<str>>,
    /// When it read first.
    pub first: Timestamp,
}

impl Publish {
    /// Reads what a device says.
    ///
    /// # Errors
    ///
    /// If it says no such thing: what is wrong with it, and where.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}

to_json!(
    Published, Session, Token, Created, Tokens, Audience, OwnPerson, NewToken, NewPerson, Alter,
    Publish, Manual
);
