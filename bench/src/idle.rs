//! What watching costs while nothing happens.
//!
//! Two buses side by side, one with nobody on it and one with a Finch that is signed in and a
//! player that is paused; on each every program listens, all through the same interval. What they
//! did is read from `/proc`, as the kernel counted it (proc(5)).
#![expect(clippy::disallowed_methods, reason = "an interval is slept through")]

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Empty, Fixture, Follower};
use crate::numbers::millis;
use crate::peers;
use crate::reading::{Reading, mib};
use crate::report::{Goal, Report, Table};

/// Who was just started is left to itself until it has done nothing for so long.
const SETTLED: Duration = Duration::from_secs(2);

/// Who is not at rest by now never will be, and is measured as it is.
const SETTLING_MAX: Duration = Duration::from_secs(10);

/// How often a client that says nothing is asked whether it is there.
const CHECK_SECONDS: u64 = 30;

/// A check wakes twice: when it is due, and when it is answered.
const SWITCHES_PER_CHECK: u64 = 2;

type Start = fn(&Empty) -> Result<Command, String>;

/// Every program, ours first and playerctl last.
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

/// Waits until everyone is at rest, and takes the first readings.
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
        title: "Watching while nothing happens",
        how: format!(
            "All programs listen through the same {seconds} s, once on a bus with nobody on it and once on a bus with a Finch that is signed in and a player that is paused.\n\
             Context switches, time on a processor and memory are those of all their threads, as the kernel has them in `/proc`; the peak includes the start."
        ),
        limits: "It does not show what the client and the bus do to answer a check, nor what the file pages of a program cost that others have loaded as well, which is nothing."
            .to_owned(),
        tables: vec![Table {
            heads: vec![
                "",
                "beside",
                "voluntary switches",
                "involuntary",
                "processor, ms",
                "peak memory, MiB",
                "of it now anonymous",
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
                claim: "Beside a client only the check that finds a hung one, at most twice a minute",
                met: beside <= SWITCHES_PER_CHECK * checks,
                measured: format!(
                    "{beside} switches, where {checks} checks of {SWITCHES_PER_CHECK} each are due"
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
            Self::Nobody => "nobody",
            Self::Client => "a client",
        }
    }
}
