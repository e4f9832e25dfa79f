//! The latency from a client's signal on the bus to the flushed line of a listener.
//!
//! The user of a real Finch picks a status, and Finch sends a signal over D-Bus. The clock starts
//! when the relay writes that signal to the bus (`relay.rs`). It stops when the benchmark has read
//! the line from the pipe of the measured program. One program listens at a time. The blocks of all
//! programs alternate, so that other load on the machine affects all.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the clock")]

use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use communicado_conformance::ExpectOk;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::fixture::{Empty, Fixture, Follower, PURPLE};
use crate::numbers::{Numbers, micros};
use crate::raw_dbus::{Kind, Message, RawDbus, Received, Writer};
use crate::relay::Relay;
use crate::report::{Goal, Report, Table};
use crate::{peers, player};

/// The blocks for each program, so that a short disturbance affects few of them.
const BLOCKS: u32 = 10;

/// The longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(5);

/// The wait for a program that may not listen yet, before another signal.
const STARTING: Duration = Duration::from_millis(200);

/// The starts in each block for the first change.
const FIRSTS: u32 = 5;

/// The silence between two picks, after which the processors sleep.
const QUIET: Duration = Duration::from_millis(5);

/// The signal of Finch that starts the clock.
pub(crate) const SIGNAL: &str = "AccountStatusChanged";

/// A program that this benchmark starts.
struct Listener {
    peer: Peer,
    start: fn(&Empty) -> Result<Command, String>,
    /// True if only its first change is measured.
    first: bool,
}

/// A program that listens, and its output.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    trigger: Trigger,
    /// The part of its line when the status is on, or off.
    line: [&'static str; 2],
    pub(crate) lag: Numbers,
}

impl Peer {
    /// A program that writes a line with one of these parts after each change of Finch.
    pub(crate) fn of_finch(name: &'static str, line: [&'static str; 2]) -> Self {
        Self { name, trigger: Trigger::Finch, line, lag: Numbers::default() }
    }
}

/// The sender of a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trigger {
    Finch,
    /// A player, with an idle Finch.
    Player,
    /// A player, just before Finch, so that the load is the same as with Finch alone.
    PlayerAndFinch,
}

const OURS: usize = 0;
const MONITOR: usize = 1;
const PLAYERCTL: usize = 3;

/// The programs; the constants above are indices of ours and of those in the goals.
fn listeners() -> [Listener; 9] {
    let peer = |name, trigger, start, line| Listener {
        peer: Peer { name, trigger, line, lag: Numbers::default() },
        start,
        first: false,
    };
    let ours = ["\"availability\":\"available\"", "\"availability\":\"away\""];
    let signal = ["member=AccountStatusChanged"; 2];
    [
        peer("`communicado watch --json`", Trigger::Finch, peers::watch, ours),
        peer("`dbus-monitor`, the same match rules", Trigger::Finch, peers::monitor, signal),
        peer("`dbus-monitor`, all of Finch's signals", Trigger::Finch, peers::monitor_all, signal),
        peer(
            "`playerctl --follow status`",
            Trigger::PlayerAndFinch,
            peers::playerctl,
            [player::word(true), player::word(false)],
        ),
        peer(
            "`playerctl`, with an idle Finch",
            Trigger::Player,
            peers::playerctl,
            [player::word(true), player::word(false)],
        ),
        Listener {
            first: true,
            ..peer("`communicado`, a status not seen before", Trigger::Finch, peers::watch, ours)
        },
        peer("a minimal listener that writes a line", Trigger::Finch, raw_dbus, [SIGNAL; 2]),
        peer(
            "a minimal listener to the player",
            Trigger::PlayerAndFinch,
            raw_dbus_to_player,
            [player::SIGNAL; 2],
        ),
        peer(
            "a minimal listener, with an idle Finch",
            Trigger::Player,
            raw_dbus_to_player,
            [player::SIGNAL; 2],
        ),
    ]
}

/// Measures `samples` picks for each program.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let (mut fixture, relay) = Fixture::relayed(SIGNAL);
    let mut finch = FinchDriver::new(&fixture.empty.bus, relay);
    let mut listeners = listeners();
    let count = listeners.len();
    for block in 0..BLOCKS {
        // Each program is first equally often.
        for place in 0..count {
            let place = (block as usize + place) % count;
            let Some(Listener { peer, start, first }) = listeners.get_mut(place) else { continue };
            if *first {
                finch.firsts(&mut fixture, peer, *start)?;
            } else {
                let follower = Follower::start(start(&fixture.empty)?);
                finch.block(&mut fixture, peer, follower, samples.div_ceil(BLOCKS))?;
            }
        }
    }
    Ok(report(&listeners.map(|listener| listener.peer)))
}

