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
    /// Whether an earlier protocol was on a bus. The provider that the first request finds may have
    /// run before, so it is not reported as starting.
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
mod tests {
    use std::time::Duration;

    use communicado_core::Availability;

    use super::super::account::{AccountProperties, PropertyValue};
    use super::*;
    use crate::sign_in::AccountSignIn;

    const KEEPALIVE: Keepalive =
        Keepalive { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) };
    const PATH: &str = "/org/communicado/Provider1/account1";

    /// A protocol with its pending calls and its reports.
    struct ProtocolFixture {
        protocol: ProviderProtocol,
        now: Moment,
        pending: Vec<(u32, ProviderCall)>,
        reported: Vec<String>,
    }

    impl ProtocolFixture {
        fn start() -> Self {
            let mut fixture = Self {
                protocol: ProviderProtocol::new(KEEPALIVE, false),
                now: Moment::START,
                pending: Vec::new(),
                reported: Vec::new(),
            };
            let effects = fixture.protocol.start();
            let owner = effects
                .requests
                .iter()
                .find(|(_, request)| *request == ProviderRequest::Owner)
                .expect("a request for the owner")
                .0;
            fixture.apply(effects);
            let reply = ProviderInput::Reply(ProviderReply::Owner(":1.7".to_owned()));
            let effects = fixture.protocol.handle(fixture.now, reply, Some(owner));
            fixture.apply(effects);
            fixture
        }

        fn apply(&mut self, effects: ProviderEffects) {
            for (number, request) in effects.requests {
                if let ProviderRequest::Provider { call, .. } = request {
                    self.pending.push((number, call));
                }
            }
            for report in effects.reports {
                self.reported.push(match report {
                    ClientReport::Open { instance, .. } => format!("open {instance}"),
                    ClientReport::Life { instance, life } => format!("{instance} {life:?}"),
                    ClientReport::Ready => "ready".to_owned(),
                    ClientReport::Details { instance, details, .. } => {
                        let sign_ins = details.accounts.values().map(|sign_in| {
                            if let AccountSignIn::SignedIn { raw, .. } = sign_in {
                                return raw.clone();
                            }
                            format!("{sign_in:?}")
                        });
                        format!("{instance} {}", sign_ins.collect::<Vec<_>>().join(","))
                    }
                });
            }
        }

        fn reply(&mut self, call: ProviderCall, reply: ProviderReply) {
            let at = self
                .pending
                .iter()
                .position(|(_, pending)| *pending == call)
                .expect("the call is pending");
            let (number, _) = self.pending.remove(at);
            let effects = self.protocol.handle(self.now, ProviderInput::Reply(reply), Some(number));
            self.apply(effects);
        }

        fn reply_to_all(&mut self, status: &str, availability: &str) {
            self.reply(ProviderCall::Flag, ProviderReply::Flag(2));
            let accounts = BTreeMap::from([(PATH.to_owned(), account(status, availability))]);
            self.reply(ProviderCall::Accounts, ProviderReply::Accounts(accounts));
        }

        fn signal(&mut self, sender: &str, signal: ProviderSignal) {
            let input = ProviderInput::Signal { sender: sender.to_owned(), signal };
            let effects = self.protocol.handle(self.now, input, None);
            self.apply(effects);
        }

        fn owner(&mut self, old: &str, new: &str) {
            let input = ProviderInput::Owner { old: old.to_owned(), new: new.to_owned() };
            let effects = self.protocol.handle(self.now, input, None);
            self.apply(effects);
        }

        fn wait(&mut self, seconds: u64) {
            self.now = self.now.after(Duration::from_secs(seconds));
            let (effects, _) = self.protocol.advance(self.now);
            self.apply(effects);
        }

        #[track_caller]
        fn expect_reports(&mut self, expected: &[&str]) {
            assert_eq!(std::mem::take(&mut self.reported), expected);
        }
    }

    fn account(status: &str, availability: &str) -> AccountProperties {
        let texts = [("Name", "alice"), ("Status", status), ("Availability", availability)];
        let text =
            |(name, text): (&str, &str)| (name.to_owned(), PropertyValue::Text(text.to_owned()));
        texts.into_iter().map(text).collect()
    }

    fn change(name: &str, text: &str) -> ProviderSignal {
        let changed =
            AccountProperties::from([(name.to_owned(), PropertyValue::Text(text.to_owned()))]);
        ProviderSignal::Account { path: PATH.to_owned(), changed }
    }

    #[test]
    fn the_first_report_follows_all_replies() {
        let mut fixture = ProtocolFixture::start();
        fixture.expect_reports(&["open 1", "1 Starting"]);
        fixture.reply_to_all("signed-in", "busy");
        fixture.expect_reports(&["1 busy", "1 Running", "ready"]);
        fixture.signal(":1.7", change("Availability", "away"));
        fixture.expect_reports(&["1 away"]);
    }

    #[test]
    fn a_signal_before_a_pending_reply_applies_after_it() {
        let mut fixture = ProtocolFixture::start();
        fixture.signal(":1.7", change("Availability", Availability::Away.word()));
        fixture.expect_reports(&["open 1", "1 Starting"]);
        fixture.reply_to_all("signed-in", "busy");
        fixture.expect_reports(&["1 away", "1 Running", "ready"]);
    }

    #[test]
    fn signals_of_other_senders_are_ignored() {
        let mut fixture = ProtocolFixture::start();
        fixture.reply_to_all("signed-in", "busy");
        fixture.reported.clear();
        fixture.signal(":1.9", change("Status", "signed-out"));
        fixture.expect_reports(&[]);
    }

    #[test]
    fn a_replaced_provider_is_absent_before_the_next_one_starts() {
        let mut fixture = ProtocolFixture::start();
        fixture.reply_to_all("signed-in", "busy");
        fixture.reported.clear();
        fixture.owner(":1.7", ":1.8");
        fixture.expect_reports(&["1 Absent", "open 2", "2 Starting"]);
        fixture.signal(":1.7", change("Availability", "away"));
        fixture.expect_reports(&[]);
        fixture.pending.retain(|(number, _)| *number > 6);
        fixture.reply_to_all("signed-out", "");
        fixture.expect_reports(&["2 SignedOut(None)", "2 Running"]);
    }

    #[test]
    fn a_hung_provider_is_unknown_and_restarts_when_it_responds() {
        let mut fixture = ProtocolFixture::start();
        fixture.reply_to_all("signed-in", "busy");
        fixture.reported.clear();
        fixture.wait(30);
        assert_eq!(fixture.pending.len(), 1, "a liveness check is pending");
        fixture.wait(5);
        fixture.expect_reports(&["1 Unknown(NotResponding)"]);
        fixture.wait(600);
        fixture.expect_reports(&[]);
        fixture.reply(ProviderCall::Flag, ProviderReply::Flag(2));
        fixture.expect_reports(&["open 2"]);
        fixture.reply_to_all("signed-in", "away");
        fixture.expect_reports(&["2 away", "2 Running"]);
    }

    #[test]
    fn a_liveness_reply_renews_the_report_without_details() {
        let mut fixture = ProtocolFixture::start();
        fixture.reply_to_all("signed-in", "busy");
        fixture.reported.clear();
        fixture.wait(30);
        fixture.reply(ProviderCall::Flag, ProviderReply::Flag(2));
        fixture.expect_reports(&["1 Running"]);
    }

    #[test]
    fn an_incompatible_owner_of_the_name_is_unknown() {
        let mut fixture = ProtocolFixture::start();
        fixture.reported.clear();
        fixture.reply(ProviderCall::Flag, ProviderReply::Invalid);
        fixture.expect_reports(&["1 Unknown(NotSupported)", "ready"]);
        fixture.reply(ProviderCall::Accounts, ProviderReply::Invalid);
        fixture.expect_reports(&[]);
    }

    #[test]
    fn the_reports_of_a_shutdown_are_in_order() {
        let mut fixture = ProtocolFixture::start();
        fixture.reply_to_all("signed-in", "busy");
        fixture.reported.clear();
        fixture.signal(":1.7", change("Status", "signed-out"));
        fixture.signal(":1.7", ProviderSignal::Flag(0));
        fixture.owner(":1.7", "");
        fixture.expect_reports(&["1 SignedOut(None)", "1 ShuttingDown", "1 Absent"]);
    }

    #[test]
    fn a_starting_provider_is_not_running() {
        let mut fixture = ProtocolFixture::start();
        fixture.reported.clear();
        fixture.reply(ProviderCall::Flag, ProviderReply::Flag(1));
        fixture.reply(ProviderCall::Accounts, ProviderReply::Accounts(BTreeMap::new()));
        fixture.expect_reports(&["1 ", "1 Starting", "ready"]);
        let added =
            ProviderSignal::Account { path: PATH.to_owned(), changed: account("signed-out", "") };
        fixture.signal(":1.7", added);
        fixture.signal(":1.7", ProviderSignal::Flag(2));
        fixture.expect_reports(&["1 SignedOut(None)", "1 Running"]);
    }
}
