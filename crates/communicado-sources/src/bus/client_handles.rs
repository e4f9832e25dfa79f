//! Reports of a protocol on the bus, passed on to the runtime.

use std::collections::BTreeMap;
use std::time::Duration;

use communicado_core::{Fact, Life, StatusStart};
use communicado_runtime::SourceHandle;

use super::effects::ClientReport;
use crate::client_reporter::ClientReporter;

/// Reporters of all client instances, by the protocol's instance numbers.
pub(crate) struct ClientHandles {
    handle: SourceHandle,
    lease: Duration,
    open: BTreeMap<u32, ClientReporter>,
}

impl ClientHandles {
    pub(crate) const fn new(handle: SourceHandle, lease: Duration) -> Self {
        Self { handle, lease, open: BTreeMap::new() }
    }

    /// Passes all reports on, in order, and returns whether the initial snapshot is complete.
    pub(crate) fn report(&mut self, reports: &mut Vec<ClientReport>) -> bool {
        let mut is_ready = false;
        for report in reports.drain(..) {
            match report {
                ClientReport::Ready => is_ready = true,
                ClientReport::Open { instance, client } => {
                    // If there are too many clients, the runtime notifies the user.
                    if let Ok(client) = self.handle.open(&client) {
                        self.open.insert(instance, ClientReporter::new(client));
                    }
                }
                ClientReport::Details { instance, before, details } => {
                    if let Some(reporter) = self.open.get_mut(&instance)
                        && reporter.report_details(&before.unwrap_or_default(), &details)
                    {
                        reporter.report_life(Life::Running, Some(self.lease));
                    }
                }
                ClientReport::Life { instance, life } => {
                    if let Some(reporter) = self.open.get(&instance) {
                        reporter.report_life(life, lease(life, self.lease));
                    }
                    if life == Life::Absent {
                        self.open.remove(&instance);
                    }
                }
            }
        }
        is_ready
    }

    /// Reports whether a client runs that has no instance on the bus, and since when, if known.
    pub(crate) fn report_life(&self, client: &str, life: Life, began: Option<StatusStart>) {
        if let Ok(open) = self.handle.open(client) {
            open.report_with_start(Fact::Life(life, lease(life, self.lease)), began);
        }
    }

    /// Reports all expected clients except `running` as absent.
    pub(crate) fn report_rest_absent<'a>(&self, running: impl Iterator<Item = &'a str> + Clone) {
        for client in self.handle.expected() {
            if !running.clone().any(|name| name == client) {
                self.report_life(&client, Life::Absent, None);
            }
        }
    }
}

/// The lease of a report; `None` if the report does not expire.
const fn lease(life: Life, lease: Duration) -> Option<Duration> {
    match life {
        Life::Starting | Life::Running | Life::ShuttingDown => Some(lease),
        Life::Unknown(_) | Life::Absent => None,
    }
}
