//! Reports the clients of one run of a program.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, UnknownReason};
use communicado_runtime::SourceHandle;

use super::line::ReportedClient;
use crate::client_names::ClientNames;
use crate::client_reporter::{ClientDetails, ClientReporter};

/// The clients of one run of a program, each with the state that was last reported.
pub(super) struct RunReporter {
    handle: SourceHandle,
    names: ClientNames,
    clients: BTreeMap<String, (Life, ClientDetails)>,
    /// The expected clients without a line.
    missing: BTreeSet<String>,
    is_ready: bool,
}

impl RunReporter {
    pub(super) fn new(handle: SourceHandle, names: ClientNames) -> Self {
        let missing = handle.expected().into_iter().collect();
        Self { handle, names, clients: BTreeMap::new(), missing, is_ready: false }
    }

    /// Reports the state of a client, which replaces its earlier state as one change.
    pub(super) fn report(&mut self, reported: ReportedClient) {
        let ReportedClient { client, life, details } = reported;
        let name = self.names.reported(&client);
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

    /// Ends the snapshot if every expected client has a line.
    pub(super) fn update_ready(&mut self) {
        if !self.is_ready && self.missing.is_empty() && !self.clients.is_empty() {
            self.is_ready = true;
            self.handle.ready();
        }
    }

    /// Reports that all clients are unknown, because the program has ended.
    pub(super) fn withdraw(&mut self) {
        for name in std::mem::take(&mut self.clients).into_keys() {
            if let Ok(client) = self.handle.open(&name) {
                client.report_life(Life::Unknown(UnknownReason::SourceLost), None);
            }
        }
    }
}
