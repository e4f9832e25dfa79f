//! `mqtt`: faults of the broker, the network and the agent. After none of them a reader sees an old
//! status as the current one.

use communicado_conformance::{
    AgentSession, BrokerKind, MqttMessage, Person, Process, Relay, Saved, Signal, ends,
    hours_from_now, within, write_zone,
};

use crate::contract::{self, Listener as _};
use crate::mqtt::{LEASE, Reader, TOPIC, allowed, configure_url};

/// A broker, a reader, and an agent that has reported a user as available.
struct Reported {
    agent: Process,
    person: Person,
    reader: Reader,
    fixture: AgentSession,
}

impl Reported {
    fn to(kind: BrokerKind) -> Self {
        let (fixture, reader) = allowed(kind, "");
        Self::with(fixture, reader)
    }

    /// Reports over a relay, with this lease.
    fn over_relay(lease: &str) -> (Self, Relay) {
        let fixture = AgentSession::new("");
        let reader = Reader::start(BrokerKind::Mosquitto, &fixture);
        let relay = Relay::to(reader.broker.port());
        configure_url(&fixture, &format!("mqtt://127.0.0.1:{}", relay.port()), lease, "");
        fixture.expect_success(&["allow", "mqtt", "--yes"]);
        (Self::with(fixture, reader), relay)
    }

    fn with(fixture: AgentSession, mut reader: Reader) -> Self {
        let agent = fixture.agent();
        let person = fixture.person();
        contract::knows(&mut reader, "signed-in", "available");
        Self { agent, person, reader, fixture }
    }

    /// The state that a new reader gets first.
    #[track_caller]
    fn retained(&self) -> MqttMessage {
        let late = self.reader.broker.subscribe(TOPIC);
        let first = within("the broker has a state", || late.messages().into_iter().next());
        assert!(first.retained, "{first:?}");
        first
    }

    /// Checks that an old reader and a new one know that nobody reports.
    #[track_caller]
    fn nobody_reports(&mut self) {
        contract::forgets(&mut self.reader);
        let retained = self.retained();
        assert_eq!(retained.body["state"], "offline", "{retained:?}");
        assert!(!retained.body.to_string().contains("signed-in"), "{retained:?}");
    }

    /// Checks that an old reader and a new one know the current availability.
    #[track_caller]
    fn reports(&mut self, availability: &str) {
        contract::knows(&mut self.reader, "signed-in", availability);
        self.fixture.expect_sink("mqtt", "reporting");
        let finch = &self.retained().body["clients"]["finch"];
        assert_eq!(finch["availability"], availability, "{finch}");
    }

    /// The user selects a status, which the agent knows when this function returns.
    fn pick(&self, saved: Saved, availability: &str) {
        self.person.pick(saved);
        contract::settles(&self.fixture, availability);
    }
}

#[test]
fn a_broker_that_hangs_gets_the_current_status_when_it_continues() {
    let mut it = Reported::to(BrokerKind::Mosquitto);
    it.reader.broker.hang(true);
    it.pick(Saved::Away, "away");
    let status = it.fixture.expect_sink("mqtt", "failing");
    let cause = status["error"]["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("did not answer within 10 s"), "{status}");
    it.pick(Saved::Unavailable, "do-not-disturb");
    it.reader.broker.hang(false);
    it.reports("do-not-disturb");
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn a_broker_that_lost_its_store_gets_everything_again() {
    let mut it = Reported::to(BrokerKind::Mosquitto);
    it.reader.broker.kill();
    it.pick(Saved::Away, "away");
    it.fixture.expect_sink("mqtt", "failing");
    it.reader.restart();
    it.reports("away");
    let description = it.reader.broker.subscribe("homeassistant/#");
    within("the description for Home Assistant is there again", || {
        description.last().filter(|it| it.retained && it.body["cmps"].is_object())
    });
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn a_broker_that_kept_its_store_gets_the_current_status() {
    let mut it = Reported::to(BrokerKind::MosquittoWithStore);
    it.reader.broker.stop();
    it.pick(Saved::Away, "away");
    it.reader.broker.start_again();
    it.reader.subscriber = it.reader.broker.subscribe(TOPIC);
    it.reports("away");
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn an_agent_that_dies_while_the_broker_is_down_is_offline_when_the_broker_starts() {
    let mut it = Reported::to(BrokerKind::MosquittoWithStore);
    it.reader.broker.stop();
    it.agent.kill();
    it.reader.broker.start_again();
    it.reader.subscriber = it.reader.broker.subscribe(TOPIC);
    it.nobody_reports();
}

#[test]
fn an_agent_that_was_killed_is_offline_for_old_readers_and_new_ones() {
    let mut it = Reported::to(BrokerKind::Mosquitto);
    it.agent.kill();
    it.nobody_reports();
    it.person.pick(Saved::Away);
    let mut agent = it.fixture.agent();
    it.reports("away");
    ends(&mut agent);
    it.nobody_reports();
}

#[test]
fn an_agent_that_sleeps_is_offline_and_its_status_is_right_when_it_wakes() {
    let mut it = Reported::to(BrokerKind::Mosquitto);
    it.agent.signal(Signal::STOP);
    it.nobody_reports();
    it.pick(Saved::Away, "away");
    it.agent.signal(Signal::CONT);
    it.reports("away");
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn a_network_that_carries_nothing_is_offline_and_delayed_messages_do_not_persist() {
    let (mut it, relay) = Reported::over_relay(LEASE);
    relay.cut();
    it.pick(Saved::Away, "away");
    it.fixture.expect_sink("mqtt", "failing");
    it.nobody_reports();
    it.pick(Saved::Unavailable, "do-not-disturb");
    relay.heal();
    it.reports("do-not-disturb");
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn a_connection_that_replaces_a_half_open_one_shows_no_interruption() {
    // With this lease, the broker keeps the old connection until the new one replaces it.
    let (mut it, relay) = Reported::over_relay("10m");
    let before = it.reader.subscriber.messages().len();
    relay.lose_clients();
    within("the agent reports over a new connection", || {
        (it.reader.subscriber.messages().len() > before).then_some(())
    });
    it.pick(Saved::Away, "away");
    it.reports("away");
    let messages = it.reader.subscriber.messages();
    let is_offline = |it: &MqttMessage| it.body["state"] == "offline";
    assert!(!messages.iter().any(is_offline), "{messages:?}");
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn a_pause_is_offline_for_old_readers_and_new_ones() {
    let mut it = Reported::to(BrokerKind::Mosquitto);
    it.fixture.expect_success(&["pause"]);
    it.nobody_reports();
    it.pick(Saved::Away, "away");
    it.fixture.expect_success(&["resume"]);
    it.reports("away");
    ends(&mut it.agent);
    it.nobody_reports();
}

#[test]
fn the_end_of_the_working_hours_is_offline() {
    let hours = format!("hours = \"{}\"\n", hours_from_now(7, 9));
    let (fixture, mut reader) = allowed(BrokerKind::Mosquitto, &hours);
    let zone = fixture.session.folder().join("localtime");
    // Eight hours ahead of UTC, the time is within the hours.
    write_zone(&zone, 8);
    let agent = fixture.agent_with(&[], |command| {
        command.env("TZ", &zone);
    });
    let person = fixture.person();
    contract::knows(&mut reader, "signed-in", "available");
    let mut it = Reported { agent, person, reader, fixture };
    write_zone(&zone, 0);
    it.nobody_reports();
    it.fixture.expect_sink("mqtt", "paused");
    it.pick(Saved::Away, "away");
    write_zone(&zone, 8);
    it.reports("away");
    ends(&mut it.agent);
    it.nobody_reports();
}
