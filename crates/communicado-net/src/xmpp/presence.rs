//! A presence stanza (RFC 6121, section 4). Pure.

use super::element::Element;
use super::namespace::CLIENT;

/// A presence stanza of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The address of the account, without the resource.
    pub account: String,
    /// The resource, if the stanza is about one client of the account.
    pub resource: Option<String>,
    /// The kind of the stanza.
    pub kind: PresenceKind,
}

/// The kind of a presence stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresenceKind {
    /// The client is signed in.
    Available {
        /// The word of the client for its availability.
        show: Option<String>,
        /// The note of the user.
        status: Option<String>,
    },
    /// The client is signed out, or the whole account if there is no resource.
    Unavailable,
    /// The account asks to see the presence of this one.
    Subscribe,
    /// The server cannot get the presence of the account.
    Error,
}

impl Presence {
    /// The presence in an element. `None` for a kind that says nothing about a client.
    pub(super) fn read(element: &Element) -> Option<Self> {
        let from = element.attribute("from")?;
        let (account, resource) = match from.split_once('/') {
            Some((account, resource)) => (account, Some(resource.to_owned())),
            None => (from, None),
        };
        let text = |name| element.child(name, CLIENT).map(|child| child.text.trim().to_owned());
        let kind = match element.attribute("type") {
            None => PresenceKind::Available { show: text("show"), status: text("status") },
            Some("unavailable") => PresenceKind::Unavailable,
            Some("subscribe") => PresenceKind::Subscribe,
            Some("error") => PresenceKind::Error,
            Some(_) => return None,
        };
        Some(Self { account: account.to_owned(), resource, kind })
    }
}
