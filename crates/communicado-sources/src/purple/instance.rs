//! One instance of a libpurple client: its pending calls and what the source has reported. Pure.

use std::collections::BTreeSet;

use communicado_core::{Life, Moment};

use super::client::PurpleClient;
use super::message::PurpleCall;
use super::requests::PurpleEffects;
use crate::bus::{ClientReport, InstanceState};
use crate::client_reporter::ClientDetails;
use crate::keepalive::Keepalive;

/// One instance of a client.
#[derive(Debug)]
pub(super) struct PurpleInstance {
    pub(super) client: PurpleClient,
    /// The reported name, unique on the bus.
    pub(super) name: Option<String>,
    /// The name without the number that makes it unique.
    pub(super) kind: Option<String>,
    /// The instance number of its reports.
    pub(super) number: Option<u32>,
    pub(super) reported: Option<ClientDetails>,
    /// Calls without a reply. The client sends signals and replies in one order, so a pending
    /// reply is newer than every signal so far. No call needs to be pending twice.
    pub(super) pending: BTreeSet<PurpleCall>,
    /// The moment of the last message from the client, or of the last liveness check.
    pub(super) quiet_since: Moment,
    pub(super) renewed_at: Moment,
    pub(super) state: InstanceState,
}

impl PurpleInstance {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            client: PurpleClient::default(),
            name: None,
            kind: None,
            number: None,
            reported: None,
            pending: BTreeSet::new(),
            quiet_since: now,
            renewed_at: now,
            state: InstanceState::Pending,
        }
    }

    /// The moment of the next liveness check, or of the timeout of the pending calls.
    pub(super) fn deadline(&self, keepalive: Keepalive) -> Option<Moment> {
        self.state.deadline(!self.pending.is_empty(), self.quiet_since, keepalive)
    }

    pub(super) fn report_details(&mut self, now: Moment, effects: &mut PurpleEffects) {
        let (Some(details), Some(instance)) = (self.client.details(), self.number) else { return };
        if self.reported.as_ref() == Some(&details) {
            return;
        }
        let before = self.reported.replace(details.clone());
        effects.reports.push(ClientReport::Details { instance, before, details });
        if self.state != InstanceState::Known {
            self.state = InstanceState::Known;
            self.report_running(now, effects);
        }
        self.client.reset_invalid_replies();
    }

    pub(super) fn report_running(&mut self, now: Moment, effects: &mut PurpleEffects) {
        self.renewed_at = now;
        self.report_life(Life::Running, effects);
    }

    pub(super) fn report_life(&self, life: Life, effects: &mut PurpleEffects) {
        effects.reports.extend(self.number.map(|instance| ClientReport::Life { instance, life }));
    }
}
