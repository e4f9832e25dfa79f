//! A clock that moves only when a test moves it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{Moment, StatusStart};
use communicado_runtime::{Clock, Timer};
use communicado_wire::Timestamp;

/// More reads than this, while the clock stands still, are a busy loop: a flood of thousands
/// reads it a few times for each observation.
const READS_MAX: u32 = 200_000;

/// The time from the start of the machine to the start of the clock.
pub(crate) const UPTIME: Duration = Duration::from_secs(24 * 3600);

/// A clock that moves only when a test moves it, with a list of its timers.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<Mutex<ClockState>>);

struct ClockState {
    now: Moment,
    before: Moment,
    began: Timestamp,
    deadlines: BTreeMap<u64, TimerState>,
    timers_created: u64,
    reads: u32,
    gives_timers: bool,
}

#[derive(Default)]
struct TimerState {
    at: Option<Moment>,
    waker: Option<Waker>,
}

struct ManualTimer {
    clock: ManualClock,
    number: u64,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        let state = ClockState {
            now: Moment::START,
            before: Moment::START,
            began: "2026-11-22T21:00:00Z".parse().expect("it is a time"),
            deadlines: BTreeMap::new(),
            timers_created: 0,
            reads: 0,
            gives_timers: true,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Moves the clock to `at` in one step, and fires the timers that are due.
    pub(crate) fn turn_to(&self, at: Moment) {
        let mut state = self.state();
        assert!(state.now <= at, "the clock is never turned back");
        (state.before, state.now, state.reads) = (state.now, at, 0);
        let due = state
            .deadlines
            .values_mut()
            .filter(|deadline| deadline.at.is_some_and(|due| due <= at));
        let wakers: Vec<Waker> = due.filter_map(|deadline| deadline.waker.take()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Sets the civil clock ahead, as a traveller does.
    pub(crate) fn set_civil_ahead(&self, duration: Duration) {
        let mut state = self.state();
        state.began = state.began.after(duration);
    }

    pub(crate) fn give_no_more_timers(&self) {
        self.state().gives_timers = false;
    }

    /// The last move of the clock: from, to.
    pub(crate) fn last_turn(&self) -> (Moment, Moment) {
        let state = self.state();
        (state.before, state.now)
    }

    /// The current moment for the simulation itself, whose reads do not count.
    pub(crate) fn shows(&self) -> Moment {
        self.state().now
    }

    /// The moments of all set timers, earliest first.
    pub(crate) fn deadlines(&self) -> Vec<Moment> {
        let state = self.state();
        let set =
            state.deadlines.values().filter_map(|deadline| Some((deadline.at?, &deadline.waker)));
        let mut moments: Vec<Moment> = Vec::new();
        for (at, waker) in set {
            assert!(waker.is_some(), "a timer is set to {at:?} and nobody waits for it");
            moments.push(at);
        }
        moments.sort_unstable();
        moments
    }

    fn state(&self) -> MutexGuard<'_, ClockState> {
        self.0.lock().expect("a test that panics with the clock locked has failed")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        let mut state = self.state();
        state.reads += 1;
        let (now, reads) = (state.now, state.reads);
        drop(state);
        assert!(reads < READS_MAX, "somebody waits for the clock in a busy loop");
        now
    }

    fn civil(&self) -> Timestamp {
        let state = self.state();
        state.began.after(state.now.since_start())
    }

    fn machine_start(&self) -> StatusStart {
        StatusStart::from(Moment::START).before(UPTIME)
    }

    fn timer(&self) -> io::Result<Box<dyn Timer>> {
        let mut state = self.state();
        if !state.gives_timers {
            return Err(io::Error::other("too many open files"));
        }
        state.timers_created += 1;
        let number = state.timers_created;
        state.deadlines.insert(number, TimerState::default());
        Ok(Box::new(ManualTimer { clock: self.clone(), number }))
    }
}

impl Timer for ManualTimer {
    fn set(&mut self, at: Option<Moment>) {
        self.clock.state().deadlines.entry(self.number).or_default().at = at;
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        let now = state.now;
        let deadline = state.deadlines.entry(self.number).or_default();
        if deadline.at.is_some_and(|at| at <= now) {
            return Poll::Ready(());
        }
        deadline.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for ManualTimer {
    fn drop(&mut self) {
        self.clock.state().deadlines.remove(&self.number);
    }
}
