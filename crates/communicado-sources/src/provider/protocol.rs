//! The owner of the provider's name on one bus. Pure: messages and the time go in, requests and
//! reports come out.
//!
//! The protocol addresses the provider by its unique name, so it never confuses two instances.

use std::collections::BTreeMap;

use communicado_core::{Life, Moment, UnknownReason};
use zbus::Message;

use super::instance::{Assessment, ProviderInstance};
use super::message::{ProviderCall, ProviderInput, ProviderReply, ProviderRequest, ProviderSignal};
use crate::bus::{self, BusProtocol, ClientProtocol, ClientReport, InstanceState};
use crate::keepalive::Keepalive;

/// The name of the provider as a client.
const CLIENT: &str = "provider";

type ProviderEffects = bus::Effects<ProviderRequest>;

/// Protocol with the owner of the provider's name on one bus.
pub(super) struct ProviderProtocol {
    keepalive: Keepalive,
    instance: Option<ProviderInstance>,
    pending: BTreeMap<u32, ProviderPending>,
    last_request: u32,
    last_instance: u32,
    is_owner_known: bool,
    is_ready: bool,
    /// True if an earlier protocol was on a bus. The provider that the first request finds may
    /// have run before, so it is not reported as starting.
    is_reconnect: bool,
}

/// A request that awaits a reply.
#[derive(Debug)]
enum ProviderPending {
    Owner,
    Provider { unique: String, call: ProviderCall },
}

impl ProviderProtocol {
    pub(super) const fn new(keepalive: Keepalive, is_reconnect: bool) -> Self {
        Self {
            keepalive,
            instance: None,
            pending: BTreeMap::new(),
            last_request: 0,
            last_instance: 0,
            is_owner_known: false,
            is_ready: false,
            is_reconnect,
        }
    }

    fn handle(&mut self, now: Moment, input: ProviderInput, to: Option<u32>) -> ProviderEffects {
        let mut effects = ProviderEffects::default();
        match input {
            ProviderInput::Owner { old, new } => {
                self.is_owner_known = true;
                self.remove_instance(&old, &mut effects);
                self.add_instance(now, &new, &mut effects);
            }
            ProviderInput::Signal { sender, signal } => {
                self.handle_signal(now, &sender, signal, &mut effects)
            }
            ProviderInput::Reply(reply) => {
                if let Some(request) = to.and_then(|to| self.pending.remove(&to)) {
                    self.handle_reply(now, &request, reply, &mut effects);
                }
            }
        }
        self.report_if_ready(&mut effects);
        effects
    }

    fn add_instance(&mut self, now: Moment, unique: &str, effects: &mut ProviderEffects) {
        if unique.is_empty()
            || self.instance.as_ref().is_some_and(|instance| instance.unique == unique)
        {
            return;
        }
        self.restart(now, unique.to_owned(), effects);
        if self.is_ready || !self.is_reconnect {
            let instance = self.last_instance;
            effects.reports.push(ClientReport::Life { instance, life: Life::Starting });
        }
    }

    /// Starts a new instance for the owner of the name, and sends the first requests.
    fn restart(&mut self, now: Moment, unique: String, effects: &mut ProviderEffects) {
        self.pending.retain(|_, pending| matches!(pending, ProviderPending::Owner));
        self.last_instance += 1;
        let instance = self.last_instance;
        self.instance = Some(ProviderInstance::new(unique, instance, now));
        effects.reports.push(ClientReport::Open { instance, client: CLIENT.to_owned() });
        self.request(ProviderCall::Flag, effects);
        self.request(ProviderCall::Accounts, effects);
    }

    fn remove_instance(&mut self, unique: &str, effects: &mut ProviderEffects) {
        let Some(instance) = self.instance.take_if(|instance| instance.unique == unique) else {
            return;
        };
        self.pending.retain(|_, pending| matches!(pending, ProviderPending::Owner));
        let instance = instance.number;
        effects.reports.push(ClientReport::Life { instance, life: Life::Absent });
    }

    fn handle_signal(
        &mut self,
        now: Moment,
        sender: &str,
        signal: ProviderSignal,
        effects: &mut ProviderEffects,
    ) {
        let Some(instance) = self.instance.as_mut().filter(|instance| instance.unique == sender)
        else {
            return;
        };
        instance.quiet_since = now;
        if instance.state == InstanceState::Hung {
            // The replies after the restart include the signal's change.
            let unique = instance.unique.clone();
            return self.restart(now, unique, effects);
        }
        let needs_accounts = instance.handle_signal(signal);
        self.report(now, effects);
        if needs_accounts {
            self.request(ProviderCall::Accounts, effects);
        }
    }

    fn handle_reply(
        &mut self,
        now: Moment,
        request: &ProviderPending,
        reply: ProviderReply,
        effects: &mut ProviderEffects,
    ) {
        match request {
            ProviderPending::Owner => {
                // A signal may have shown a newer owner since the request.
                if let ProviderReply::Owner(unique) = reply
                    && !self.is_owner_known
                {
                    self.add_instance(now, &unique, effects);
                }
                self.is_owner_known = true;
            }
            ProviderPending::Provider { unique, call } => {
                let Some(instance) =
                    self.instance.as_mut().filter(|instance| instance.unique == *unique)
                else {
                    return;
                };
                instance.pending.remove(call);
                if reply == ProviderReply::FromBus {
                    return;
                }
                instance.quiet_since = now;
                if instance.state == InstanceState::Hung {
                    let unique = instance.unique.clone();
                    return self.restart(now, unique, effects);
                }
                if instance.handle_reply(*call, reply) {
                    self.report(now, effects);
                } else {
                    self.report_unknown(
                        InstanceState::Incompatible,
                        UnknownReason::NotSupported,
                        effects,
                    );
                }
            }
        }
    }

