//! One change to the one reader of one person, beside ever more people and a thousand readers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::count;
use super::servers::{Kind, MARK, Server};
use crate::numbers::{Numbers, millis};
use crate::report::{Goal, Report, Table};

/// People that are known, or channels with a message.
const PEOPLE: [usize; 3] = [1_000, 10_000, 100_000];
/// The number of people with a reader.
const FOLLOWED: usize = 1_000;
/// Connections that add people.
const CLERKS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);

struct Cell {
    kind: Kind,
    people: usize,
    /// From the publication to its reader.
    lag: Numbers,
    /// Of the server's processor time, for each change.
    micros: f64,
    /// Of memory, for each person.
    bytes: f64,
}

/// # Errors
///
/// If a server cannot be started or publishes nothing.
pub(crate) fn run(changes: u32) -> Result<Report, String> {
    let mut cells = Vec::new();
    for people in PEOPLE {
        for kind in [Kind::Gateway, Kind::Nchan] {
            cells.push(measure(kind, people, changes)?);
        }
    }
    Ok(report(&cells, changes))
}

fn person(number: usize) -> String {
    format!("person-{number}")
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn measure(kind: Kind, people: usize, changes: u32) -> Result<Cell, String> {
    let server = Server::start(kind)?;
    let before = server.memory()?;
    thread::scope(|scope| {
        let add = |clerk: usize| {
            let mut publisher = server.publisher()?;
            (clerk..people).step_by(CLERKS).try_for_each(|it| publisher.add(&person(it)))
        };
        let clerks: Vec<_> = (0..CLERKS).map(|clerk| scope.spawn(move || add(clerk))).collect();
        let ended = |clerk: thread::ScopedJoinHandle<'_, Result<(), String>>| {
            clerk.join().unwrap_or_else(|_| Err("a clerk broke off".to_owned()))
        };
        clerks.into_iter().try_for_each(ended)
    })?;
    let bytes = (server.memory()? - before) / count(people);
    let followed = |number: usize| person(number * (people / FOLLOWED));
    let mut readers = (0..FOLLOWED)
        .map(|number| follow(&server, &followed(number)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut publisher = server.publisher()?;
    let (cpu, mut lag) = (server.processor_time()?, Numbers::default());
    for change in 0..changes {
        // A step that meets each of them before it comes back.
        let number = usize::try_from(change).unwrap_or(0) * 617 % FOLLOWED;
        let Some(reader) = readers.get_mut(number) else { continue };
        let began = Instant::now();
        publisher.publish(&followed(number), change + 1)?;
        hear(reader, change + 1)?;
        lag.add(millis(began.elapsed()));
    }
    let micros = (server.processor_time()? - cpu) * 1e6 / f64::from(changes);
    Ok(Cell { kind, people, lag, micros, bytes })
}

fn follow(server: &Server, person: &str) -> Result<TcpStream, String> {
    let cannot = |error: std::io::Error| format!("{person} cannot be followed: {error}");
    let mut socket = TcpStream::connect(server.address()).map_err(cannot)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(cannot)?;
    socket.write_all(server.request(person).as_bytes()).map_err(cannot)?;
    let mut part = [0; 4096];
    let head = socket.read(&mut part).map_err(cannot)?;
    if part.get(..head).is_some_and(|head| head.starts_with(b"HTTP/1.1 200")) {
        return Ok(socket);
    }
    Err(format!("{person} cannot be followed: {}", String::from_utf8_lossy(&part)))
}

/// Reads up to the change of this number.
fn hear(reader: &mut TcpStream, number: u32) -> Result<(), String> {
    let wanted = format!("{number:08} {MARK}");
    let mut heard = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = reader.read(&mut part).map_err(|error| format!("nothing came: {error}"))?;
        heard.extend_from_slice(part.get(..count).unwrap_or_default());
        if String::from_utf8_lossy(&heard).contains(&wanted) {
            return Ok(());
        }
        if count == 0 {
            return Err("a stream has ended".to_owned());
        }
    }
}

fn report(cells: &[Cell], changes: u32) -> Report {
    let heads = vec![
        "server, people",
        "CPU time per change, µs",
        "to its reader, median, ms",
        "99th percentile, ms",
        "memory per person, bytes",
    ];
    let rows = cells.iter().map(|cell| {
        vec![
            format!("{}, {}", cell.kind.name(), cell.people),
            format!("{:.0}", cell.micros),
            format!("{:.2}", cell.lag.median()),
            format!("{:.2}", cell.lag.p99()),
            format!("{:.0}", cell.bytes),
        ]
    });
    let ours: Vec<&Cell> = cells.iter().filter(|cell| cell.kind == Kind::Gateway).collect();
    let growth = match ours.as_slice() {
        [few, .., many] => many.micros / few.micros,
        _ => f64::NAN,
    };
    Report {
        title: "One change to one reader, by number of people",
        how: format!(
            "{changes} changes, one after the other. Each changes one of {FOLLOWED} people with one reader each; the other people have no readers. With nchan a person is a channel with a message.\n\
             The gateway writes a change to the disk before it sends it; nchan stores it only in memory."
        ),
        limits: "Not included: other disks, and simultaneous changes, which share a write."
            .to_owned(),
        tables: vec![Table { heads, rows: rows.collect() }],
        goals: vec![Goal {
            claim: "A change costs at most twice as much with 100,000 people as with 1,000",
            met: growth <= 2.0,
            measured: format!("{growth:.2} times"),
        }],
    }
}
