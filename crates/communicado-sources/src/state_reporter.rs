//! Reports clients whose whole state a source learns at once.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, UnknownReason};
use communicado_runtime::SourceHandle;

use crate::client_names::ClientNames;
use crate::client_reporter::{ClientDetails, ClientReporter};

/// The clients of one run of a source, each with the state that was last reported.
pub(crate) struct StateReporter {
    handle: SourceHandle,
    names: ClientNames,
    clients: BTreeMap<String, (Life, ClientDetails)>,
    /// The expected clients without a state.
    missing: BTreeSet<String>,
    is_ready: bool,
}

impl StateReporter {
    pub(crate) fn new(handle: SourceHandle, names: ClientNames) -> Self {
        let missing = handle.expected().into_iter().collect();
        Self { handle, names, clients: BTreeMap::new(), missing, is_ready: false }
    }

    /// Reports the state of a client, which replaces its earlier state as one change.
    pub(crate) fn report(&mut self, client: &str, life: Life, details: ClientDetails) {
        let name = self.names.reported(client);
        let state = (life, details);
        if self.clients.get(&name) == Some(&state) {
            return;
        }
        // The runtime itself notifies the user of a limit.
        let Ok(client) = self.handle.open(&name) else { return };
        let mut reporter = ClientReporter::new(client);
        reporter.report_details(&ClientDetails::default(), &state.1);
        reporter.report_life(state.0, None);
        self.missing.remove(&name);
        self.clients.insert(name, state);
    }

    /// Ends the snapshot if every expected client has a state.
    pub(crate) fn update_ready(&mut self) {
        if self.missing.is_empty() && !self.clients.is_empty() {
            self.end_snapshot();
        }
    }

    /// Returns whether the snapshot has ended.
    pub(crate) const fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Ends the snapshot.
    pub(crate) fn end_snapshot(&mut self) {
        if !self.is_ready {
            self.is_ready = true;
            self.handle.ready();
        }
    }

    /// Reports that all clients are unknown, because the source has lost them.
    pub(crate) fn withdraw(&mut self) {
        for name in std::mem::take(&mut self.clients).into_keys() {
            if let Ok(client) = self.handle.open(&name) {
                client.report_life(Life::Unknown(UnknownReason::SourceLost), None);
            }
        }
    }
}
