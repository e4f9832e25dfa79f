//! The provider over D-Bus: latency from a call to the line in another program, throughput by
//! number of listeners, and memory.
//!
//! The calls and the listeners of the second part use a raw D-Bus client (`raw_dbus.rs`), so no
//! measured code measures itself.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use communicado_conformance::ExpectOk;
use rustix::event::{PollFd, PollFlags, poll};

use crate::fixture::{Empty, Follower};
use crate::latency::{ready, says};
use crate::numbers::{Numbers, micros};
use crate::peers;
use crate::raw_dbus::{Kind, Message, RawDbus, Writer};
use crate::reading::Reading;
use crate::report::{Goal, Report, Table};

const NAME: &str = "org.communicado.Provider1";
const ACCOUNT_PATH: &str = "/org/communicado/Provider1/account1";
const ACCOUNT: &str = "org.communicado.Provider1.Account";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const CHANGED: &str = "PropertiesChanged";

/// The blocks for each program, so that a short disturbance affects few of them.
const BLOCKS: u32 = 10;
/// The longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(10);
/// The wait for a program that may not listen yet, before another change.
const STARTING: Duration = Duration::from_millis(200);
/// The numbers of listeners.
const LISTENERS: [usize; 3] = [1, 10, 100];

/// A program that listens.
struct Peer {
    name: &'static str,
    start: fn(&Empty) -> Result<Command, String>,
    /// The part of its line when the user is busy, or away.
    line: [&'static str; 2],
    lag: Numbers,
    memory: Reading,
}

const OURS: usize = 0;
const MONITOR: usize = 1;

fn peers() -> [Peer; 3] {
    let peer = |name, start, line| Peer {
        name,
        start,
        line,
        lag: Numbers::default(),
        memory: Reading::default(),
    };
    let words = ["\"busy\"", "\"away\""];
    [
        peer(
            "`communicado watch --json`",
            peers::watch,
            ["\"availability\":\"busy\"", "\"availability\":\"away\""],
        ),
        peer("`dbus-monitor`, the same match rules", monitor, words),
        peer("`gdbus monitor`", gdbus, ["<'busy'>", "<'away'>"]),
    ]
}

fn monitor(empty: &Empty) -> Result<Command, String> {
    let mut command = empty.command(Path::new("dbus-monitor"));
    let rule = |interface, member| {
        format!("type='signal',sender='{NAME}',interface='{interface}',member='{member}'")
    };
    let manager = "org.freedesktop.DBus.ObjectManager";
    command.args(["--session", &rule(PROPERTIES, CHANGED)]);
    command.args([rule(manager, "InterfacesAdded"), rule(manager, "InterfacesRemoved")]);
    Ok(command)
}

fn gdbus(empty: &Empty) -> Result<Command, String> {
    let mut command = empty.command(Path::new("gdbus"));
    command.args(["monitor", "--session", "--dest", NAME]);
    Ok(command)
}

/// Measures each program with this many changes.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let empty = Empty::new();
    let mut command = empty.command(&peers::communicado()?);
    command.args(["provide", "--sign-in", "--json"]);
    let mut provider = Follower::start(command);
    let mut text = Vec::new();
    while !says(&text, "\"status\":\"signed-in\"") {
        provider.read(&mut text);
    }
    let mut bench = Bench { bus: connect(&empty), provider, busy: false };
    let mut peers = peers();
    for _ in 0..BLOCKS {
        for peer in &mut peers {
            bench.block(&empty, peer, samples.div_ceil(BLOCKS))?;
        }
    }
    let fan_outs: Vec<FanOut> =
        LISTENERS.iter().map(|count| bench.fan_out(&empty, *count, samples)).collect();
    let memory = Reading::of(bench.provider.id());
    Ok(report(&peers, &fan_outs, memory))
}

fn connect(empty: &Empty) -> RawDbus {
    RawDbus::connect(&empty.bus).expect_ok("get onto the bus")
}

