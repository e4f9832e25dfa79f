//! A client of an XMPP server: sign-in, roster, presence and ping (RFC 6120, RFC 6121, XEP-0199).
//!
//! [`Negotiation`] gets from the first byte to a bound resource, and [`XmppSession`] keeps the
//! connection from then on. Both are pure: bytes and moments go in, events and bytes come out.
//! `connection` connects them with a socket and TLS.
//!
//! **Invariant:** the password leaves this computer only as the proof of SCRAM.

mod address;
mod connection;
mod element;
mod failure;
mod namespace;
mod negotiation;
mod presence;
mod scram;
mod session;
mod stream_reader;

pub use address::{AccountAddress, ServerAddress};
pub use connection::{XmppClient, XmppConnection};
pub use negotiation::{Negotiation, NegotiationEvent};
pub use presence::{Presence, PresenceKind};
pub use session::{RosterItem, XmppEvent, XmppSession};
