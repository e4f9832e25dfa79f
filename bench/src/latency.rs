//! From a client's signal on the bus to the line about it, flushed and read.
//!
//! The user of a real Finch picks a status, and Finch tells of it over D-Bus. The clock starts
//! when that signal is written to the bus (`relay.rs`), and stops when the line of the program
//! that is measured has been read from its pipe. One program listens at a time, for a block of
//! picks; blocks of all programs alternate, so that whatever else the machine does falls on all.
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

/// Ten blocks each: a disturbance that lasts a second falls on few of them.
const BLOCKS: u32 = 10;

/// What is not there by now will not come.
const PATIENCE: Duration = Duration::from_secs(5);

/// A program that was just started may not listen yet, and is given another signal after this.
const STARTING: Duration = Duration::from_millis(200);

/// How often in each block a program is started to see its first change.
const FIRSTS: u32 = 5;

/// Nobody says anything for so long: the pick before is over, and the processors sleep.
const QUIET: Duration = Duration::from_millis(5);

/// The signal of Finch with which the time begins.
const SIGNAL: &str = "AccountStatusChanged";

/// A program that listens, and what it says.
struct Peer {
    name: &'static str,
    trigger: Trigger,
    start: fn(&Empty) -> Result<Command, String>,
    /// A piece of the line that it writes when the status is on, or off.
    line: [&'static str; 2],
    /// Only the first change that it sees is measured.
    first: bool,
    lag: Numbers,
}

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trigger {
    Finch,
    /// A player, and nobody else does anything.
    Player,
    /// A player, just before Finch: the processors have the same to do as with Finch alone.
    PlayerAndFinch,
}

const OURS: usize = 0;
const MONITOR: usize = 1;
const PLAYERCTL: usize = 3;

/// Every program, with ours and those that the goals name at the places above.
fn listeners() -> [Peer; 9] {
    let peer = |name, trigger, start, line| Peer {
        name,
        trigger,
        start,
        line,
        first: false,
        lag: Numbers::default(),
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
            "`playerctl`, while Finch does nothing",
            Trigger::Player,
            peers::playerctl,
            [player::word(true), player::word(false)],
        ),
        Peer {
            first: true,
            ..peer("`communicado`, a status not seen before", Trigger::Finch, peers::watch, ours)
        },
        peer("a bare listener that writes a line", Trigger::Finch, raw_dbus, [SIGNAL; 2]),
        peer(
            "a bare listener to the player",
            Trigger::PlayerAndFinch,
            raw_dbus_to_player,
            [player::SIGNAL; 2],
        ),
        peer(
            "a bare listener, while Finch does nothing",
            Trigger::Player,
            raw_dbus_to_player,
            [player::SIGNAL; 2],
        ),
    ]
}

/// Measures `samples` picks for each program.
pub(crate) fn run(samples: u32) -> Result<Report, String> {
    let (mut fixture, relay) = Fixture::relayed(SIGNAL);
    let mut finch = Bench::new(&fixture.empty.bus, relay);
    let mut peers = listeners();
    let count = peers.len();
    for block in 0..BLOCKS {
        // Each comes first equally often.
        for place in 0..count {
            let Some(peer) = peers.get_mut((block as usize + place) % count) else { continue };
            if peer.first {
                finch.firsts(&mut fixture, peer)?;
            } else {
                finch.block(&mut fixture, peer, samples.div_ceil(BLOCKS))?;
            }
        }
    }
    Ok(report(&peers))
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

/// Writes a line for each signal that `rule` matches: what any listener costs at least.
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

/// The hand at Finch and at the player, and the eye on the pipe.
struct Bench {
    bus: RawDbus,
    relay: Relay,
    /// The statuses that are picked in turn: available and away, in Finch's handles.
    statuses: [u32; 2],
    on: bool,
}

impl Bench {
    fn new(address: &str, relay: Relay) -> Self {
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

    /// Starts communicado again and again, and measures its first pick each time.
    fn firsts(&mut self, fixture: &mut Fixture, peer: &mut Peer) -> Result<(), String> {
        let [available, _] = self.statuses;
        let told_of_finch = "\"client\":\"finch\",\"status\":\"signed-in\"";
        for _ in 0..FIRSTS {
            let activate = available.to_le_bytes();
            let activate = to_finch("PurpleSavedstatusActivate", "i", &activate);
            self.bus.ask(&activate).expect_ok("pick a status");
            self.on = true;
            let mut follower = Follower::start((peer.start)(&fixture.empty)?);
            let mut text = Vec::new();
            while !says(&text, told_of_finch) {
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

    /// Starts a program, measures some picks and ends it.
    fn block(
        &mut self,
        fixture: &mut Fixture,
        peer: &mut Peer,
        samples: u32,
    ) -> Result<(), String> {
        let mut follower = Follower::start((peer.start)(&fixture.empty)?);
        let started = Instant::now();
        while self.pick(fixture, peer, &mut follower, STARTING).is_none() {
            if started.elapsed() > PATIENCE {
                return Err(format!("{} says nothing", peer.name));
            }
        }
        // The other status has to be seen as well before both are old.
        self.pick(fixture, peer, &mut follower, PATIENCE);
        for _ in 0..samples {
            let lag = self.pick(fixture, peer, &mut follower, PATIENCE);
            peer.lag.add(micros(lag.ok_or_else(|| format!("{} missed a change", peer.name))?));
        }
        Ok(())
    }

    /// Has a status picked, waits for all that follows, and returns how long the line took.
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
        let mut told = None;
        if peer.trigger == Trigger::PlayerAndFinch {
            let mut player = fixture.player.twin().expect_ok("play");
            let plays = self.on;
            self.relay.before_it(move || player.play(plays).expect_ok("play"));
        }
        if peer.trigger == Trigger::Player {
            told = Some(fixture.player.play(self.on).expect_ok("play"));
        } else {
            let activate = status.to_le_bytes();
            let activate = to_finch("PurpleSavedstatusActivate", "i", &activate);
            self.bus.send(&activate).expect_ok("pick a status");
        }
        // Finch answers when all its signals are out.
        let mut over = peer.trigger == Trigger::Player;
        let (mut written, mut text) = (None, Vec::new());
        loop {
            let all = over && written.is_some();
            let left = if all { QUIET } else { patience.checked_sub(begun.elapsed())? };
            let (heard, said) = ready(&self.bus, follower, left);
            if said {
                follower.read(&mut text);
                let now = Instant::now();
                if written.is_none() && says(&text, line) {
                    written = Some(now);
                }
            }
            if heard {
                over |= self.bus.receive().expect_ok("hear Finch").iter().any(is_answer);
            }
            if all && !heard && !said {
                return Some(written? - told.or_else(|| self.relay.take())?);
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

/// Whether `text` has the whole line of which `piece` is a part.
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
        how: "A real Finch, signed in to a real server, is told to change its status over and over.\n\
              The clock starts when its signal is written to the bus, by a relay in the bench through which Finch talks, and stops when the line has been read from the pipe of the program that is measured; the bus's own work is part of it for all.\n\
              One program listens at a time, and blocks of all of them alternate on one bus; `playerctl` follows a player in the bench, which tells just before Finch does, so that the processors have the same to do for all, and the clock starts when its signal is written.\n\
              The first change after a start, to a status that was not met before, is measured apart."
            .to_owned(),
        limits: "It does not show what Finch takes before it tells, nor a busy machine; the rows where Finch does nothing show how much of a time is what Finch goes on to do on the same processors."
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