fn raw_dbus(empty: &Empty) -> Result<Command, String> {
    let [_, path, interface] = PURPLE;
    raw_dbus_to(
        empty,
        &format!("type='signal',path='{path}',interface='{interface}',member='{SIGNAL}'"),
    )
}

fn raw_dbus_to_player(empty: &Empty) -> Result<Command, String> {
    raw_dbus_to(empty, &format!("type='signal',member='{}'", player::SIGNAL))
}

fn raw_dbus_to(empty: &Empty, rule: &str) -> Result<Command, String> {
    let this = std::env::current_exe().map_err(|error| format!("this program is gone: {error}"))?;
    let mut command = empty.command(&this);
    command.args(["listener", &empty.bus, rule]);
    Ok(command)
}

/// Writes a line for each signal that `rule` matches: the minimal cost of a listener.
#[expect(clippy::print_stdout, reason = "a listener's output is its purpose")]
pub(crate) fn listener(address: &str, rule: &str) -> std::io::Result<()> {
    let mut bus = RawDbus::connect(address)?;
    bus.listen(rule)?;
    bus.wait_forever()?;
    loop {
        for heard in bus.receive()?.iter().filter(|heard| heard.kind == Kind::Signal) {
            println!("{}", heard.member);
            std::io::stdout().flush()?;
        }
    }
}

/// The driver of Finch and the player, which reads the pipe.
pub(crate) struct FinchDriver {
    bus: RawDbus,
    relay: Relay,
    /// The handles of the two statuses, available and away.
    statuses: [u32; 2],
    on: bool,
}

impl FinchDriver {
    pub(crate) fn new(address: &str, relay: Relay) -> Self {
        let mut bus = RawDbus::connect(address).expect_ok("get onto the bus");
        // Primitives of libpurple 2.14 (status.h).
        let statuses = [2, 5].map(|primitive| {
            let mut body = Writer::default();
            body.string("");
            body.u32(primitive);
            let new = to_finch("PurpleSavedstatusNew", "si", &body.0);
            bus.ask(&new).expect_ok("make a status").number().expect_ok("make a status")
        });
        Self { bus, relay, statuses, on: false }
    }

    /// Starts communicado several times, and measures its first pick each time.
    fn firsts(
        &mut self,
        fixture: &mut Fixture,
        peer: &mut Peer,
        start: fn(&Empty) -> Result<Command, String>,
    ) -> Result<(), String> {
        let [available, _] = self.statuses;
        let finch_line = "\"client\":\"finch\",\"status\":\"signed-in\"";
        for _ in 0..FIRSTS {
            let activate = available.to_le_bytes();
            let activate = to_finch("PurpleSavedstatusActivate", "i", &activate);
            self.bus.ask(&activate).expect_ok("pick a status");
            self.on = true;
            let mut follower = Follower::start(start(&fixture.empty)?);
            let mut text = Vec::new();
            while !says(&text, finch_line) {
                follower.read(&mut text);
            }
            while ready(&self.bus, &follower, QUIET).1 {
                follower.read(&mut text);
            }
            let lag = self.pick(fixture, peer, &mut follower, PATIENCE);
            peer.lag.add(micros(lag.ok_or_else(|| format!("{} missed a change", peer.name))?));
        }
        Ok(())
    }

    /// Measures some picks with a program that was just started, and ends it.
    pub(crate) fn block(
        &mut self,
        fixture: &mut Fixture,
        peer: &mut Peer,
        mut follower: Follower,
        samples: u32,
    ) -> Result<(), String> {
        let started = Instant::now();
        while self.pick(fixture, peer, &mut follower, STARTING).is_none() {
            if started.elapsed() > PATIENCE {
                return Err(format!("{} says nothing", peer.name));
            }
        }
        // The listener must see the other status too, before both are known.
        self.pick(fixture, peer, &mut follower, PATIENCE);
        for _ in 0..samples {
            let lag = self.pick(fixture, peer, &mut follower, PATIENCE);
            peer.lag.add(micros(lag.ok_or_else(|| format!("{} missed a change", peer.name))?));
        }
        Ok(())
    }