/// The driver of the provider.
struct Bench {
    bus: RawDbus,
    provider: Follower,
    busy: bool,
}

/// The time until all listeners have all changes.
struct FanOut {
    listeners: usize,
    changes: u32,
    provider: Duration,
    raw_dbus: Duration,
}

impl Bench {
    /// Starts a program, measures some changes and ends it.
    fn block(&mut self, empty: &Empty, peer: &mut Peer, samples: u32) -> Result<(), String> {
        let mut follower = Follower::start((peer.start)(empty)?);
        let started = Instant::now();
        while self.change(peer, &mut follower, STARTING).is_none() {
            if started.elapsed() > PATIENCE {
                return Err(format!("{} says nothing", peer.name));
            }
        }
        for _ in 0..samples {
            let lag = self.change(peer, &mut follower, PATIENCE);
            peer.lag.add(micros(lag.ok_or_else(|| format!("{} missed a change", peer.name))?));
        }
        peer.memory = Reading::of(follower.id());
        Ok(())
    }

    /// Changes the presence of the provider, and returns the time until the line.
    fn change(
        &mut self,
        peer: &Peer,
        follower: &mut Follower,
        patience: Duration,
    ) -> Option<Duration> {
        self.busy = !self.busy;
        let [busy, away] = peer.line;
        let (word, line) = if self.busy { ("busy", busy) } else { ("away", away) };
        let begun = Instant::now();
        self.set(word, "");
        let (mut written, mut answered, mut text) = (None, false, Vec::new());
        loop {
            if let Some(written) = written.filter(|_| answered) {
                return Some(written);
            }
            let left = patience.checked_sub(begun.elapsed())?;
            let (heard, printed) = ready(&self.bus, follower, left);
            if printed {
                follower.read(&mut text);
                if written.is_none() && says(&text, line) {
                    written = Some(begun.elapsed());
                }
            }
            if heard {
                let heard = self.bus.receive().expect_ok("hear the provider");
                answered |= heard.iter().any(|it| it.kind == Kind::Answer);
            }
        }
    }

    fn set(&mut self, word: &str, note: &str) {
        let mut body = Writer::default();
        for text in [word, "", note] {
            body.string(text);
        }
        body.align(8);
        body.0.extend(0_u64.to_le_bytes());
        let set = Message {
            destination: NAME,
            path: ACCOUNT_PATH,
            interface: ACCOUNT,
            member: "Set",
            signature: "ssst",
            body: &body.0,
            ..Message::default()
        };
        self.bus.send(&set).expect_ok("set a presence");
    }

    /// Measures changes to a number of listeners, with the provider and with the bus alone.
    fn fan_out(&mut self, empty: &Empty, listeners: usize, changes: u32) -> FanOut {
        let mut ears: Vec<RawDbus> = (0..listeners).map(|_| connect(empty)).collect();
        let rule = format!("type='signal',interface='{PROPERTIES}',member='{CHANGED}'");
        for ear in &mut ears {
            ear.listen(&rule).expect_ok("listen");
        }
        let begun = Instant::now();
        for number in 0..changes {
            // Each differs from the last, so the provider reports each.
            self.set("busy", &number.to_string());
        }
        hear(&mut ears, changes);
        let provider = begun.elapsed();
        let mut answers = 0;
        while answers < changes {
            let heard = self.bus.receive().expect_ok("hear the provider");
            let of_them = heard.iter().filter(|it| it.kind == Kind::Answer).count();
            answers += u32::try_from(of_them).unwrap_or(u32::MAX);
        }
        let begun = Instant::now();
        let mut body = Writer::default();
        body.string(ACCOUNT);
        body.dictionary(|entries| {
            entries.key("Note", "s");
            entries.string("1234");
        });
        body.u32(0);
        let signal = Message {
            kind: Kind::Signal,
            path: ACCOUNT_PATH,
            interface: PROPERTIES,
            member: CHANGED,
            signature: "sa{sv}as",
            body: &body.0,
            ..Message::default()
        };
        for _ in 0..changes {
            self.bus.send(&signal).expect_ok("emit a signal");
        }
        hear(&mut ears, changes);
        FanOut { listeners, changes, provider, raw_dbus: begun.elapsed() }
    }
}

