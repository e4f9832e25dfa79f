//! State of one instance of a client on the bus.

use communicado_core::Moment;

use crate::keepalive::Keepalive;

/// State of one instance of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstanceState {
    /// The client has not replied to all first requests.
    Pending,
    /// The client has replied. Its accounts are known.
    Known,
    /// The client does not reply.
    Hung,
    /// The client replies, but not by this protocol.
    Incompatible,
    /// The client has announced that it quits.
    Quitting,
}

impl InstanceState {
    /// The moment of the next liveness check, or of the timeout of the pending requests.
    pub(crate) fn deadline(
        self,
        has_pending: bool,
        quiet_since: Moment,
        keepalive: Keepalive,
    ) -> Option<Moment> {
        match (self, has_pending) {
            // A hung client replies to its pending requests when it continues.
            (Self::Hung, true) | (Self::Quitting, _) => None,
            (Self::Pending | Self::Known | Self::Hung | Self::Incompatible, false) => {
                Some(quiet_since.after(keepalive.interval))
            }
            (Self::Pending | Self::Known | Self::Incompatible, true) => {
                Some(quiet_since.after(keepalive.timeout))
            }
        }
    }
}
