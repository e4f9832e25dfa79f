//! The state of the provider that other programs see.

use communicado::Timestamp;
use communicado_provider::ProviderStatus;

/// A status, with the end of a temporary presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderState {
    pub(super) status: ProviderStatus,
    /// The end of a temporary presence.
    pub(super) until: Option<Timestamp>,
}

impl ProviderState {
    /// A status with the end of its temporary presence. A status without a presence has no end.
    pub(super) fn new(status: ProviderStatus, until: Option<Timestamp>) -> Self {
        let until = until.filter(|_| status.presence().is_some());
        Self { status, until }
    }
}
