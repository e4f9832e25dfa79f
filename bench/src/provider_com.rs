//! The provider over COM, under Wine: latency from a call to a listener, throughput by number of
//! listeners, and memory.
//!
//! The comparison is a minimal client in C in a separate Wine prefix, which calls its listeners
//! synchronously. The callers and the listeners are in C too (`raw_com.c`), the same for both, so
//! no measured code measures itself.
#![expect(clippy::disallowed_methods, reason = "an interval is slept through")]

use std::fs;
use std::io::Write as _;
use std::process::{ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use communicado_conformance::{ExpectOk, Peer, Wine};

use crate::numbers::{Numbers, micros};
use crate::output_lines::{Reader, piped};
use crate::reading::{Reading, mib};
use crate::report::{Goal, Report, Table};

/// The blocks for each program, so that a short disturbance affects few of them.
const BLOCKS: u32 = 10;
/// The silence between two changes, after which the processors sleep.
const QUIET: Duration = Duration::from_millis(5);
/// The silence after which a program has finished its first output.
const SETTLED: Duration = Duration::from_millis(500);
/// The numbers of listeners.
const LISTENERS: [u32; 3] = [1, 10, 100];
/// The most processes of listeners; more would take long to start.
const PROCESSES: u32 = 10;
/// The changes of a batch, far below the limit of a listener's queue.
const BATCH: u32 = 20;
/// The deliveries of a measurement, because changes to many listeners take long.
const DELIVERIES_MAX: u32 = 5_000;
/// The events of a change: the status of the user, and of the user's own contact.
const EVENTS: u32 = 2;
/// Longer than the idle time of a thread in the provider's pool.
const AFTERWARDS: Duration = Duration::from_secs(15);

/// The indices of the clients.
const OURS: usize = 0;
const PEERS: usize = 1;

/// A client with the driver that changes its status.
struct Client {
    name: &'static str,
    driver: Driver,
    running: Running,
    wine: Wine,
    /// The memory without listeners.
    alone: Held,
}

/// The running client.
enum Running {
    Provider(Reader),
    Peer(Peer),
}

impl Client {
    fn provider() -> Result<Self, String> {
        let wine = Wine::new();
        let words = ["provide", "--account", "alice@uc.test", "--sign-in", "--json"];
        let provider = Reader::start(piped(wine.command("communicado.exe"), &words));
        provider.wait_for("\"status\":\"signed-in\"")?;
        Self::of("`communicado provide`", wine, Running::Provider(provider))
    }

    fn peer() -> Result<Self, String> {
        let wine = Wine::new();
        let mut peer = wine.peer("communicator.exe", &[]);
        peer.install_messenger();
        peer.tell("name alice@uc.test");
        peer.tell("status 2");
        peer.come_up();
        Self::of("the client in C", wine, Running::Peer(peer))
    }

    fn of(name: &'static str, wine: Wine, running: Running) -> Result<Self, String> {
        let driver = Driver::at(&wine)?;
        let mut client = Self { name, driver, running, wine, alone: Held::default() };
        client.alone = client.held();
        Ok(client)
    }

    /// Sends one more change, so that the client notices its dead listeners. Wine soon uses the
    /// number of a process again.
    fn forget(&mut self) -> Result<(), String> {
        self.driver.change(1).map(|_| ())
    }

    fn held(&self) -> Held {
        let id = match &self.running {
            Running::Provider(provider) => provider.id(),
            Running::Peer(peer) => peer.id(),
        };
        let threads = fs::read_dir(format!("/proc/{id}/task")).expect_ok("list threads").count();
        Held { reading: Reading::of(id), threads }
    }
}

/// The memory and the threads of a client.
#[derive(Clone, Copy, Default)]
struct Held {
    reading: Reading,
    threads: usize,
}

/// A program that calls for changes, and prints the start time.
struct Driver {
    reader: Reader,
    input: ChildStdin,
    is_busy: bool,
}

impl Driver {
    fn at(wine: &Wine) -> Result<Self, String> {
        let mut command = piped(wine.command("raw_com.exe"), &["changes"]);
        command.stdin(Stdio::piped());
        let mut reader = Reader::start(command);
        let input = reader.input().expect_ok("write to a program");
        reader.wait_for("ready")?;
        Ok(Self { reader, input, is_busy: false })
    }

    /// Makes this many changes in sequence, and returns the time of the first call.
    fn change(&mut self, changes: u32) -> Result<Duration, String> {
        self.is_busy ^= changes % 2 == 1;
        writeln!(self.input, "{changes}").map_err(|error| format!("nobody calls: {error}"))?;
        self.reader.moment("began")
    }
}

/// A program that listens.
struct Listener {
    name: &'static str,
    command: fn(&Wine) -> Command,
    /// The first line.
    first: &'static str,
    /// The part of its line when the user is busy, or away.
    line: [&'static str; 2],
}

static WATCH: Listener = Listener {
    name: "`communicado watch --json`",
    command: |wine| piped(wine.command("communicado.exe"), &["watch", "--json"]),
    first: "\"status\":\"signed-in\"",
    line: [
        "\"status\":\"signed-in\",\"availability\":\"busy\"",
        "\"status\":\"signed-in\",\"availability\":\"away\"",
    ],
};
static SINK: Listener = Listener {
    name: "a minimal sink",
    command: |wine| piped(wine.command("raw_com.exe"), &["events"]),
    first: "ready",
    line: ["OnMyStatusChange 10", "OnMyStatusChange 34"],
};

/// A client with one listener.
struct Pair {
    /// The index of the client.
    client: usize,
    listener: &'static Listener,
    lag: Numbers,
}

/// The time until all listeners have all changes, and the client's memory.
struct FanOut {
    listeners: u32,
    changes: u32,
    took: Duration,
    held: Held,
}

/// Measures each pair, and each number of listeners with at most as many changes.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let mut clients = [Client::provider()?, Client::peer()?];
    let pair = |client, listener| Pair { client, listener, lag: Numbers::default() };
    let mut pairs =
        [pair(OURS, &SINK), pair(PEERS, &SINK), pair(OURS, &WATCH), pair(PEERS, &WATCH)];
    let count = pairs.len();
    for block in 0..BLOCKS {
        // Each pair is first equally often.
        for place in 0..count {
            let Some(pair) = pairs.get_mut((block as usize + place) % count) else { continue };
            let Some(client) = clients.get_mut(pair.client) else { continue };
            measure(client, pair, samples.div_ceil(BLOCKS))?;
        }
    }
    let [provider, peer] = &mut clients;
    let mut fan_outs = Vec::new();
    for listeners in LISTENERS {
        fan_outs.push([fan_out(provider, listeners, samples)?, fan_out(peer, listeners, samples)?]);
    }
    thread::sleep(AFTERWARDS);
    Ok(report(&clients, &pairs, &fan_outs))
}

fn measure(client: &mut Client, pair: &mut Pair, samples: u32) -> Result<(), String> {
    let Listener { command, first, line: [busy, away], .. } = pair.listener;
    let reader = Reader::start(command(&client.wine));
    reader.wait_for(first)?;
    reader.skip(SETTLED);
    // The first change proves that it listens.
    for sample in 0..=samples {
        reader.skip(QUIET);
        let began = client.driver.change(1)?;
        let read = reader.wait_for(if client.driver.is_busy { busy } else { away })?;
        if sample > 0 {
            pair.lag.add(micros(read.saturating_sub(began)));
        }
    }
    drop(reader);
    client.forget()
}

/// Sends changes to a number of listeners, in whole batches.
fn fan_out(client: &mut Client, listeners: u32, changes: u32) -> Result<FanOut, String> {
    let processes = listeners.min(PROCESSES);
    let words = ["count", &(listeners / processes).to_string(), &BATCH.to_string()];
    let start = |_| Reader::start(piped(client.wine.command("raw_com.exe"), &words));
    let readers: Vec<Reader> = (0..processes).map(start).collect();
    for reader in &readers {
        reader.wait_for("ready")?;
    }
    let batches = changes.min(DELIVERIES_MAX / listeners).div_ceil(BATCH);
    let mut took = Duration::ZERO;
    // The first change opens the connections.
    for batch in 0..=batches {
        let began = client.driver.change(BATCH)?;
        let mut heard = began;
        for reader in &readers {
            let last = reader.moment("heard");
            heard = heard.max(last.map_err(|why| {
                format!("{}, with {listeners} listening, in batch {batch}: {why}", client.name)
            })?);
        }
        if batch > 0 {
            took += heard - began;
        }
    }
    let held = client.held();
    drop(readers);
    client.forget()?;
    Ok(FanOut { listeners, changes: batches * BATCH, took, held })
}

fn report(clients: &[Client; 2], pairs: &[Pair; 4], fan_outs: &[[FanOut; 2]]) -> Report {
    let median = |client: usize, listener: &str| {
        let found = pairs.iter().find(|it| it.client == client && it.listener.name == listener);
        found.map_or(f64::NAN, |pair| pair.lag.median())
    };
    let name = |client: usize| clients.get(client).map_or("", |client| client.name);
    let ratio = |pair: &Pair| pair.lag.median() / median(PEERS, pair.listener.name);
    let latency = pairs.iter().map(|pair| {
        vec![
            format!("{}, to {}", name(pair.client), pair.listener.name),
            pair.lag.count().to_string(),
            format!("{:.0}", pair.lag.median()),
            format!("{:.0}", pair.lag.p99()),
            format!("{:.2}", ratio(pair)),
        ]
    });
    let rate = |it: &FanOut| f64::from(it.changes) / it.took.as_secs_f64();
    let rows = fan_outs.iter().map(|[ours, peers]| {
        vec![
            ours.listeners.to_string(),
            ours.changes.to_string(),
            format!("{:.0}", rate(ours)),
            format!("{:.0}", rate(ours) * f64::from(ours.listeners * EVENTS)),
            format!("{:.0}", rate(peers)),
            format!("{:.2}", rate(ours) / rate(peers)),
        ]
    });
    let memory = clients.iter().enumerate().flat_map(|(place, client)| {
        let row = |when: String, held: Held| {
            vec![
                format!("{}, {when}", client.name),
                mib(held.reading.peak_kib),
                mib(held.reading.anonymous_kib),
                held.threads.to_string(),
            ]
        };
        let each = fan_outs.iter().filter_map(move |both| both.get(place));
        std::iter::once(row("without listeners".to_owned(), client.alone))
            .chain(each.map(move |it| row(format!("with {} listening", it.listeners), it.held)))
            .chain([row("after all listeners exited".to_owned(), client.held())])
    });
    let (ours, peers) = (median(OURS, SINK.name), median(PEERS, SINK.name));
    let most = fan_outs.last().map_or(f64::NAN, |[ours, peers]| rate(ours) / rate(peers));
    Report {
        title: "The provider over COM, under Wine",
        how: format!(
            "A program in C makes `communicado.exe provide` change its status again and again through `MyStatus`. The comparison is a client in C in a separate Wine prefix, which calls its listeners synchronously.\n\
             The clock starts in the caller before the call. It stops when the benchmark has read the line from the listener's pipe. One program listens at a time, and blocks of all programs alternate. `communicado watch` queries the client before it writes, and the minimal sink does not.\n\
             Then minimal sinks, in {PROCESSES} processes at most, count changes that are called in batches of {BATCH}, until the last sink has the last change. Each change sends two events in both clients, `OnMyStatusChange` and `OnContactStatusChange`.\n\
             Memory and threads are those of `/proc`, right after that, and {} s after the last listener has exited.",
            AFTERWARDS.as_secs()
        ),
        limits: "Not included: Windows, because COM, processes and most of the memory are Wine's. Also not included: listeners in a hundred processes, and listeners that process the events."
            .to_owned(),
        tables: vec![
            Table {
                heads: vec!["", "changes", "median, µs", "p99, µs", "to the client in C"],
                rows: latency.collect(),
            },
            Table {
                heads: vec![
                    "listeners",
                    "changes",
                    "changes per second",
                    "events per second",
                    "the client in C, changes per second",
                    "to the client in C",
                ],
                rows: rows.collect(),
            },
            Table {
                heads: vec!["", "peak memory, MiB", "of that anonymous", "threads"],
                rows: memory.collect(),
            },
        ],
        goals: vec![
            Goal {
                claim: "From a call to the event at a minimal sink: at most twice the client in C",
                met: ours <= 2.0 * peers,
                measured: format!("{:.2} times", ours / peers),
            },
            Goal {
                claim: "At least as many changes per second to 100 listeners as the client in C",
                met: most >= 1.0,
                measured: format!("{most:.2} times"),
            },
        ],
    }
}
