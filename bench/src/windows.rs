//! Latency on Windows, under Wine, from a registry write and from an event to the line; and the cost
//! of an idle watch.
//!
//! The comparison is a minimal listener in C: a blocking `RegNotifyChangeKeyValue`, or a sink that
//! writes a line. The clock starts in the client, just before it writes or sends the event.
#![expect(clippy::disallowed_methods, reason = "the benchmark waits for an interval")]

use std::process::Command;
use std::thread;
use std::time::Duration;

use communicado_conformance::{Peer, Wine};

use crate::numbers::{Numbers, micros, millis};
use crate::output_lines::{Reader, moment, piped};
use crate::reading::{Reading, mib};
use crate::report::{Goal, Report, Table};

/// The blocks for each program, so that a short disturbance affects few of them.
const BLOCKS: u32 = 10;
/// The silence between two changes, after which the processors sleep.
const QUIET: Duration = Duration::from_millis(5);
/// The silence after which a program has finished its first output.
const SETTLED: Duration = Duration::from_secs(2);
/// The measured idle time, with two liveness checks of a quiet client.
const INTERVAL: Duration = Duration::from_secs(60);

/// A change of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// The flag of a client without an interface for queries.
    Flag,
    /// The status of Communicator, by its event.
    Event,
}

/// A program that listens.
struct Listener {
    name: &'static str,
    change: Change,
    command: fn(&Wine) -> Command,
    /// The part of its line when the change is on, or off.
    line: [&'static str; 2],
    lag: Numbers,
}

const APP: &str = "MsTeams";
const KEY: &str = r"Software\IM Providers\MsTeams";

fn listeners() -> [Listener; 4] {
    let listener = |name, change, command, line| Listener {
        name,
        change,
        command,
        line,
        lag: Numbers::default(),
    };
    [
        listener(
            "`communicado watch --json`, a flag",
            Change::Flag,
            watch,
            [
                "\"client\":\"teams\",\"status\":\"starting\"",
                "\"client\":\"teams\",\"status\":\"shutting-down\"",
            ],
        ),
        listener(
            "a minimal reader of the flag",
            Change::Flag,
            raw_registry,
            ["UpAndRunning 1", "UpAndRunning 0"],
        ),
        listener(
            "`communicado watch --json`, an event",
            Change::Event,
            watch,
            ["\"availability\":\"busy\"", "\"availability\":\"available\""],
        ),
        listener(
            "a minimal sink without queries",
            Change::Event,
            raw_com_events,
            ["OnMyStatusChange 10", "OnMyStatusChange 2"],
        ),
    ]
}

fn watch(wine: &Wine) -> Command {
    piped(wine.command("communicado.exe"), &["watch", "--json"])
}

fn raw_registry(wine: &Wine) -> Command {
    piped(wine.command("raw_com.exe"), &["registry", KEY])
}

/// Waits for any change of the user's registry.
fn raw_dbus_waiting(wine: &Wine) -> Command {
    piped(wine.command("raw_com.exe"), &["registry", "Software"])
}

fn raw_com_events(wine: &Wine) -> Command {
    piped(wine.command("raw_com.exe"), &["events"])
}

/// Two clients in one Wine prefix, and their current state.
struct Fixture {
    wine: Wine,
    teams: Peer,
    communicator: Peer,
    is_on: bool,
}

impl Fixture {
    fn new() -> Self {
        let wine = Wine::new();
        let mut teams = wine.peer("ms-teams.exe", &["--app", APP]);
        teams.tell("flag 0");
        let mut communicator = wine.peer("communicator.exe", &[]);
        communicator.install_messenger();
        communicator.tell("name alice@uc.test");
        communicator.tell("status 2");
        communicator.come_up();
        Self { wine, teams, communicator, is_on: false }
    }

    /// Makes the next change, and returns its time.
    fn change(&mut self, change: Change) -> Duration {
        self.is_on = !self.is_on;
        let peer = match change {
            Change::Flag => &mut self.teams,
            Change::Event => &mut self.communicator,
        };
        match change {
            Change::Flag => _ = peer.tell(if self.is_on { "flag 1" } else { "flag 0" }),
            Change::Event => {
                let number = if self.is_on { "0x0A" } else { "2" };
                peer.tell(&format!("status {number}"));
                peer.tell(&format!("fire status 0 {number}"));
            }
        }
        moment(&peer.tell("began"))
    }
}

/// Measures `samples` changes for each program, and the cost of each while idle.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let mut fixture = Fixture::new();
    let mut listeners = listeners();
    let count = listeners.len();
    for block in 0..BLOCKS {
        // Each program is first equally often.
        for place in 0..count {
            let Some(listener) = listeners.get_mut((block as usize + place) % count) else {
                continue;
            };
            measure(&mut fixture, listener, samples.div_ceil(BLOCKS))?;
        }
    }
    drop(fixture);
    Ok(report(&listeners, &idle()))
}

