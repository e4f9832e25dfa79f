//! Output of a protocol on the bus: requests to send and reports for the runtime.

use communicado_core::Life;

use crate::client_reporter::ClientDetails;

/// Requests to send, each with its number.
pub(crate) type Requests<R> = Vec<(u32, R)>;

/// Effects for the caller of a protocol to carry out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Effects<R> {
    pub(crate) requests: Requests<R>,
    /// Reports, in order.
    pub(crate) reports: Vec<ClientReport>,
}

impl<R> Default for Effects<R> {
    fn default() -> Self {
        Self { requests: Vec::new(), reports: Vec::new() }
    }
}

/// A report about one instance of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientReport {
    /// A new instance of the client with this name.
    Open { instance: u32, client: String },
    /// The accounts and the saved status. Accounts that only `before` has are gone.
    Details { instance: u32, before: Option<ClientDetails>, details: ClientDetails },
    /// True if the client runs.
    Life { instance: u32, life: Life },
    /// The initial snapshot is complete.
    Ready,
}
