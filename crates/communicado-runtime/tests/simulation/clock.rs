//! A clock that stands still until it is turned by hand.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, Timer};
use communicado_wire::Timestamp;

/// Whoever reads the clock more often than this while it stands still is spinning: a flood of
/// thousands reads it a few times for each observation.
const READS_MAX: u32 = 200_000;

/// A clock that stands still until it is turned by hand, and knows every timer on it.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Hands>>);

struct Hands {
    now: Moment,
    before: Moment,
    began: Timestamp,
    alarms: BTreeMap<u64, Alarm>,
    alarms_made: u64,
    reads: u32,
    gives_timers: bool,
}

#[derive(Default)]
struct Alarm {
    at: Option<Moment>,
    waker: Option<Waker>,
}

struct HandTimer {
    clock: HandClock,
    number: u64,
}

impl HandClock {
    pub(crate) fn new() -> Self {
        let hands = Hands {
            now: Moment::START,
            before: Moment::START,
            began: "2026-11-22T21:00:00Z".parse().expect("it is a time"),
            alarms: BTreeMap::new(),
            alarms_made: 0,
            reads: 0,
            gives_timers: true,
        };
        Self(Arc::new(Mutex::new(hands)))
    }

    /// Turns the clock, at once and however far, and wakes whom it was to wake meanwhile.
    pub(crate) fn turn_to(&self, at: Moment) {
        let mut hands = self.hands();
        assert!(hands.now <= at, "the clock is never turned back");
        (hands.before, hands.now, hands.reads) = (hands.now, at, 0);
        let due = hands.alarms.values_mut().filter(|alarm| alarm.at.is_some_and(|due| due <= at));
        let wakers: Vec<Waker> = due.filter_map(|alarm| alarm.waker.take()).collect();
        drop(hands);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Sets the civil clock ahead, as somebody does who travels.
    pub(crate) fn set_civil_ahead(&self, span: Duration) {
        let mut hands = self.hands();
        hands.began = hands.began.after(span);
    }

    pub(crate) fn give_no_more_timers(&self) {
        self.hands().gives_timers = false;
    }

    /// The last move of the clock: from when, to when.
    pub(crate) fn last_turn(&self) -> (Moment, Moment) {
        let hands = self.hands();
        (hands.before, hands.now)
    }

    /// The moment it is, for the world itself, whose looks do not count.
    pub(crate) fn shows(&self) -> Moment {
        self.hands().now
    }

    /// Every moment at which somebody is to be woken, earliest first.
    pub(crate) fn alarms(&self) -> Vec<Moment> {
        let hands = self.hands();
        let set = hands.alarms.values().filter_map(|alarm| Some((alarm.at?, &alarm.waker)));
        let mut moments: Vec<Moment> = Vec::new();
        for (at, waker) in set {
            assert!(waker.is_some(), "a timer is set to {at:?} and nobody waits for it");
            moments.push(at);
        }
        moments.sort_unstable();
        moments
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().expect("whoever panics with the clock in hand has failed the test")
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        let mut hands = self.hands();
        hands.reads += 1;
        let (now, reads) = (hands.now, hands.reads);
        drop(hands);
        assert!(reads < READS_MAX, "somebody waits for the clock in a busy loop");
        now
    }

    fn civil(&self) -> Timestamp {
        let hands = self.hands();
        hands.began.after(hands.now.since_start())
    }

    fn timer(&self) -> io::Result<Box<dyn Timer>> {
        let mut hands = self.hands();
        if !hands.gives_timers {
            return Err(io::Error::other("too many open files"));
        }
        hands.alarms_made += 1;
        let number = hands.alarms_made;
        hands.alarms.insert(number, Alarm::default());
        Ok(Box::new(HandTimer { clock: self.clone(), number }))
    }
}

impl Timer for HandTimer {
    fn set(&mut self, at: Option<Moment>) {
        self.clock.hands().alarms.entry(self.number).or_default().at = at;
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut hands = self.clock.hands();
        let now = hands.now;
        let alarm = hands.alarms.entry(self.number).or_default();
        if alarm.at.is_some_and(|at| at <= now) {
            return Poll::Ready(());
        }
        alarm.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for HandTimer {
    fn drop(&mut self) {
        self.clock.hands().alarms.remove(&self.number);
    }
}
