//! The time of a single query, as a whole process from its start to its exit.
//!
//! The benchmark checks the answer of every command first. The commands alternate, so that other
//! load on the machine affects all of them.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use communicado_conformance::ExpectOk;
use nix::sys::resource::{UsageWho, getrusage};

use crate::fixture::{Fixture, PURPLE};
use crate::numbers::{Numbers, millis};
use crate::peers;
use crate::report::{Goal, Report, Table};

/// The factor in the goal: eight queries may take this much longer than one.
const NEAR: f64 = 2.0;

struct Peer {
    name: &'static str,
    command: Command,
    /// A part of the correct answer.
    answer: &'static str,
    wall: Numbers,
    processor: Numbers,
}

const OURS: [usize; 2] = [0, 1];
const DBUS_SEND: usize = 2;
const PLAYERCTL: usize = 3;

/// Every command; the constants above are indices of ours and of those in the goals.
fn peers(fixture: &Fixture) -> Result<Vec<Peer>, String> {
    let communicado = peers::communicado()?;
    let [name, path, interface] = PURPLE;
    let method = format!("{interface}.PurpleSavedstatusGetCurrent");
    let to = format!("--dest={name}");
    let dbus_send = ["--session", "--print-reply", &to, path, &method];
    let peer = |name, program: &Path, arguments: &[&str], answer| {
        let mut command = fixture.empty.command(program);
        command.args(arguments);
        Peer { name, command, answer, wall: Numbers::default(), processor: Numbers::default() }
    };
    Ok(vec![
        peer("`communicado status`", &communicado, &["status"], "signed-in"),
        peer(
            "`communicado status --json`",
            &communicado,
            &["status", "--json"],
            "\"status\":\"signed-in\"",
        ),
        peer("`dbus-send`, one query to Finch", Path::new("dbus-send"), &dbus_send, "int32"),
        peer("`playerctl status`", Path::new("playerctl"), &["status"], "Paused"),
        peer("`purple-remote getstatus`", Path::new("purple-remote"), &["getstatus"], "available"),
        peer("`true`, which only starts and exits", Path::new("true"), &[], ""),
    ])
}

/// Measures `runs` runs of each command.
pub(crate) fn run(runs: u32) -> Result<Report, String> {
    let fixture = Fixture::new();
    let mut peers = peers(&fixture)?;
    for peer in &mut peers {
        peer.check()?;
    }
    let count = peers.len();
    for round in 0..runs {
        // Each command is first equally often.
        for place in 0..count {
            if let Some(peer) = peers.get_mut((round as usize + place) % count) {
                peer.run()?;
            }
        }
    }
    Ok(report(&peers))
}

impl Peer {
    fn check(&mut self) -> Result<(), String> {
        let output = self.command.output().expect_ok(&format!("run {}", self.name));
        let text = String::from_utf8_lossy(&output.stdout);
        if output.status.success() && text.contains(self.answer) {
            // No code reads the output from here on.
            self.command.stdout(Stdio::null());
            return Ok(());
        }
        Err(format!("{} ended with {} and printed:\n{text}", self.name, output.status))
    }

    fn run(&mut self) -> Result<(), String> {
        let before = processor();
        let start = Instant::now();
        let status = self.command.status().expect_ok(&format!("run {}", self.name));
        self.wall.add(millis(start.elapsed()));
        self.processor.add(millis(processor().saturating_sub(before)));
        if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", self.name)) }
    }
}

/// The CPU time of all child processes that have exited.
fn processor() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect_ok("ask what the children took");
    let spent = [usage.user_time(), usage.system_time()];
    let micros = spent.map(|time| time.tv_sec() * 1_000_000 + time.tv_usec());
    Duration::from_micros(micros.iter().sum::<i64>().unsigned_abs())
}

fn report(peers: &[Peer]) -> Report {
    let median = |place: usize| peers.get(place).map_or(f64::NAN, |peer| peer.wall.median());
    let [text, json] = OURS.map(median);
    let (ours, dbus_send, playerctl) = (text.max(json), median(DBUS_SEND), median(PLAYERCTL));
    let rows = peers.iter().map(|Peer { name, wall, processor, .. }| {
        vec![
            (*name).to_owned(),
            wall.count().to_string(),
            format!("{:.2}", wall.median()),
            format!("{:.2}", wall.p99()),
            format!("{:.2}", processor.median()),
            format!("{:.2}", wall.median() / dbus_send),
            format!("{:.2}", wall.median() / playerctl),
        ]
    });
    Report {
        title: "A single query in a new process",
        how: "Each command runs as a new process, beside a signed-in Finch and a player. The benchmark checks its answer first.\n\
              The time is that of the whole process, from its start to its exit. The CPU time is that of all threads (`getrusage`)."
            .to_owned(),
        limits: "Not included: a first run with the program still on the disk. The answers differ in value: `dbus-send` sends one query and `purple-remote` two. `communicado` sends all that it needs for every client, account and presence."
            .to_owned(),
        tables: vec![Table {
            heads: vec![
                "",
                "runs",
                "median, ms",
                "p99, ms",
                "CPU time, median, ms",
                "to dbus-send",
                "to playerctl",
            ],
            rows: rows.collect(),
        }],
        goals: vec![
            Goal {
                claim: "Faster than `playerctl status`",
                met: ours < playerctl,
                measured: format!("{:.2} times", ours / playerctl),
            },
            Goal {
                claim: "At most twice the median of `dbus-send`",
                met: ours <= NEAR * dbus_send,
                measured: format!("{:.2} times", ours / dbus_send),
            },
        ],
    }
}
