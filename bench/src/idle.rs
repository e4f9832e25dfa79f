//! The cost of an idle watch.
//!
//! One bus is empty, and one has a signed-in Finch and a paused player. Every program listens on
//! each bus during the same interval. The numbers are the kernel's, from `/proc` (proc(5)).
#![expect(clippy::disallowed_methods, reason = "an interval is slept through")]

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Empty, Fixture, Follower};
use crate::numbers::millis;
use crate::peers;
use crate::reading::{Reading, mib};
use crate::report::{Goal, Report, Table};

/// The idle time after which a program has finished its start.
const SETTLED: Duration = Duration::from_secs(2);

/// The longest wait for an idle program.
const SETTLING_MAX: Duration = Duration::from_secs(10);

/// The interval of the liveness check of a quiet client.
const CHECK_SECONDS: u64 = 30;

/// The wake-ups of a check: at its start and at its answer.
const SWITCHES_PER_CHECK: u64 = 2;

type Start = fn(&Empty) -> Result<Command, String>;

/// The programs, ours first and playerctl last.
const PEERS: [(&str, Start); 3] = [
    ("`communicado watch --json`", peers::watch),
    ("`dbus-monitor`, the same match rules", peers::monitor),
    ("`playerctl --follow status`", peers::playerctl),
];

struct Peer {
    name: &'static str,
    beside: Beside,
    follower: Follower,
    began: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    Client,
}

/// Measures for `seconds`.
pub(crate) fn run(seconds: u64) -> Result<Report, String> {
    let empty = Empty::new();
    let fixture = Fixture::new();
    let mut peers = Vec::new();
    for (beside, bus) in [(Beside::Nobody, &empty), (Beside::Client, &fixture.empty)] {
        for (name, start) in PEERS {
            let follower = Follower::start(start(bus)?);
            peers.push(Peer { name, beside, follower, began: Reading::default() });
        }
    }
    settle(&mut peers);
    thread::sleep(Duration::from_secs(seconds));
    let done: Vec<_> = peers.iter().map(|peer| (peer, Reading::of(peer.follower.id()))).collect();
    Ok(report(seconds, &done))
}

/// Waits until all programs are idle, and takes the first readings.
fn settle(peers: &mut [Peer]) {
    let start = Instant::now();
    loop {
        thread::sleep(SETTLED);
        let mut rests = true;
        for peer in &mut *peers {
            let now = Reading::of(peer.follower.id());
            rests &= now.voluntary == peer.began.voluntary;
            peer.began = now;
        }
        if rests || start.elapsed() > SETTLING_MAX {
            return;
        }
    }
}

fn report(seconds: u64, peers: &[(&Peer, Reading)]) -> Report {
    let rows = peers.iter().map(|(Peer { name, beside, began, .. }, now)| {
        vec![
            (*name).to_owned(),
            beside.words().to_owned(),
            (now.voluntary - began.voluntary).to_string(),
            (now.involuntary - began.involuntary).to_string(),
            format!("{:.2}", millis(now.processor.saturating_sub(began.processor))),
            mib(now.peak_kib),
            mib(now.anonymous_kib),
            mib(now.file_kib),
        ]
    });
    let of = |name: &str, wanted: Beside| {
        peers.iter().find(|(peer, _)| peer.name == name && peer.beside == wanted)
    };
    let [(ours, _), _, (playerctl, _)] = PEERS;
    let switches =
        |beside| of(ours, beside).map_or(0, |(peer, now)| now.voluntary - peer.began.voluntary);
    let processor = |beside| {
        of(ours, beside).map_or(Duration::ZERO, |(peer, now)| now.processor - peer.began.processor)
    };
    let peak = |name| of(name, Beside::Client).map_or(0, |(_, now)| now.peak_kib);
    let (alone, beside) = (switches(Beside::Nobody), switches(Beside::Client));
    let checks = seconds.div_ceil(CHECK_SECONDS);
    Report {
        title: "Idle watch",
        how: format!(
            "All programs listen during the same {seconds} s, once on an empty bus, and once on a bus with a signed-in Finch and a paused player.\n\
             Context switches, CPU time and memory are the sums of all threads from `/proc`; the peak includes the start."
        ),
        limits: "Not included: the work of the client and the bus for an answer. Shared file pages count in full, although they cost nothing extra."
            .to_owned(),
        tables: vec![Table {
            heads: vec![
                "",
                "beside",
                "voluntary switches",
                "involuntary",
                "CPU time, ms",
                "peak memory, MiB",
                "of that anonymous",
                "of files",
            ],
            rows: rows.collect(),
        }],
        goals: vec![
            Goal {
                claim: "No wake-up while no client runs",
                met: alone == 0 && processor(Beside::Nobody).is_zero(),
                measured: format!("{alone} switches"),
            },
            Goal {
                claim: "Beside a client only the liveness check, at most twice a minute",
                met: beside <= SWITCHES_PER_CHECK * checks,
                measured: format!(
                    "{beside} switches, of which {checks} checks need {SWITCHES_PER_CHECK} each"
                ),
            },
            Goal {
                claim: "Less peak memory than `playerctl --follow`",
                met: peak(ours) < peak(playerctl),
                measured: format!("{} to {} MiB", mib(peak(ours)), mib(peak(playerctl))),
            },
        ],
    }
}

impl Beside {
    const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "no client",
            Self::Client => "a client",
        }
    }
}
