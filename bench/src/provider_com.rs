//! The provider over COM, under Wine: from a call that sets a status to what others hear of it; how
//! many changes a second it tells to how many listeners; and what it holds.
//!
//! Beside it, in a world of its own, a client in C does the same in the least way: it tells its
//! listeners one after the other before the call returns. Who calls and who listens is in C as
//! well (`raw_dbus.c`), the same for both, so nothing of what is measured measures itself.
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

/// Ten blocks each: a disturbance that lasts a second falls on few of them.
const BLOCKS: u32 = 10;
/// Nobody says anything for so long: the change before is over, and the processors sleep.
const QUIET: Duration = Duration::from_millis(5);
/// Who has said nothing for so long has said all that it says at first.
const SETTLED: Duration = Duration::from_millis(500);
/// So many listeners are told.
const LISTENERS: [u32; 3] = [1, 10, 100];
/// So many processes they are at most; a hundred would take longer to start than to tell.
const PROCESSES: u32 = 10;
/// So many changes are called for at a time, far fewer than the provider lets wait for a listener.
const BATCH: u32 = 20;
/// So many deliveries of a change are enough; to many listeners, changes take long.
const DELIVERIES_MAX: u32 = 5_000;
/// Both tell the status of the user and that of the user's own contact.
const EVENTS: u32 = 2;
/// Longer than a thread of the provider's waits for another call to make.
const AFTERWARDS: Duration = Duration::from_secs(15);

/// The places of the clients.
const OURS: usize = 0;
const PEERS: usize = 1;

/// A client that is told to show another status, and who tells it.
struct Client {
    name: &'static str,
    driver: Driver,
    running: Running,
    wine: Wine,
    /// What it held before anybody listened.
    alone: Held,
}

/// What runs, until it is dropped.
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

    /// Tells of one more change, by which it learns that its listeners are gone: Wine gives the
    /// number of a process to another one soon, which would be taken for the former.
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

/// What a client holds.
#[derive(Clone, Copy, Default)]
struct Held {
    reading: Reading,
    threads: usize,
}

/// A program that calls for changes, and says when it began.
struct Driver {
    reader: Reader,
    input: ChildStdin,
    is_busy: bool,
}

impl Driver {
    fn at(wine: &Wine) -> Result<Self, String> {
        let mut command = piped(wine.command("bare.exe"), &["changes"]);
        command.stdin(Stdio::piped());
        let mut reader = Reader::start(command);
        let input = reader.input().expect_ok("write to a program");
        reader.wait_for("ready")?;
        Ok(Self { reader, input, is_busy: false })
    }

    /// Calls for so many changes, one after the other, and says when the first call was made.
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
    /// What it says first.
    first: &'static str,
    /// A piece of the line that it writes when the user is busy, or away.
    line: [&'static str; 2],
}

static WATCH: Listener = Listener {
    name: "`communicado watch --json`",
    command: |wine| piped(wine.command("communicado.exe"), &["watch", "--json"]),
    first: "\"client\":\"communicator\"",
    line: [
        "\"client\":\"communicator\",\"status\":\"signed-in\",\"availability\":\"busy\"",
        "\"client\":\"communicator\",\"status\":\"signed-in\",\"availability\":\"away\"",
    ],
};
static SINK: Listener = Listener {
    name: "a bare sink",
    command: |wine| piped(wine.command("bare.exe"), &["events"]),
    first: "ready",
    line: ["OnMyStatusChange 10", "OnMyStatusChange 34"],
};

/// Changes of one client, heard by one program.
struct Pair {
    /// Its place among the clients.
    client: usize,
    listener: &'static Listener,
    lag: Numbers,
}

/// How long it took until all listeners had heard all, and what the client held with them.
struct FanOut {
    listeners: u32,
    changes: u32,
    took: Duration,
    held: Held,
}

/// Measures so many changes for each pair, and as many for each number of listeners, or fewer.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let mut clients = [Client::provider()?, Client::peer()?];
    let pair = |client, listener| Pair { client, listener, lag: Numbers::default() };
    let mut pairs =
        [pair(OURS, &SINK), pair(PEERS, &SINK), pair(OURS, &WATCH), pair(PEERS, &WATCH)];
    let count = pairs.len();
    for block in 0..BLOCKS {
        // Each comes first equally often.
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
    // The first change shows that it listens.
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

/// Tells so many listeners of so many changes, in whole batches.
fn fan_out(client: &mut Client, listeners: u32, changes: u32) -> Result<FanOut, String> {
    let processes = listeners.min(PROCESSES);
    let words = ["count", &(listeners / processes).to_string(), &BATCH.to_string()];
    let start = |_| Reader::start(piped(client.wine.command("bare.exe"), &words));
    let readers: Vec<Reader> = (0..processes).map(start).collect();
    for reader in &readers {
        reader.wait_for("ready")?;
    }
    let batches = changes.min(DELIVERIES_MAX / listeners).div_ceil(BATCH);
    let mut took = Duration::ZERO;
    // The first one makes the connections.
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
    let told = fan_outs.iter().map(|[ours, peers]| {
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
        std::iter::once(row("before anybody listens".to_owned(), client.alone))
            .chain(each.map(move |it| row(format!("with {} listening", it.listeners), it.held)))
            .chain([row("after they are gone".to_owned(), client.held())])
    });
    let (ours, peers) = (median(OURS, SINK.name), median(PEERS, SINK.name));
    let most = fan_outs.last().map_or(f64::NAN, |[ours, peers]| rate(ours) / rate(peers));
    Report {
        title: "The provider over COM, under Wine",
        how: format!(
            "`communicado.exe provide` is told to show another status over and over, by a program in C that writes `MyStatus`; beside it a client in C, in a world of its own, which tells its listeners one after the other before that call returns.\n\
             The clock starts before the call is made, in the program that makes it, and stops when the line about the change has been read from the pipe of the program that listens; one program listens at a time, and blocks of all of them alternate. `communicado watch` asks the client what is so before it writes, the bare sink believes the event.\n\
             Then so many bare sinks, in {PROCESSES} processes at most, count what they hear of changes that are called for {BATCH} at a time, until the last of them has heard the last. With each change both clients tell two events, `OnMyStatusChange` and `OnContactStatusChange`.\n\
             Memory and threads are those of `/proc`, right after that, and {} s after the last listener has gone.",
            AFTERWARDS.as_secs()
        ),
        limits: "It does not show Windows: COM and processes are Wine's, and the memory is Wine's as well, most of it; nor listeners in a hundred processes, nor such that do something with what they hear."
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
                    "changes a second",
                    "events a second",
                    "the client in C, changes a second",
                    "to the client in C",
                ],
                rows: told.collect(),
            },
            Table {
                heads: vec!["", "peak memory, MiB", "of it now anonymous", "threads"],
                rows: memory.collect(),
            },
        ],
        goals: vec![
            Goal {
                claim: "From a call to what a bare sink hears: at most twice the client in C",
                met: ours <= 2.0 * peers,
                measured: format!("{:.2} times", ours / peers),
            },
            Goal {
                claim: "To 100 listeners at least as many changes a second as the client in C",
                met: most >= 1.0,
                measured: format!("{most:.2} times"),
            },
        ],
    }
}
