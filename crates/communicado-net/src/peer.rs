//! The words for a peer.

/// The words for a peer in messages.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The noun for the peer, such as `gateway`.
    pub noun: &'static str,
    /// The option that names its CA.
    pub ca_option: &'static str,
    /// The advice for a certificate of another name.
    pub name_help: &'static str,
}

impl Peer {
    /// A peer with a certificate for the host in its address.
    #[must_use]
    pub const fn new(noun: &'static str, ca_option: &'static str) -> Self {
        Self { noun, ca_option, name_help: "use the name in the certificate as the address" }
    }
}
