//! From Finch's signal to the listener of a sink.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use communicado_conformance::{BrokerKind, ExpectOk};

use super::{TOPIC, agent, broker, receiver};
use crate::fixture::{Empty, Fixture, Follower};
use crate::latency::{FinchDriver, Peer, SIGNAL, says};
use crate::numbers::{Numbers, micros};
use crate::report::{Goal, Table};

/// The topic of the pipeline.
const PIPELINE: &str = "bench/signals";
/// The topic of teams-for-linux.
const TEAMS: &str = "teams/status";

/// Measures `samples` changes of each listener.
pub(crate) fn run(samples: u32) -> Result<(Table, Goal), String> {
    let (mut fixture, relay) = Fixture::relayed(SIGNAL);
    let mut finch = FinchDriver::new(&fixture.empty.bus, relay);
    let broker = broker(BrokerKind::Mosquitto, &fixture.empty);
    let words = ["\"availability\":\"available\"", "\"availability\":\"away\""];
    let mut mqtt = Peer::of_finch("sink `mqtt` to `mosquitto_sub`", words);
    let mut dbus = Peer::of_finch(
        "sink `dbus` to `dbus-monitor`",
        ["string \"available\"", "string \"away\""],
    );
    let mut webhook = Peer::of_finch("sink `webhook` to a minimal receiver", words);
    let mut piped = Peer::of_finch(
        "`dbus-monitor` piped to `mosquitto_pub -l`, to `mosquitto_sub`",
        ["member=AccountStatusChanged"; 2],
    );

    // One sink at a time, as the pipeline has one job.
    let agent = agent_with(&fixture.empty, "mqtt", &agent::mqtt(broker.port()))?;
    let subscriber = subscribe(&fixture.empty, broker.port(), TOPIC);
    finch.block(&mut fixture, &mut mqtt, subscriber, samples)?;
    drop(agent);
    let agent = agent_with(&fixture.empty, "dbus", "[sinks.dbus]\n")?;
    let monitor = monitor(&fixture.empty);
    finch.block(&mut fixture, &mut dbus, monitor, samples)?;
    drop(agent);
    let (receiver, port) = receiver::start(&fixture.empty)?;
    let agent = agent_with(&fixture.empty, "webhook", &agent::webhook(port))?;
    finch.block(&mut fixture, &mut webhook, receiver, samples)?;
    drop(agent);

    let pipeline = Pipeline::start(&fixture.empty, broker.port());
    let subscriber = subscribe(&fixture.empty, broker.port(), PIPELINE);
    finch.block(&mut fixture, &mut piped, subscriber, samples)?;
    drop(pipeline);

    let base = piped.lag.median();
    let row = |name: &str, lag: &Numbers| {
        vec![
            name.to_owned(),
            lag.count().to_string(),
            format!("{:.0}", lag.median()),
            format!("{:.0}", lag.p99()),
            format!("{:.2}", lag.median() / base),
        ]
    };
    let teams = teams(&fixture.empty, broker.port(), samples)?;
    let ratio = mqtt.lag.median() / base;
    let mut rows: Vec<_> =
        [&mqtt, &dbus, &webhook, &piped].iter().map(|peer| row(peer.name, &peer.lag)).collect();
    rows.push(row("npm's `mqtt` with the messages of teams-for-linux, to `mosquitto_sub`", &teams));
    let table =
        Table { heads: vec!["", "changes", "median, µs", "p99, µs", "to the pipeline"], rows };
    let goal = Goal {
        claim: "The sink `mqtt` needs at most twice the median of the pipeline",
        met: ratio <= 2.0,
        measured: format!("{ratio:.2} times"),
    };
    Ok((table, goal))
}

fn agent_with(empty: &Empty, sink: &str, section: &str) -> Result<Follower, String> {
    agent::AgentHome::new(empty, &format!("latency-{sink}"), section)?.start(empty)
}

/// A subscriber that prints each payload as a line.
pub(crate) fn subscribe(empty: &Empty, port: u16, topic: &str) -> Follower {
    let mut command = empty.command(Path::new("mosquitto_sub"));
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", topic]);
    Follower::start(command)
}

fn monitor(empty: &Empty) -> Follower {
    let mut command = empty.command(Path::new("dbus-monitor"));
    command.args(["--session", "type='signal',interface='org.freedesktop.DBus.Properties'"]);
    Follower::start(command)
}

/// The pipeline that people write by hand.
struct Pipeline([Child; 2]);

impl Pipeline {
    fn start(empty: &Empty, port: u16) -> Self {
        let mut monitor = empty.command(Path::new("dbus-monitor"));
        monitor.args(["--session", &format!("type='signal',member='{SIGNAL}'")]);
        let mut monitor = monitor.spawn().expect_ok("start dbus-monitor");
        let lines = monitor.stdout.take().expect_ok("read from dbus-monitor");
        let mut publisher = empty.command(Path::new("mosquitto_pub"));
        publisher.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1"]);
        publisher.args(["-t", PIPELINE, "-l"]).stdin(lines);
        let publisher = publisher.spawn().expect_ok("start mosquitto_pub");
        Self([monitor, publisher])
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // An error means that it has exited.
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// The times of a client that publishes as teams-for-linux does.
fn teams(empty: &Empty, port: u16, samples: u32) -> Result<Numbers, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("../target/peers/sinks/node");
    if !modules.is_dir() {
        return Err(format!("{} is missing\n  help: cargo xtask sink-peers", modules.display()));
    }
    let mut subscriber = subscribe(empty, port, TEAMS);
    let mut node = empty.command(Path::new("node"));
    node.arg(root.join("../conformance/peers/teams_for_linux.mjs")).arg(modules);
    node.arg(format!("mqtt://127.0.0.1:{port}")).stdin(Stdio::piped());
    let mut node = node.spawn().expect_ok("start node");
    let mut input = node.stdin.take().expect_ok("write to node");
    let mut node = Follower::of(node);
    let mut text = Vec::new();
    while !says(&text, "connected") {
        node.read(&mut text);
    }
    let mut numbers = Numbers::default();
    for sample in 0..samples {
        let status = if sample % 2 == 0 { "available" } else { "away" };
        let begun = Instant::now();
        writeln!(input, "status {status} 1").expect_ok("write to node");
        let mut text = Vec::new();
        while !says(&text, &format!("\"status\":\"{status}\"")) {
            subscriber.read(&mut text);
        }
        numbers.add(micros(begun.elapsed()));
        // Its answer comes when the broker has acknowledged the message.
        let mut text = Vec::new();
        while !says(&text, "status") {
            node.read(&mut text);
        }
    }
    Ok(numbers)
}
