//! The words for a peer.

/// The words for a peer in messages.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The noun for the peer, such as `gateway`.
    pub noun: &'static str,
    /// The option that names its CA.
    pub ca_option: &'static str,
}
