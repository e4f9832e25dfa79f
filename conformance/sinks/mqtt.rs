//! `mqtt`: four brokers, and the faults of each.

use communicado_conformance::{
    AgentSession, Broker, BrokerKind, ExpectOk as _, MqttMessage, Process, Signal, Subscriber,
    ends, within,
};

use crate::contract::{self, Listener};

pub(crate) const TOPIC: &str = "communicado/laptop";
/// A short lease, so that the broker soon misses a dead agent.
pub(crate) const LEASE: &str = "6s";
const CONFIG: &str = "homeassistant/device/communicado_laptop/config";

/// A subscriber to the state of the device.
pub(crate) struct Reader {
    pub(crate) broker: Broker,
    pub(crate) subscriber: Subscriber,
}

impl Reader {
    pub(crate) fn start(kind: BrokerKind, fixture: &AgentSession) -> Self {
        Self::of(Broker::start(kind, fixture.session.folder()))
    }

    pub(crate) fn of(broker: Broker) -> Self {
        let subscriber = broker.subscribe(TOPIC);
        Self { broker, subscriber }
    }
}

impl Listener for Reader {
    const NAME: &'static str = "mqtt";
    const SEES_DEATH: bool = true;

    fn finch(&mut self) -> Option<(String, String)> {
        finch(&self.subscriber.last()?)
    }

    fn hold(&mut self, is_held: bool) {
        self.broker.hang(is_held);
    }

    fn restart(&mut self) {
        self.broker.kill();
        self.broker.start_again();
        self.subscriber = self.broker.subscribe(TOPIC);
    }
}

fn finch(message: &MqttMessage) -> Option<(String, String)> {
    if message.body["state"] != "online" {
        return None;
    }
    let finch = &message.body["clients"]["finch"];
    let text = |key: &str| finch[key].as_str().unwrap_or_default().to_owned();
    finch.is_object().then(|| (text("status"), text("availability")))
}

/// A fixture whose user has allowed the broker.
pub(crate) fn allowed(kind: BrokerKind, more: &str) -> (AgentSession, Reader) {
    let fixture = AgentSession::new("");
    let reader = Reader::start(kind, &fixture);
    configure(&fixture, &reader, more);
    fixture.expect_success(&["allow", "mqtt", "--yes"]);
    (fixture, reader)
}

fn configure(fixture: &AgentSession, reader: &Reader, more: &str) {
    configure_url(fixture, &format!("mqtt://127.0.0.1:{}", reader.broker.port()), LEASE, more);
}

/// Configures the sink with this broker and lease, and more options.
pub(crate) fn configure_url(fixture: &AgentSession, broker: &str, lease: &str, more: &str) {
    fixture.configure(&format!(
        "[agent]\nlease = \"{lease}\"\n[sinks.mqtt]\nbroker = \"{broker}\"\n\
         device = \"laptop\"\n{more}"
    ));
}

#[test]
fn mqtt_keeps_the_contract_with_mosquitto() {
    let (fixture, reader) = allowed(BrokerKind::Mosquitto, "");
    contract::check(&fixture, reader);
}

#[test]
fn mqtt_keeps_the_contract_with_nats() {
    let (fixture, reader) = allowed(BrokerKind::Nats, "");
    contract::check(&fixture, reader);
}

#[test]
fn mqtt_keeps_the_contract_with_amqtt() {
    let (fixture, reader) = allowed(BrokerKind::Amqtt, "");
    contract::check(&fixture, reader);
}

#[test]
fn mqtt_keeps_the_contract_with_aedes() {
    let (fixture, reader) = allowed(BrokerKind::Aedes, "");
    contract::check(&fixture, reader);
}

