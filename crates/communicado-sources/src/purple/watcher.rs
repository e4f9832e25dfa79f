//! All libpurple clients on one bus. Pure: messages and the time go in, requests and reports come
//! out.
//!
//! The first client owns the well-known name. The others queue for it, and reply on their unique
//! names. The watcher addresses each client by its unique name, so it never confuses two clients.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, Moment, UnknownReason};

use super::client::{NAMELESS, PurpleClient};
use super::instance::PurpleInstance;
use super::message::{BusCall, MEMBERS, NAME, PurpleCall, PurpleInput, PurpleReply, PurpleSignal};
use super::requests::{PurpleEffects, PurplePending, PurpleRequest, TracedCall};
use crate::bus::{ClientReport, InstanceState};
use crate::keepalive::Keepalive;

/// The maximum number of clients watched on one bus.
const INSTANCES_MAX: usize = 32;
/// The maximum number of remembered senders that are not clients.
const IGNORED_SENDERS_MAX: usize = 64;

/// The known clients: process name, reported name and ID of the user interface.
pub(super) const KNOWN_CLIENTS: &[(&str, &str, &str)] = &[
    ("finch", "finch", "gnt-purple"),
    ("pidgin", "pidgin", "gtk-gaim"),
    ("chatty", "chatty", "chatty-ui"),
];

/// Watcher of all libpurple clients on one bus.
pub(super) struct PurpleWatcher {
    keepalive: Keepalive,
    instances: BTreeMap<String, PurpleInstance>,
    /// The requests that await a reply, by number.
    pending: BTreeMap<u32, PurplePending>,
    last_request: u32,
    last_instance: u32,
    ignored_senders: BTreeSet<String>,
    owners_known: bool,
    is_ready: bool,
    /// True if an earlier watcher was on a bus. The clients that the first requests find may have
    /// run before, so they are not reported as starting.
    is_reconnect: bool,
}

impl PurpleWatcher {
    pub(super) const fn new(keepalive: Keepalive, is_reconnect: bool) -> Self {
        Self {
            keepalive,
            instances: BTreeMap::new(),
            pending: BTreeMap::new(),
            last_request: 0,
            last_instance: 0,
            ignored_senders: BTreeSet::new(),
            owners_known: false,
            is_ready: false,
            is_reconnect,
        }
    }

    /// Subscribes to signals, then requests the owners of the name.
    pub(super) fn start(&mut self) -> PurpleEffects {
        let mut effects = PurpleEffects::default();
        self.request_bus(BusCall::MatchOwner(NAME.to_owned()), &mut effects);
        for member in MEMBERS {
            self.request_bus(BusCall::Match(member), &mut effects);
        }
        self.request_bus(BusCall::Owners, &mut effects);
        effects
    }

    /// Handles a signal, a reply or a change of owner.
    pub(super) fn handle(&mut self, now: Moment, input: PurpleInput) -> PurpleEffects {
        let mut effects = PurpleEffects::default();
        match input {
            PurpleInput::Owner { name, old, new } if name == NAME => {
                self.remove_instance(&old, &mut effects);
                self.add_instance(now, &new, &mut effects);
            }
            PurpleInput::Owner { name, new, .. } => {
                if new.is_empty() {
                    self.remove_instance(&name, &mut effects);
                }
            }
            PurpleInput::Signal { sender, signal } => {
                self.handle_signal(now, &sender, signal, &mut effects)
            }
            PurpleInput::Reply { to, reply } => self.handle_reply(now, to, reply, &mut effects),
        }
        self.report_if_ready(&mut effects);
        effects
    }

    /// Handles the name of a client's process.
    pub(super) fn handle_process_name(&mut self, unique: &str, process: &str) -> PurpleEffects {
        let mut effects = PurpleEffects::default();
        let known = KNOWN_CLIENTS.iter().find(|(_, known, _)| *known == process);
        if let Some((_, kind, _)) = known
            && self.instances.get(unique).is_some_and(|instance| instance.name.is_none())
        {
            self.open_as_starting(unique, kind, &mut effects);
        }
        effects
    }

