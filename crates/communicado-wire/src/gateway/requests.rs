//! Requests to a gateway, and the short responses to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_core::{Activity, Availability};
use serde::{Deserialize, Serialize};

use super::View;
use super::json::to_json;
use crate::{Client, Status, Timestamp};

/// A device's publication of its clients: `PUT /v1/people/{id}/devices/{device}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The version of the format.
    pub v: u8,
    /// The duration of the lease in milliseconds. Each publication renews it.
    #[serde(deserialize_with = "crate::number::whole")]
    pub lease_ms: u64,
    /// The clients of the device.
    pub clients: Vec<Client>,
}

/// The response to a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The last change of the person.
    pub revision: u64,
    /// The expiry of the lease.
    pub lease_until: Timestamp,
}

/// A manual status: `PUT /v1/people/{id}/manual`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// `signed-in` or `signed-out`.
    pub status: Status,
    /// The availability; only with `signed-in`.
    #[serde(default, with = "crate::words::availability")]
    pub availability: Option<Availability>,
    /// The activity; only with `signed-in`.
    #[serde(default, with = "crate::words::activity")]
    pub activity: Option<Activity>,
    /// The person's note for others.
    #[serde(default)]
    pub note: Option<Arc<str>>,
    /// The time at which the person expects to be back.
    #[serde(default)]
    pub returns: Option<Timestamp>,
    /// The duration in milliseconds; until cleared if absent.
    #[serde(default, deserialize_with = "crate::number::perhaps_whole")]
    pub for_ms: Option<u64>,
}

/// A new person: `POST /v1/people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The id.
    pub id: Arc<str>,
    /// The name; the id if absent.
    #[serde(default)]
    pub name: Option<Arc<str>>,
    /// The groups.
    #[serde(default)]
    pub groups: Vec<Arc<str>>,
    /// The names of the person at the issuer of OpenID Connect, in addition to the id.
    #[serde(default)]
    pub sign_in: Vec<Arc<str>>,
}

/// A change of a person: `PATCH /v1/people/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alter {
    /// The name.
    #[serde(default)]
    pub name: Option<Arc<str>>,
    /// The complete list of groups.
    #[serde(default)]
    pub groups: Option<Vec<Arc<str>>>,
    /// The complete list of names at the issuer.
    #[serde(default)]
    pub sign_in: Option<Vec<Arc<str>>>,
    /// Enables or disables the public badge. A newly enabled badge has a new pseudonym.
    #[serde(default)]
    pub badge: Option<bool>,
}

/// A person with the fields for the person and administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPerson {
    /// The public fields and the devices.
    #[serde(flatten)]
    pub person: super::Person,
    /// The pseudonym of the badge, if enabled.
    pub badge: Option<Arc<str>>,
    /// The names of the person at the issuer, in addition to the id.
    #[serde(default)]
    pub sign_in: Vec<Arc<str>>,
}

/// A permission of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Publish device status and manual status.
    Publish,
    /// Read people.
    Read,
    /// Administer people and tokens.
    Administer,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::Publish, Self::Read, Self::Administer];

    /// The name of the scope.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Read => "read",
            Self::Administer => "administer",
        }
    }
}

/// A new token: `POST /v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// The purpose, in words.
    pub name: Arc<str>,
    /// The permissions.
    pub scopes: Vec<Scope>,
    /// The owner. The token publishes for this person only. Without the scope `publish`, it also
    /// reads only this person.
    #[serde(default)]
    pub person: Option<Arc<str>>,
    /// The only group whose people the token reads.
    #[serde(default)]
    pub group: Option<Arc<str>>,
    /// The view on people; `availability` if absent.
    #[serde(default)]
    pub view: Option<View>,
    /// The lifetime in milliseconds; until revoked if absent.
    #[serde(default, deserialize_with = "crate::number::perhaps_whole")]
    pub for_ms: Option<u64>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The id, for revocation.
    pub id: Arc<str>,
    /// The purpose.
    pub name: Arc<str>,
    /// The permissions.
    pub scopes: Vec<Scope>,
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
    /// The id of the token whose session created it; it ends with that token.
    #[serde(default)]
    pub created_by: Option<Arc<str>>,
    /// The number of open browser sessions of this token.
    #[serde(default)]
    pub sessions: usize,
    /// The last use of the token or of its sessions; `null` if there was none.
    #[serde(default)]
    pub last_used: Option<Timestamp>,
}

/// A new token with its secret, which no later response contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The value for `Authorization: Bearer`.
    pub secret: Arc<str>,
    /// The other fields.
    #[serde(flatten)]
    pub token: Token,
}

/// All tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The tokens, by id.
    pub tokens: Vec<Token>,
}

/// A browser's sign-in: `POST /v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The token.
    pub token: Arc<str>,
}

/// A screen that waits for an administrator: `POST /v1/pairings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// The code that the screen shows.
    pub code: Arc<str>,
    /// The secret with which the screen asks for its session.
    pub secret: Arc<str>,
    /// The expiry of both.
    pub expires: Timestamp,
}

/// The confirmation of a code: `POST /v1/pairings/confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPairing {
    /// The code that the screen shows.
    pub code: Arc<str>,
    /// The name of the screen's token.
    pub name: Arc<str>,
    /// The only group that the screen shows.
    #[serde(default)]
    pub group: Option<Arc<str>>,
}

/// A screen's question for its session: `POST /v1/pairings/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairingSession {
    /// The secret of the screen.
    pub secret: Arc<str>,
}

/// The identity of a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The person whose status it may set.
    pub person: Option<Arc<str>>,
    /// The name of the person or of the token.
    pub name: Option<Arc<str>>,
    /// The permissions; none if signed out.
    pub scopes: Vec<Scope>,
    /// The view on people.
    pub view: Option<View>,
    /// The title of the board, if configured.
    #[serde(default)]
    pub title: Option<Arc<str>>,
    /// True if the board has a logo, at `/logo`.
    #[serde(default)]
    pub logo: bool,
    /// The display names of groups, by id.
    #[serde(default)]
    pub group_names: BTreeMap<Arc<str>, Arc<str>>,
    /// The issuer where people sign in, if configured.
    pub oidc: Option<Issuer>,
}

/// The issuer where people sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// The display name.
    pub name: Arc<str>,
    /// The URL of the sign-in.
    pub href: Arc<str>,
}

/// The readers of a person: `GET /v1/people/{id}/audience`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// The person.
    pub id: Arc<str>,
    /// The readers, by the time of the first read.
    pub readers: Vec<AudienceEntry>,
}

/// A reader of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudienceEntry {
    /// The id of the token.
    pub token: Arc<str>,
    /// The purpose of the token; `null` if it no longer exists.
    pub name: Option<Arc<str>>,
    /// The owner of the token.
    pub person: Option<Arc<str>>,
    /// The time of the first read.
    pub first: Timestamp,
}

impl Publish {
    /// Parses a publication of a device.
    ///
    /// # Errors
    ///
    /// If the text is not a publication; the error names the problem and its position.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}

to_json!(
    Published, Session, Token, Created, Tokens, Audience, OwnPerson, NewToken, NewPerson, Alter,
    Publish, Manual, Pairing
);
