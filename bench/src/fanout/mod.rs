//! One change to many readers: the gateway beside nginx with nchan, and beside a loop that does
//! nothing but send.
//!
//! The client is the same for all, in this process: one `epoll(7)` with all the readers, and one
//! connection that publishes. An event has the same size everywhere. A server is started anew for
//! each number of readers, so that its memory is its own.

mod baseline;
mod load_clients;
mod people;
mod servers;

use std::thread;
use std::time::{Duration, Instant};

use crate::numbers::{Numbers, millis};
use crate::report::{Goal, Report, Table};
pub(crate) use baseline::run as baseline;
use load_clients::LoadClients;
pub(crate) use people::run as people;
use servers::{Kind, Server};

/// Readers of one run.
const READERS: [usize; 3] = [1_000, 5_000, 10_000];
/// Between two events: all readers have the one before by then.
const PAUSE: Duration = Duration::from_millis(200);

/// The results of one server with one number of readers.
struct Cell {
    kind: Kind,
    readers: usize,
    /// From the publication to the last reader.
    last: Numbers,
    /// Of the server's processor time, for each delivered event.
    micros: f64,
    /// Of memory, for each reader that waits.
    bytes: f64,
    lost: usize,
}

/// # Errors
///
/// If a server cannot be started or publishes nothing.
pub(crate) fn run(events: u32) -> Result<Report, String> {
    let mut cells = Vec::new();
    for readers in READERS {
        for kind in Kind::ALL {
            cells.push(measure(kind, readers, events)?);
        }
    }
    Ok(report(&cells, events))
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time, between events too")]
fn measure(kind: Kind, readers: usize, events: u32) -> Result<Cell, String> {
    let server = Server::start(kind)?;
    if kind == Kind::Gateway {
        server.publisher()?.add("ada")?;
    }
    let before = server.memory()?;
    let load_clients = LoadClients::gather(server.address(), &server.request("ada"), readers)?;
    let idle = server.memory()?;
    let mut publisher = server.publisher()?;
    // The first is not counted: it opens what is opened once.
    publisher.publish("ada", 0)?;
    load_clients.wait_for(1);
    let (cpu, mut last) = (server.processor_time()?, Numbers::default());
    for event in 1..=events {
        thread::sleep(PAUSE);
        let began = Instant::now();
        publisher.publish("ada", event)?;
        let all = load_clients.wait_for(usize::try_from(event).unwrap_or(0) + 1);
        if let Some(all) = all {
            last.add(millis(all.duration_since(began)));
        }
    }
    let cpu = server.processor_time()? - cpu;
    let wanted = readers * (usize::try_from(events).unwrap_or(0) + 1);
    let lost = wanted.saturating_sub(load_clients.received());
    let delivered = f64::from(events) * count(readers);
    let bytes = (idle - before) / count(readers);
    Ok(Cell { kind, readers, last, micros: cpu * 1e6 / delivered, bytes, lost })
}

fn count(readers: usize) -> f64 {
    f64::from(u32::try_from(readers).unwrap_or(u32::MAX))
}

fn report(cells: &[Cell], events: u32) -> Report {
    let heads = vec![
        "server, readers",
        "events per second of CPU time",
        "CPU time per event, µs",
        "to the last reader, median, ms",
        "99th percentile, ms",
        "memory per idle connection, bytes",
        "lost",
    ];
    let rows = cells.iter().map(|cell| {
        vec![
            format!("{}, {}", cell.kind.name(), cell.readers),
            format!("{:.0}", 1e6 / cell.micros),
            format!("{:.1}", cell.micros),
            format!("{:.1}", cell.last.median()),
            format!("{:.1}", cell.last.p99()),
            format!("{:.0}", cell.bytes),
            cell.lost.to_string(),
        ]
    });
    let of = |kind| cells.iter().filter(move |cell| cell.kind == kind);
    let pairs: Vec<(&Cell, &Cell)> = of(Kind::Gateway).zip(of(Kind::Nchan)).collect();
    let most = of(Kind::Gateway).map(|cell| cell.bytes).fold(0.0, f64::max);
    let lost: usize = of(Kind::Gateway).map(|cell| cell.lost).sum();
    let values = |value: fn(&Cell) -> f64| {
        let each = pairs.iter().map(|(ours, theirs)| {
            format!("{:.1} and {:.1} at {}", value(ours), value(theirs), ours.readers)
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let ahead = |value: fn(&Cell) -> f64| pairs.iter().all(|(ours, it)| value(ours) < value(it));
    Report {
        title: "One change to many readers",
        how: format!(
            "{events} events, one every {} ms, to readers of Server-Sent Events over loopback. The events have about the same size everywhere.\n\
             The loop only writes to each socket, so it shows the cost of the system. It stores nothing about a reader, so its memory is no comparison.",
            PAUSE.as_millis()
        ),
        limits: "The client shares the processors with the server. Over loopback the sender pays a part of the receiver's cost."
            .to_owned(),
        tables: vec![Table { heads, rows: rows.collect() }],
        goals: vec![
            Goal {
                claim: "At most 3 kB per idle connection",
                met: most <= 3000.0,
                measured: format!("{most:.0} bytes"),
            },
            Goal {
                claim: "Less CPU time per event than nchan, in µs",
                met: ahead(|cell| cell.micros),
                measured: values(|cell| cell.micros),
            },
            Goal {
                claim: "Faster to the last reader than nchan (median, ms)",
                met: ahead(|cell| cell.last.median()),
                measured: values(|cell| cell.last.median()),
            },
            Goal { claim: "No event is lost", met: lost == 0, measured: format!("{lost} events") },
        ],
    }
}
