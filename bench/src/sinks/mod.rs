//! The sinks of `communicado agent`: latency, memory, wake-ups, and the time until a dead agent is
//! seen.
//!
//! `latency` starts the clock with Finch's signal, as the benchmark of that name. `cost` reads the
//! kernel's counters of idle agents. `death` kills agents.

mod agent;
mod cost;
mod death;
mod latency;
mod receiver;

use communicado_conformance::{Broker, BrokerKind};

use crate::fixture::{Empty, Fixture};
use crate::report::Report;

pub(crate) use receiver::receiver;

/// The topic of the agents in this benchmark.
const TOPIC: &str = "communicado/bench";

/// Measures `samples` changes for each listener, then the idle agents and the kills.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let (rows, latency) = latency::run(samples)?;
    let empty = Empty::new();
    let fixture = Fixture::new();
    let (costs, mut goals) = cost::run(&empty, &fixture.empty)?;
    let deaths = death::run(&empty)?;
    goals.insert(0, latency);
    Ok(Report {
        title: "Sinks of the agent",
        how: format!(
            "A real Finch changes its status. One sink runs at a time. The clock starts when a relay in the benchmark writes Finch's signal to the bus. It stops when the benchmark has read the line of the subscriber, the signal's monitor or the receiver.\n\
             The pipeline is `dbus-monitor | mosquitto_pub -l`, which knows no client and no status. The last row is npm's `mqtt` with the messages of teams-for-linux: its clock starts with a line on standard input, without a bus.\n\
             The idle agents run during the same {} s. Context switches, CPU time and memory are the sums of all threads from `/proc`; the peak includes the start. The five sinks are mqtt, webhook, hook, dbus and notification; the keep-alive is 40 s.\n\
             For the last table, `kill -9` ends the agent, and the clock stops when the subscriber has the last will. With MQTT 5 the broker delays it.",
            cost::SECONDS
        ),
        limits: "Not included: Finch's time before its signal, a network, and TLS. Finch, the broker and the subscriber share the processors with the agent."
            .to_owned(),
        tables: vec![rows, costs, deaths],
        goals,
    })
}

fn broker(kind: BrokerKind, empty: &Empty) -> Broker {
    Broker::start(kind, empty.folder())
}
