//! The memory and the wake-ups of idle agents.
#![expect(clippy::disallowed_methods, reason = "an interval is slept through")]

use std::thread;
use std::time::Duration;

use communicado_conformance::{BrokerKind, Dunst};

use super::{agent, broker, receiver};
use crate::fixture::{Empty, Follower};
use crate::numbers::millis;
use crate::peers;
use crate::reading::{Reading, mib};
use crate::report::{Goal, Table};

/// The length of the measurement: three keep-alives.
pub(crate) const SECONDS: u64 = 120;
/// The time in which the agents finish their start.
const SETTLING: Duration = Duration::from_secs(8);
/// A check or a ping has two switches: at its timer and at its answer.
const SWITCHES: u64 = 2;
/// The goals of the agent with `mqtt`.
const WAKE_UPS_PER_MINUTE: u64 = 4;
const MEMORY_KIB: u64 = 8 * 1000 * 1000 / 1024;

const ONE: &str = "1 sink: mqtt";

struct Idle {
    name: &'static str,
    beside: &'static str,
    follower: Follower,
    before: Reading,
}

/// Measures agents on an empty bus and beside a client.
pub(crate) fn run(empty: &Empty, client: &Empty) -> Result<(Table, Vec<Goal>), String> {
    let broker = broker(BrokerKind::Mosquitto, empty);
    let (_receiver, port) = receiver::start(empty)?;
    let mqtt = |device: &str| agent::mqtt(broker.port()).replace("\"bench\"", device);
    let five = agent::webhook(port)
        + "[sinks.hook]\nrun = [\"true\"]\n[sinks.dbus]\n[sinks.notification]\n";
    let _daemons = [empty, client].map(|bus| Dunst::start(bus.folder(), &bus.bus));
    let mut idle = Vec::new();
    for (beside, bus, number) in [("no client", empty, 0), ("a client", client, 1)] {
        let mut add = |name, follower| {
            idle.push(Idle { name, beside, follower, before: Reading::default() });
        };
        add("0 sinks: `communicado watch --json`", Follower::start(peers::watch(bus)?));
        for (name, sinks) in [
            (ONE, mqtt(&format!("\"one-{number}\""))),
            ("5 sinks", mqtt(&format!("\"five-{number}\"")) + &five),
        ] {
            let home = agent::AgentHome::new(bus, &format!("idle-{}", sinks.len()), &sinks)?;
            add(name, home.start(bus)?);
        }
    }
    thread::sleep(SETTLING);
    for each in &mut idle {
        each.before = Reading::of(each.follower.id());
    }
    thread::sleep(Duration::from_secs(SECONDS));
    let after: Vec<_> = idle.iter().map(|each| Reading::of(each.follower.id())).collect();
    let measured: Vec<_> = idle.iter().zip(after).collect();
    let rows = measured.iter().map(|(Idle { name, beside, before, .. }, after)| {
        vec![
            (*name).to_owned(),
            (*beside).to_owned(),
            format!("{:.1}", per_minute(before, after)),
            format!("{:.2}", millis(after.processor.saturating_sub(before.processor))),
            mib(after.peak_kib),
            mib(after.anonymous_kib),
            mib(after.file_kib),
        ]
    });
    let table = Table {
        heads: vec![
            "",
            "beside",
            "voluntary switches a minute",
            "CPU time, ms",
            "peak memory, MiB",
            "of that anonymous",
            "of files",
        ],
        rows: rows.collect(),
    };
    let ones = || measured.iter().filter(|(idle, _)| idle.name == ONE);
    let switches = ones().map(|(idle, after)| per_minute(&idle.before, after)).fold(0.0, f64::max);
    let wake_ups = switches / SWITCHES as f64;
    let peak = ones().map(|(_, after)| after.peak_kib).max().unwrap_or(u64::MAX);
    let goals = vec![
        Goal {
            claim: "The agent with `mqtt` wakes up less than 4 times a minute",
            met: wake_ups < WAKE_UPS_PER_MINUTE as f64,
            measured: format!(
                "{wake_ups:.1}, of {SWITCHES} switches each: at the timer and at the answer"
            ),
        },
        Goal {
            claim: "The agent with `mqtt` needs less than 8 MB",
            met: peak < MEMORY_KIB,
            measured: format!("{} MiB at its peak", mib(peak)),
        },
    ];
    Ok((table, goals))
}

fn per_minute(before: &Reading, after: &Reading) -> f64 {
    (after.voluntary - before.voluntary) as f64 * 60.0 / SECONDS as f64
}
