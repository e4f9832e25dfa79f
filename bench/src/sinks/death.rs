//! The time from `kill -9` of the agent to the last will at a subscriber.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::time::Instant;

use communicado_conformance::BrokerKind;

use super::latency::subscribe;
use super::{TOPIC, agent, broker};
use crate::fixture::Empty;
use crate::latency::says;
use crate::numbers::{Numbers, millis};
use crate::report::Table;

/// Kills with each broker.
const KILLS: u32 = 5;

/// Kills agents beside a broker of each version of MQTT.
pub(crate) fn run(empty: &Empty) -> Result<Table, String> {
    let mut rows = Vec::new();
    for (name, kind) in [
        ("Mosquitto, MQTT 5", BrokerKind::Mosquitto),
        ("nats-server, MQTT 3.1.1", BrokerKind::Nats),
    ] {
        let broker = broker(kind, empty);
        let home = agent::AgentHome::new(empty, name, &agent::mqtt(broker.port()))?;
        let mut numbers = Numbers::default();
        for _ in 0..KILLS {
            let mut subscriber = subscribe(empty, broker.port(), TOPIC);
            let agent = home.start(empty)?;
            let mut text = Vec::new();
            while !says(&text, "\"state\":\"online\"") {
                subscriber.read(&mut text);
            }
            let mut text = Vec::new();
            let killed = Instant::now();
            drop(agent);
            while !says(&text, "\"state\":\"offline\"") {
                subscriber.read(&mut text);
            }
            numbers.add(millis(killed.elapsed()));
        }
        rows.push(vec![
            name.to_owned(),
            numbers.count().to_string(),
            format!("{:.1}", numbers.median()),
            format!("{:.1}", numbers.p99()),
        ]);
    }
    Ok(Table { heads: vec!["broker", "kills", "median, ms", "p99, ms"], rows })
}