/// Waits until each listener has this many changes.
fn hear(ears: &mut [RawDbus], changes: u32) {
    let mut left: Vec<u32> = vec![changes; ears.len()];
    while left.iter().any(|left| *left > 0) {
        let mut all: Vec<PollFd<'_>> =
            ears.iter().map(|ear| PollFd::new(ear, PollFlags::IN)).collect();
        poll(&mut all, None).expect_ok("wait");
        let ready: Vec<bool> = all.iter().map(|ear| !ear.revents().is_empty()).collect();
        for ((ear, left), _) in ears.iter_mut().zip(&mut left).zip(ready).filter(|(_, it)| *it) {
            let heard = ear.receive().expect_ok("hear the provider");
            let signals = heard.iter().filter(|it| it.member == CHANGED).count();
            *left = left.saturating_sub(u32::try_from(signals).unwrap_or(u32::MAX));
        }
    }
}

fn report(peers: &[Peer; 3], fan_outs: &[FanOut], provider: Reading) -> Report {
    let lag = |place: usize| peers.get(place).map_or(f64::NAN, |peer| peer.lag.median());
    let (ours, monitor) = (lag(OURS), lag(MONITOR));
    let latency = peers.iter().map(|Peer { name, lag, .. }| {
        vec![
            (*name).to_owned(),
            lag.count().to_string(),
            format!("{:.0}", lag.median()),
            format!("{:.0}", lag.p99()),
            format!("{:.2}", lag.median() / monitor),
        ]
    });
    let rate = |changes: u32, took: Duration| f64::from(changes) / took.as_secs_f64();
    let fan_out = fan_outs.iter().map(|it| {
        let (provider_rate, raw_dbus) =
            (rate(it.changes, it.provider), rate(it.changes, it.raw_dbus));
        vec![
            it.listeners.to_string(),
            it.changes.to_string(),
            format!("{provider_rate:.0}"),
            format!("{:.0}", provider_rate * it.listeners as f64),
            format!("{raw_dbus:.0}"),
        ]
    });
    let mib = |kib: u64| format!("{:.1}", kib as f64 / 1024.0);
    let provide = ("`communicado provide`", provider);
    let listeners = peers.iter().map(|peer| (peer.name, peer.memory));
    let memory = std::iter::once(provide).chain(listeners).map(|(name, reading)| {
        vec![name.to_owned(), mib(reading.peak_kib), mib(reading.anonymous_kib)]
    });
    Report {
        title: "The provider and its listeners",
        how: "A minimal D-Bus client makes `communicado provide` change its presence again and again.\n\
              The clock starts before the benchmark writes the call. It stops when the benchmark has read the line from the listener's pipe. So all times include the work of the provider and the bus. One program listens at a time, and blocks of all programs alternate.\n\
              Then minimal listeners receive changes that are called without waiting. The last column has the same signals from a minimal sender, which is the limit of the bus.\n\
              Memory is that of `/proc` at the end."
            .to_owned(),
        limits: "Not included: many providers on one bus, and listeners that process the changes."
            .to_owned(),
        tables: vec![
            Table {
                heads: vec!["", "changes", "median, µs", "p99, µs", "to dbus-monitor"],
                rows: latency.collect(),
            },
            Table {
                heads: vec![
                    "listeners",
                    "changes",
                    "changes per second",
                    "deliveries per second",
                    "the bus alone, changes per second",
                ],
                rows: fan_out.collect(),
            },
            Table {
                heads: vec!["", "peak memory, MiB", "of that anonymous"],
                rows: memory.collect(),
            },
        ],
        goals: vec![Goal {
            claim: "At most twice the median of `dbus-monitor` with the same match rules",
            met: ours <= 2.0 * monitor,
            measured: format!("{:.2} times", ours / monitor),
        }],
    }
}
