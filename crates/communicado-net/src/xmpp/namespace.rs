//! The namespaces of XMPP.

pub(super) const CLIENT: &str = "jabber:client";
pub(super) const STREAM: &str = "http://etherx.jabber.org/streams";
pub(super) const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
pub(super) const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
pub(super) const ROSTER: &str = "jabber:iq:roster";
pub(super) const PING: &str = "urn:xmpp:ping";
