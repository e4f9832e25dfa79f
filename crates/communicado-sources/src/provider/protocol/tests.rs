//! The protocol without a bus: calls, replies and reports.

use std::time::Duration;

use communicado_core::Availability;

use super::*;
use crate::provider::account::{AccountProperties, PropertyValue};
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
    let text = |(name, text): (&str, &str)| (name.to_owned(), PropertyValue::Text(text.to_owned()));
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