    /// Reports the provider, if its state has changed or the report needs renewal.
    fn report(&mut self, now: Moment, effects: &mut ProviderEffects) {
        let keepalive = self.keepalive;
        let Some(instance) = &mut self.instance else { return };
        let (life, details) = match instance.assessment() {
            Assessment::Incomplete => return,
            Assessment::NotSupported => {
                return self.report_unknown(
                    InstanceState::Incompatible,
                    UnknownReason::NotSupported,
                    effects,
                );
            }
            Assessment::Known(life, details) => (life, details),
        };
        let number = instance.number;
        if instance.state == InstanceState::Incompatible {
            let unique = instance.unique.clone();
            // An incompatible instance stays so. A new one may be compatible.
            if instance.pending.is_empty() {
                self.restart(now, unique, effects);
            }
            return;
        }
        instance.state = InstanceState::Known;
        let is_same_life = instance.reported.as_ref().is_some_and(|(before, _)| *before == life);
        let before = instance.reported.take().map(|(_, details)| details);
        // A provider that shuts down signs out first, so its accounts stay as they were.
        let details =
            if life == Life::ShuttingDown { before.clone().unwrap_or_default() } else { details };
        if before.as_ref() != Some(&details) {
            effects.reports.push(ClientReport::Details {
                instance: number,
                before,
                details: details.clone(),
            });
        }
        if !is_same_life || now.since(instance.renewed_at) >= keepalive.interval / 2 {
            instance.renewed_at = now;
            effects.reports.push(ClientReport::Life { instance: number, life });
        }
        instance.reported = Some((life, details));
    }

    /// Reports the status of the name's owner as unknown.
    fn report_unknown(
        &mut self,
        state: InstanceState,
        reason: UnknownReason,
        effects: &mut ProviderEffects,
    ) {
        let Some(instance) = self.instance.as_mut().filter(|instance| instance.state != state)
        else {
            return;
        };
        (instance.state, instance.reported) = (state, None);
        let (instance, life) = (instance.number, Life::Unknown(reason));
        effects.reports.push(ClientReport::Life { instance, life });
    }

    fn report_if_ready(&mut self, effects: &mut ProviderEffects) {
        let is_settled =
            self.instance.as_ref().is_none_or(|instance| instance.state != InstanceState::Pending);
        if !self.is_ready && self.is_owner_known && is_settled {
            self.is_ready = true;
            effects.reports.push(ClientReport::Ready);
        }
    }

    fn request(&mut self, call: ProviderCall, effects: &mut ProviderEffects) {
        let Some(instance) = &mut self.instance else { return };
        if !instance.pending.insert(call) {
            return;
        }
        let unique = instance.unique.clone();
        self.last_request = self.last_request.wrapping_add(1);
        self.pending
            .insert(self.last_request, ProviderPending::Provider { unique: unique.clone(), call });
        effects.requests.push((self.last_request, ProviderRequest::Provider { to: unique, call }));
    }
}

impl ClientProtocol for ProviderProtocol {
    fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.instance.is_some().then_some(CLIENT).into_iter()
    }
}

impl BusProtocol for ProviderProtocol {
    type Request = ProviderRequest;

    fn start(&mut self) -> ProviderEffects {
        let mut effects = ProviderEffects::default();
        for request in ProviderRequest::subscriptions().chain([ProviderRequest::Owner]) {
            self.last_request = self.last_request.wrapping_add(1);
            if request == ProviderRequest::Owner {
                self.pending.insert(self.last_request, ProviderPending::Owner);
            }
            effects.requests.push((self.last_request, request));
        }
        effects
    }

    fn handle_message(
        &mut self,
        now: Moment,
        message: &Message,
        to: Option<u32>,
    ) -> ProviderEffects {
        match ProviderInput::decode(message) {
            Some(input) => self.handle(now, input, to),
            None => ProviderEffects::default(),
        }
    }

    fn advance(&mut self, now: Moment) -> (ProviderEffects, Option<Moment>) {
        let mut effects = ProviderEffects::default();
        let deadline =
            self.instance.as_ref().and_then(|instance| instance.deadline(self.keepalive));
        if let Some(instance) = &mut self.instance
            && deadline.is_some_and(|deadline| deadline <= now)
        {
            instance.quiet_since = now;
            match (instance.state, instance.pending.is_empty()) {
                (InstanceState::Incompatible, true) => {
                    let unique = instance.unique.clone();
                    self.restart(now, unique, &mut effects);
                }
                (_, true) => self.request(ProviderCall::Flag, &mut effects),
                (_, false) => self.report_unknown(
                    InstanceState::Hung,
                    UnknownReason::NotResponding,
                    &mut effects,
                ),
            }
        }
        self.report_if_ready(&mut effects);
        (effects, self.instance.as_ref().and_then(|instance| instance.deadline(self.keepalive)))
    }
}

#[cfg(test)]
mod tests;
