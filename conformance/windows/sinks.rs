//! The sinks `mqtt` and `webhook` on Windows: consent, delivery, and the crash of the agent.

use communicado_conformance::{Broker, BrokerKind, Receiver, ReceiverKind, Wine, within};

use crate::communicator;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_broker_and_a_receiver_get_each_change_and_the_broker_sees_a_crash() {
    let wine = Wine::new();
    let mut peer = communicator(&wine);
    peer.tell("status 2");
    peer.come_up();
    let broker = Broker::start(BrokerKind::Mosquitto, wine.folder());
    let subscriber = broker.subscribe("communicado/laptop");
    let receiver = Receiver::start(ReceiverKind::Python, wine.folder(), SECRET);
    let secret = wine.file("secret", &format!("{SECRET}\r\n"));
    let config = wine.file(
        "config.toml",
        &format!(
            "clients = [\"communicator\"]\n\
             [sinks.mqtt]\nbroker = \"mqtt://127.0.0.1:{}\"\ndevice = \"laptop\"\n\
             [sinks.webhook]\nurl = \"{}\"\nsecret-file = '{secret}'\n",
            broker.port(),
            receiver.url("/presence"),
        ),
    );
    let arguments = ["--config", &config, "--set", "patience=1h", "agent"];
    for name in ["mqtt", "webhook"] {
        let allowed = wine.communicado().run(&[&arguments[..], &["allow", name, "--yes"]].concat());
        assert_eq!(allowed.code, Some(0), "{}{}", allowed.out, allowed.err);
    }
    let mut agent = wine.communicado().start(&arguments, |_| {});
    let arrives = |availability: &str| {
        within(&format!("the broker has {availability}"), || {
            let client = &subscriber.last()?.body["clients"]["communicator"];
            (client["availability"] == availability).then_some(())
        });
        within(&format!("the receiver has {availability}"), || {
            let request = receiver.requests().pop()?;
            assert!(request["refusal"].is_null(), "{request}");
            (request["event"]["data"]["availability"] == availability).then_some(())
        });
    };
    arrives("available");
    peer.tell("status 0x0A");
    peer.tell("fire status 0 0x0A");
    arrives("busy");
    agent.kill();
    within("the broker reports the crash", || {
        (subscriber.last()?.body["state"] == "offline").then_some(())
    });
}