#[test]
fn nothing_reaches_the_broker_before_the_consent_and_during_a_pause() {
    let fixture = AgentSession::new("");
    let mut reader = Reader::start(BrokerKind::Mosquitto, &fixture);
    configure(&fixture, &reader, "");
    let mut agent = fixture.agent();
    fixture.expect_sink("mqtt", "not-allowed");
    let refused = fixture.run(&["try", "mqtt"]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(reader.subscriber.messages().is_empty(), "{:?}", reader.subscriber.messages());
    fixture.expect_success(&["allow", "mqtt", "--yes"]);
    contract::knows(&mut reader, "absent", "");

    fixture.expect_success(&["pause"]);
    contract::forgets(&mut reader);
    fixture.expect_sink("mqtt", "paused");
    fixture.expect_success(&["resume"]);
    contract::knows(&mut reader, "absent", "");
    fixture.expect_success(&["forbid", "mqtt"]);
    contract::forgets(&mut reader);
    fixture.expect_sink("mqtt", "not-allowed");

    // Another address asks again.
    fixture.expect_success(&["allow", "mqtt", "--yes"]);
    contract::knows(&mut reader, "absent", "");
    ends(&mut agent);
    configure(&fixture, &reader, "topic = \"elsewhere\"\n");
    let mut agent = fixture.agent();
    fixture.expect_sink("mqtt", "not-allowed");
    ends(&mut agent);
}

#[test]
fn a_late_reader_gets_the_retained_state_without_account_names() {
    let (fixture, mut reader) = allowed(BrokerKind::Mosquitto, "");
    let mut agent = fixture.agent();
    let _person = fixture.person();
    contract::knows(&mut reader, "signed-in", "available");
    let late = reader.broker.subscribe(TOPIC);
    let message = within("the late reader has a message", || late.last());
    assert!(message.retained, "{message:?}");
    assert!(!message.body.to_string().contains("alice"), "{message:?}");
    ends(&mut agent);
}

#[test]
fn the_password_comes_from_a_private_file() {
    let fixture = AgentSession::new("");
    let mut reader = Reader::start(BrokerKind::MosquittoWithUser, &fixture);
    let file = fixture.secret("password", "wrong\n");
    configure(&fixture, &reader, &format!("user = \"ada\"\npassword-file = \"{file}\"\n"));
    fixture.expect_success(&["allow", "mqtt", "--yes"]);
    let tried = fixture.run(&["try", "mqtt"]);
    assert!(tried.err.contains("not authorized (0x87)"), "{}", tried.err);
    fixture.secret("password", "secret\n");
    fixture.expect_success(&["try", "mqtt"]);
    let mut agent = fixture.agent();
    // The reader already has the message of `try`.
    fixture.expect_sink("mqtt", "reporting");
    contract::knows(&mut reader, "absent", "");
    ends(&mut agent);
    let output = agent.output() + &fixture.run(&["status"]).out;
    assert!(!output.contains("secret\n"), "{output}");
}

#[test]
fn home_assistant_gets_a_device_with_an_entity_for_each_fact() {
    let (fixture, mut reader) = allowed(BrokerKind::Mosquitto, "clients = [\"finch\"]\n");
    let mut agent = fixture.agent();
    contract::knows(&mut reader, "absent", "");
    let descriptions = reader.broker.subscribe(CONFIG);
    let first = within("there is a description", || descriptions.last());
    assert!(first.retained);
    let components = &first.body["cmps"];
    let finch = &components["finch_status"];
    assert_eq!((&finch["p"], &finch["stat_t"]), (&"sensor".into(), &TOPIC.into()));
    assert!(components["finch_in_call"]["uniq_id"].is_string(), "{components}");
    assert!(first.body["o"]["name"].is_string());

    // The birth message of Home Assistant brings everything again.
    let before = reader.subscriber.messages().len();
    publish(&reader.broker, "homeassistant/status", "online", false);
    within("the state and the description come again", || {
        let again = reader.subscriber.messages().len() > before;
        (again && descriptions.messages().len() > 1).then_some(())
    });

    // A component that is no longer configured is removed.
    ends(&mut agent);
    configure(&fixture, &reader, "clients = [\"pidgin\"]\n");
    let mut agent = fixture.agent();
    let removal = serde_json::json!({ "p": "sensor" });
    within("the old component is removed", || {
        let removed = |it: &MqttMessage| it.body["cmps"]["finch_status"] == removal;
        descriptions.messages().iter().any(removed).then_some(())
    });
    within("the last description has only the new one", || {
        let last = descriptions.last()?;
        last.body["cmps"]["pidgin_status"].is_object().then_some(())
    });
    ends(&mut agent);
}

#[test]
fn an_offline_of_another_program_is_repaired() {
    let (fixture, mut reader) = allowed(BrokerKind::Mosquitto, "");
    let mut agent = fixture.agent();
    contract::knows(&mut reader, "absent", "");
    publish(&reader.broker, TOPIC, r#"{"state":"offline"}"#, true);
    within("the broker has the offline", || {
        reader.subscriber.messages().iter().any(|it| it.body["state"] == "offline").then_some(())
    });
    contract::knows(&mut reader, "absent", "");
    ends(&mut agent);
}

#[test]
fn two_devices_with_one_id_are_reported() {
    let (one, mut reader) = allowed(BrokerKind::Mosquitto, "");
    let two = AgentSession::new("");
    configure(&two, &reader, "");
    two.expect_success(&["allow", "mqtt", "--yes"]);
    let mut agents = [one.agent(), two.agent()];
    let is_reported =
        |agent: &Process| agent.output().contains("another device uses the client id");
    within("one of the two agents reports the other", || {
        agents.iter().any(is_reported).then_some(())
    });
    agents[1].signal(Signal::KILL);
    agents[1].wait();
    contract::knows(&mut reader, "absent", "");
    ends(&mut agents[0]);
}

/// Publishes with a client that is not ours.
fn publish(broker: &Broker, topic: &str, payload: &str, retain: bool) {
    let mut command = std::process::Command::new("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &broker.port().to_string(), "-q", "1"]);
    command.args(["-t", topic, "-m", payload]);
    if retain {
        command.arg("-r");
    }
    assert!(command.status().expect_ok("run mosquitto_pub").success());
}