fn measure(fixture: &mut Fixture, listener: &mut Listener, samples: u32) -> Result<(), String> {
    let reader = Reader::start((listener.command)(&fixture.wine));
    let [on, off] = listener.line;
    let expected = |is_on: bool| if is_on { on } else { off };
    // Its first lines have the current state. The first change proves that it listens.
    reader.wait_until_quiet(SETTLED);
    fixture.change(listener.change);
    reader.wait_for(expected(fixture.is_on))?;
    for _ in 0..samples {
        thread::sleep(QUIET);
        let began = fixture.change(listener.change);
        let read = reader.wait_for(expected(fixture.is_on))?;
        listener.lag.add(micros(read.saturating_sub(began)));
    }
    // The next program begins with the same state.
    if fixture.is_on {
        fixture.change(listener.change);
    }
    Ok(())
}

/// The cost of a program during the interval, with or without Communicator.
struct Idle {
    name: &'static str,
    beside: &'static str,
    cost: Reading,
    began: Reading,
}

/// The cost of all programs during the same interval, once alone and once beside a client.
fn idle() -> Vec<Idle> {
    let fixture = Fixture::new();
    let alone = Wine::new();
    let mut running = Vec::new();
    for (beside, wine) in [("no client", &alone), ("a client", &fixture.wine)] {
        for (name, command) in [
            ("`communicado watch --json`", watch as fn(&Wine) -> Command),
            ("a minimal reader of the registry", raw_dbus_waiting),
        ] {
            running.push((name, beside, Reader::start(command(wine))));
        }
    }
    for (_, _, reader) in &running {
        reader.wait_until_quiet(SETTLED);
    }
    let read = |reader: &Reader| Reading::of(reader.id());
    let began: Vec<Reading> = running.iter().map(|(_, _, reader)| read(reader)).collect();
    thread::sleep(INTERVAL);
    let ended = running.iter().map(|(_, _, reader)| read(reader));
    let costs = running.iter().zip(began).zip(ended);
    let idle = costs.map(|(((name, beside, _), began), cost)| Idle { name, beside, cost, began });
    idle.collect()
}

fn report(listeners: &[Listener], idle: &[Idle]) -> Report {
    let [ours_flag, bare_flag, ours_event, bare_event] = listeners else {
        unreachable!("there are four");
    };
    let ratio = |ours: &Listener, raw_dbus: &Listener| ours.lag.median() / raw_dbus.lag.median();
    let rows = listeners.iter().map(|listener| {
        let raw_dbus = if listener.change == Change::Flag { bare_flag } else { bare_event };
        vec![
            listener.name.to_owned(),
            listener.lag.count().to_string(),
            format!("{:.0}", listener.lag.median()),
            format!("{:.0}", listener.lag.p99()),
            format!("{:.2}", ratio(listener, raw_dbus)),
        ]
    });
    let latency = Table {
        heads: vec!["", "changes", "median, µs", "p99, µs", "to the minimal one"],
        rows: rows.collect(),
    };
    // The switches of a thread that has ended are in no sum.
    let of_wine = |idle: &Idle| idle.cost.of_wine.saturating_sub(idle.began.of_wine);
    let switches = |idle: &Idle| {
        idle.cost.voluntary.saturating_sub(idle.began.voluntary).saturating_sub(of_wine(idle))
    };
    let rows = idle.iter().map(|each| {
        vec![
            each.name.to_owned(),
            each.beside.to_owned(),
            switches(each).to_string(),
            of_wine(each).to_string(),
            format!("{:.2}", millis(each.cost.processor.saturating_sub(each.began.processor))),
            mib(each.cost.peak_kib),
            mib(each.cost.anonymous_kib),
        ]
    });
    let waiting = Table {
        heads: vec![
            "",
            "beside",
            "voluntary switches",
            "of Wine's pool",
            "CPU time, ms",
            "peak memory, MiB",
            "of that anonymous",
        ],
        rows: rows.collect(),
    };
    let alone = idle.first().map_or(0, switches);
    let seconds = INTERVAL.as_secs();
    Report {
        title: "On Windows, under Wine",
        how: format!(
            "`communicado.exe` or a minimal program in C runs beside clients that change a flag in the registry, or a status with its event.\n\
             The clock starts in the client, just before the write or the event. It stops when the benchmark has read the line from the pipe. Communicado writes the presence of the event, then queries the client. The minimal sink does not query.\n\
             For the idle rows, all programs wait during the same {seconds} s, once in an empty Wine prefix and once beside a signed-in client."
        ),
        limits: "Not included: Windows, because the registry, COM, processes and most of the memory are Wine's."
            .to_owned(),
        tables: vec![latency, waiting],
        goals: vec![
            Goal {
                claim: "From a registry write to the line: under a millisecond",
                met: ours_flag.lag.median() < 1000.0,
                measured: format!(
                    "{:.0} µs, {:.2} times the minimal reader",
                    ours_flag.lag.median(),
                    ratio(ours_flag, bare_flag)
                ),
            },
            Goal {
                claim: "From an event that carries the presence to the line: at most twice the minimal sink",
                met: ratio(ours_event, bare_event) <= 2.0,
                measured: format!(
                    "{:.0} µs, {:.2} times the minimal sink",
                    ours_event.lag.median(),
                    ratio(ours_event, bare_event)
                ),
            },
            Goal {
                claim: "No wake-up while no client runs",
                met: alone == 0,
                measured: format!("{alone} switches"),
            },
        ],
    }
}