    /// Handles elapsed deadlines, and returns the next deadline.
    pub(super) fn advance(&mut self, now: Moment) -> (PurpleEffects, Option<Moment>) {
        let mut effects = PurpleEffects::default();
        let due = |instance: &PurpleInstance, keepalive| {
            instance.deadline(keepalive).is_some_and(|deadline| deadline <= now)
        };
        let keepalive = self.keepalive;
        let late = self.instances.iter().filter(|(_, instance)| due(instance, keepalive));
        for unique in late.map(|(unique, _)| unique.clone()).collect::<Vec<_>>() {
            let Some(instance) = self.instances.get_mut(&unique) else { continue };
            instance.quiet_since = now;
            match (instance.state, instance.pending.is_empty()) {
                (InstanceState::Incompatible, true) => self.restart(now, &unique, &mut effects),
                (_, true) => self.request(&unique, [PurpleCall::Accounts], &mut effects),
                (_, false) => self.report_unknown(
                    &unique,
                    InstanceState::Hung,
                    UnknownReason::NotResponding,
                    &mut effects,
                ),
            }
        }
        self.report_if_ready(&mut effects);
        let next =
            self.instances.values().filter_map(|instance| instance.deadline(self.keepalive)).min();
        (effects, next)
    }

    /// The names of the clients on the bus.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.instances.values().filter_map(|instance| instance.name.as_deref())
    }

    fn add_instance(&mut self, now: Moment, unique: &str, effects: &mut PurpleEffects) {
        if unique.is_empty()
            || self.instances.contains_key(unique)
            || self.instances.len() >= INSTANCES_MAX
        {
            return;
        }
        self.ignored_senders.remove(unique);
        self.instances.insert(unique.to_owned(), PurpleInstance::new(now));
        self.request_bus(BusCall::MatchOwner(unique.to_owned()), effects);
        self.request_bus(BusCall::Process(unique.to_owned()), effects);
        self.request(unique, PurpleClient::FIRST, effects);
    }

    fn remove_instance(&mut self, unique: &str, effects: &mut PurpleEffects) {
        let Some(instance) = self.instances.remove(unique) else { return };
        self.request_bus(BusCall::UnmatchOwner(unique.to_owned()), effects);
        self.pending.retain(|_, pending| !pending.is_about(unique));
        instance.report_life(Life::Absent, effects);
    }

    fn handle_signal(
        &mut self,
        now: Moment,
        sender: &str,
        signal: PurpleSignal,
        effects: &mut PurpleEffects,
    ) {
        let Some(instance) = self.instances.get_mut(sender) else {
            // The sender may be a new client in the queue, which sends no other notice.
            if self.ignored_senders.len() < IGNORED_SENDERS_MAX
                && self.ignored_senders.insert(sender.to_owned())
            {
                self.request_bus(BusCall::Owners, effects);
            }
            return;
        };
        if signal == PurpleSignal::Quitting {
            instance.state = InstanceState::Quitting;
            instance.report_life(Life::ShuttingDown, effects);
            return;
        }
        // After a restart the client still handles the signal, so that no failure is lost.
        let restarted = self.mark_alive(now, sender, effects);
        let Some(instance) = self.instances.get_mut(sender) else { return };
        let calls = instance.client.handle_signal(signal);
        match instance.state {
            InstanceState::Known => {
                // The report precedes the confirmation: sinks do not wait for replies.
                instance.report_details(now, effects);
                self.request(sender, calls, effects);
            }
            InstanceState::Pending | InstanceState::Incompatible if !restarted => {
                self.request(sender, calls, effects)
            }
            InstanceState::Pending
            | InstanceState::Incompatible
            | InstanceState::Hung
            | InstanceState::Quitting => {}
        }
    }

    fn handle_reply(
        &mut self,
        now: Moment,
        to: u32,
        reply: PurpleReply,
        effects: &mut PurpleEffects,
    ) {
        match self.pending.remove(&to) {
            None => {}
            Some(PurplePending::Owners) => {
                self.owners_known = true;
                if let PurpleReply::Texts(owners) = reply {
                    for owner in owners {
                        self.add_instance(now, &owner, effects);
                    }
                }
            }
            // The protocol looks the process up and calls `handle_process_name`.
            Some(PurplePending::Process(_)) => {}
            Some(PurplePending::Client { instance: unique, call }) => {
                let Some(instance) = self.instances.get_mut(&unique) else { return };
                instance.pending.remove(&call);
                if reply.is_from_the_bus() {
                    return;
                }
                let calls = instance.client.handle_reply(call, reply);
                let replied_to_all = instance.pending.is_empty() && calls.is_empty();
                let is_incompatible = instance.client.is_incompatible(replied_to_all);
                if self.mark_alive(now, &unique, effects) {
                    return;
                }
                if is_incompatible {
                    self.mark_incompatible(&unique, effects);
                } else {
                    self.request(&unique, calls, effects);
                    self.report_learned(now, &unique, effects);
                }
            }
        }
    }

    /// The unique name in request number `to`, if that is for a process ID.
    pub(super) fn pending_process(&self, to: u32) -> Option<&str> {
        match self.pending.get(&to)? {
            PurplePending::Process(unique) => Some(unique),
            PurplePending::Owners | PurplePending::Client { .. } => None,
        }
    }

    /// The call with this request number, while it awaits a reply.
    pub(super) fn pending_call(&self, number: u32) -> Option<TracedCall> {
        self.pending.get(&number).map(PurplePending::traced)
    }

    /// The request number of a call that awaits a reply.
    pub(super) fn find(&self, call: &TracedCall) -> Option<u32> {
        let found = self.pending.iter().find(|(_, pending)| pending.traced() == *call);
        found.map(|(number, _)| *number)
    }

    /// The request numbers of calls for messages of statuses that await a reply.
    pub(super) fn pending_messages(&self) -> Vec<u32> {
        let is_message = |pending: &PurplePending| {
            matches!(pending, PurplePending::Client { call: PurpleCall::Message(_), .. })
        };
        let found = self.pending.iter().filter(|(_, pending)| is_message(pending));
        found.map(|(number, _)| *number).collect()
    }

    /// Notes a message from a client, and returns whether the client had hung and was restarted.
    fn mark_alive(&mut self, now: Moment, unique: &str, effects: &mut PurpleEffects) -> bool {
        let keepalive = self.keepalive;
        let Some(instance) = self.instances.get_mut(unique) else { return false };
        instance.quiet_since = now;
        if instance.state != InstanceState::Hung {
            if instance.state == InstanceState::Known
                && now.since(instance.renewed_at) >= keepalive.interval / 2
            {
                instance.report_running(now, effects);
            }
            return false;
        }
        self.restart(now, unique, effects);
        true
    }

    /// Starts a new instance for a client and repeats the first requests.
    fn restart(&mut self, now: Moment, unique: &str, effects: &mut PurpleEffects) {
        let Some(instance) = self.instances.get_mut(unique) else { return };
        let client = std::mem::take(&mut instance.client).into_restarted();
        *instance = PurpleInstance {
            client,
            name: instance.name.take(),
            kind: instance.kind.take(),
            ..PurpleInstance::new(now)
        };
        let name = instance.name.clone();
        self.pending.retain(|_, pending| !pending.is_about(unique));
        if let Some(name) = name {
            self.open(unique, name, effects);
        }
        self.request(unique, PurpleClient::FIRST, effects);
    }

    /// Reports what a reply has revealed.
    fn report_learned(&mut self, now: Moment, unique: &str, effects: &mut PurpleEffects) {
        let Some(instance) = self.instances.get(unique) else { return };
        let Some(ui) = instance.client.ui() else { return };
        let known = KNOWN_CLIENTS.iter().find(|(.., id)| *id == ui);
        let kind = known.map_or(ui, |(_, kind, _)| kind).to_owned();
        if instance.kind.as_ref() != Some(&kind) {
            self.open_as_starting(unique, &kind, effects);
        }
        let Some(instance) = self.instances.get_mut(unique) else { return };
        if instance.state != InstanceState::Quitting {
            instance.report_details(now, effects);
        }
        if instance.state == InstanceState::Known && instance.pending.is_empty() {
            let calls = instance.client.prefetch();
            self.request(unique, calls, effects);
        }
    }

    fn mark_incompatible(&mut self, unique: &str, effects: &mut PurpleEffects) {
        self.pending.retain(|_, pending| !pending.is_about(unique));
        if let Some(instance) = self.instances.get_mut(unique) {
            instance.pending.clear();
        }
        self.report_unknown(
            unique,
            InstanceState::Incompatible,
            UnknownReason::NotSupported,
            effects,
        );
    }

    /// Reports the status of a client as unknown, under a default name if it has none.
    fn report_unknown(
        &mut self,
        unique: &str,
        state: InstanceState,
        reason: UnknownReason,
        effects: &mut PurpleEffects,
    ) {
        if self.instances.get(unique).is_some_and(|instance| instance.name.is_none()) {
            self.open_by_kind(unique, NAMELESS, effects);
        }
        let Some(instance) = self.instances.get_mut(unique) else { return };
        (instance.state, instance.reported) = (state, None);
        instance.report_life(Life::Unknown(reason), effects);
    }

    /// Opens a client by its kind, and reports it as starting unless it may have run before.
    fn open_as_starting(&mut self, unique: &str, kind: &str, effects: &mut PurpleEffects) {
        self.open_by_kind(unique, kind, effects);
        if self.is_ready || !self.is_reconnect {
            let (instance, life) = (self.last_instance, Life::Starting);
            effects.reports.push(ClientReport::Life { instance, life });
        }
    }

    fn open_by_kind(&mut self, unique: &str, kind: &str, effects: &mut PurpleEffects) {
        let taken: BTreeSet<&str> = self.names().collect();
        let more = (2..).map(|number| format!("{kind}-{number}"));
        let name =
            std::iter::once(kind.to_owned()).chain(more).find(|name| !taken.contains(&**name));
        let Some(instance) = self.instances.get_mut(unique) else { return };
        instance.kind = Some(kind.to_owned());
        instance.report_life(Life::Absent, effects);
        self.open(unique, name.unwrap_or_else(|| kind.to_owned()), effects);
    }

    fn open(&mut self, unique: &str, client: String, effects: &mut PurpleEffects) {
        self.last_instance += 1;
        let instance = self.last_instance;
        if let Some(known) = self.instances.get_mut(unique) {
            (known.name, known.number, known.reported) =
                (Some(client.clone()), Some(instance), None);
            effects.reports.push(ClientReport::Open { instance, client });
        }
    }

    fn report_if_ready(&mut self, effects: &mut PurpleEffects) {
        let is_settled = |instance: &PurpleInstance| instance.state != InstanceState::Pending;
        if !self.is_ready && self.owners_known && self.instances.values().all(is_settled) {
            self.is_ready = true;
            effects.reports.push(ClientReport::Ready);
        }
    }

    fn request(
        &mut self,
        unique: &str,
        calls: impl IntoIterator<Item = PurpleCall>,
        effects: &mut PurpleEffects,
    ) {
        let Some(instance) = self.instances.get_mut(unique) else { return };
        for call in calls {
            if !instance.pending.insert(call) {
                continue;
            }
            self.last_request = self.last_request.wrapping_add(1);
            let pending = PurplePending::Client { instance: unique.to_owned(), call };
            self.pending.insert(self.last_request, pending);
            effects
                .requests
                .push((self.last_request, PurpleRequest::Client { to: unique.to_owned(), call }));
        }
    }

    fn request_bus(&mut self, call: BusCall, effects: &mut PurpleEffects) {
        self.last_request = self.last_request.wrapping_add(1);
        match &call {
            BusCall::Owners => {
                self.pending.insert(self.last_request, PurplePending::Owners);
            }
            BusCall::Process(unique) => {
                self.pending.insert(self.last_request, PurplePending::Process(unique.clone()));
            }
            BusCall::Match(_) | BusCall::MatchOwner(_) | BusCall::UnmatchOwner(_) => {}
        }
        effects.requests.push((self.last_request, PurpleRequest::Bus(call)));
    }
}