    /// Picks a status, waits for all effects, and returns the time until the line.
    fn pick(
        &mut self,
        fixture: &mut Fixture,
        peer: &Peer,
        follower: &mut Follower,
        patience: Duration,
    ) -> Option<Duration> {
        self.on = !self.on;
        let [on, off] = self.statuses;
        let [line_on, line_off] = peer.line;
        let (status, line) = if self.on { (on, line_on) } else { (off, line_off) };
        self.relay.take();
        let begun = Instant::now();
        let mut signalled = None;
        if peer.trigger == Trigger::PlayerAndFinch {
            let mut player = fixture.player.twin().expect_ok("play");
            let plays = self.on;
            self.relay.before_it(move || player.play(plays).expect_ok("play"));
        }
        if peer.trigger == Trigger::Player {
            signalled = Some(fixture.player.play(self.on).expect_ok("play"));
        } else {
            let activate = status.to_le_bytes();
            let activate = to_finch("PurpleSavedstatusActivate", "i", &activate);
            self.bus.send(&activate).expect_ok("pick a status");
        }
        // Finch answers after all its signals.
        let mut over = peer.trigger == Trigger::Player;
        let (mut written, mut text) = (None, Vec::new());
        loop {
            let all = over && written.is_some();
            let left = if all { QUIET } else { patience.checked_sub(begun.elapsed())? };
            let (heard, printed) = ready(&self.bus, follower, left);
            if printed {
                follower.read(&mut text);
                let now = Instant::now();
                if written.is_none() && says(&text, line) {
                    written = Some(now);
                }
            }
            if heard {
                over |= self.bus.receive().expect_ok("hear Finch").iter().any(is_answer);
            }
            if all && !heard && !printed {
                return Some(written? - signalled.or_else(|| self.relay.take())?);
            }
        }
    }
}

fn is_answer(heard: &Received) -> bool {
    heard.kind == Kind::Answer
}

fn to_finch<'a>(member: &'a str, signature: &'a str, body: &'a [u8]) -> Message<'a> {
    let [destination, path, interface] = PURPLE;
    Message { destination, path, interface, member, signature, body, ..Message::default() }
}

/// True if `text` has the whole line with `piece`.
pub(crate) fn says(text: &[u8], piece: &str) -> bool {
    text.split_inclusive(|byte| *byte == b'\n').any(|line| {
        line.ends_with(b"\n") && line.windows(piece.len()).any(|part| part == piece.as_bytes())
    })
}

/// Waits until the bus or the follower has something to read.
pub(crate) fn ready(bus: &RawDbus, follower: &Follower, patience: Duration) -> (bool, bool) {
    let mut both = [PollFd::new(bus, PollFlags::IN), PollFd::new(follower, PollFlags::IN)];
    let patience = Timespec {
        tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(patience.subsec_nanos()),
    };
    poll(&mut both, Some(&patience)).expect_ok("wait");
    let [bus, follower] = both.map(|each| !each.revents().is_empty());
    (bus, follower)
}

fn report(peers: &[Peer; 9]) -> Report {
    let lag = |place: usize| peers.get(place).map_or(f64::NAN, |peer| peer.lag.median());
    let (ours, monitor, playerctl) = (lag(OURS), lag(MONITOR), lag(PLAYERCTL));
    let rows = peers.iter().map(|Peer { name, trigger, lag, .. }| {
        vec![
            (*name).to_owned(),
            lag.count().to_string(),
            format!("{:.0}", lag.median()),
            format!("{:.0}", lag.p99()),
            format!("{:.2}", lag.median() / monitor),
            format!("{:.2}", lag.median() / playerctl),
            match trigger {
                Trigger::Finch => "Finch",
                Trigger::Player => "a player",
                Trigger::PlayerAndFinch => "a player, then Finch",
            }
            .to_owned(),
        ]
    });
    Report {
        title: "From the client's signal to the flushed line",
        how: "A real Finch, signed in to a real server, changes its status again and again.\n\
              The clock starts when a relay in the benchmark writes Finch's signal to the bus. It stops when the benchmark has read the line from the pipe of the measured program. All times include the work of the bus.\n\
              One program listens at a time, and blocks of all programs alternate on one bus. `playerctl` follows a player in the benchmark, which sends its signal just before Finch. So the processors have the same load for all, and the clock starts with the player's signal.\n\
              A separate row shows the first change after a start, to a new status."
            .to_owned(),
        limits: "Not included: Finch's time before its signal, and a busy machine. The rows with an idle Finch show the cost of Finch's further work on the same processors."
            .to_owned(),
        tables: vec![Table {
            heads: vec![
                "",
                "changes",
                "median, µs",
                "p99, µs",
                "to dbus-monitor",
                "to playerctl",
                "client",
            ],
            rows: rows.collect(),
        }],
        goals: vec![
            Goal {
                claim: "At most twice the median of `dbus-monitor` with the same match rules",
                met: ours <= 2.0 * monitor,
                measured: format!("{:.2} times", ours / monitor),
            },
            Goal {
                claim: "Under the median of `playerctl --follow` beside the same Finch",
                met: ours < playerctl,
                measured: format!("{:.2} times", ours / playerctl),
            },
        ],
    }
}
