//! A scripted source, which records everything that it does.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::panic_any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{Life, Moment, SignIn};
use communicado_runtime::{Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture};

use crate::clock::ManualClock;
use crate::run::Run;

/// One action of a scripted source.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Opens a new handle for a client.
    Open(&'static str),
    /// Reports a claim over the newest handle, or over a first one.
    Report(&'static str, Claim),
    /// Reports a claim over the handle before the newest.
    ReportLate(&'static str, Claim),
    /// Repeats the last report.
    Repeat,
    /// Reports this many different claims at one moment.
    Flood(&'static str, usize),
    /// Uses more names than the limit.
    Overflow(Overflow),
    Ready,
    End,
    Panic,
    /// Panics before there is a future to poll; only as the first act of a run.
    PanicAtOnce,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim {
    Life(Life, Option<Duration>),
    /// A sign-in state. The raw word of a presence is replaced by the word of its availability.
    Account(&'static str, Option<SignIn>),
    Saved(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Overflow {
    Clients,
    Accounts,
    Words,
}

/// The payload of an intended panic.
pub(crate) struct IntendedPanic;

pub(crate) const REASON: &str = "the other side hung up";

/// A scripted source. Its clones share one state.
#[derive(Clone)]
pub(crate) struct ScriptedSource(Arc<Mutex<SourceState>>);

pub(crate) struct SourceState {
    clock: ManualClock,
    order: Order,
    start: Box<dyn FnMut() -> Vec<Act> + Send>,
    to_do: VecDeque<Act>,
    waker: Option<Waker>,
    polls: u64,
    pub(crate) runs: Vec<Run>,
}

/// A counter that orders events of the same moment.
#[derive(Clone, Default)]
pub(crate) struct Order(Arc<Mutex<u64>>);

impl Order {
    pub(crate) fn next(&self) -> u64 {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        *count
    }
}

impl ScriptedSource {
    /// A source that starts each run with the acts that `start` returns.
    pub(crate) fn new(
        clock: ManualClock,
        order: Order,
        start: Box<dyn FnMut() -> Vec<Act> + Send>,
    ) -> Self {
        let (to_do, waker, polls, runs) = (VecDeque::new(), None, 0, Vec::new());
        Self(Arc::new(Mutex::new(SourceState { clock, order, start, to_do, waker, polls, runs })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, SourceState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds acts. Acts for a source that does not run are dropped.
    pub(crate) fn tell(&self, acts: &[Act]) {
        let mut state = self.state();
        if state.running().is_none() {
            return;
        }
        state.to_do.extend(acts);
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn start(&self, handle: SourceHandle) {
        let mut state = self.state();
        let run = Run::new(handle, state.clock.last_turn());
        state.runs.push(run);
        let acts = (state.start)();
        if let Some(Act::PanicAtOnce) = acts.first() {
            state.end(true);
            drop(state);
            panic_any(IntendedPanic);
        }
        state.to_do = acts.into();
    }

    fn play(&self, cx: &Context<'_>) -> Poll<SourceError> {
        let mut state = self.state();
        state.polls += 1;
        while let Some(act) = state.to_do.pop_front() {
            match act {
                Act::End => {
                    state.end(false);
                    let help = "ring again".into();
                    return Poll::Ready(SourceError { cause: REASON.into(), help });
                }
                Act::Panic | Act::PanicAtOnce => {
                    state.end(true);
                    drop(state);
                    panic_any(IntendedPanic);
                }
                Act::Ready => state.ready(),
                act => state.running().expect("it is polled").perform(act),
            }
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl SourceState {
    pub(crate) fn running(&mut self) -> Option<&mut Run> {
        self.runs.last_mut().filter(|run| run.ended.is_none())
    }

    fn ready(&mut self) {
        let (order, poll) = (self.order.next(), self.polls);
        let run = self.running().expect("it is polled");
        if run.ready.is_none() {
            run.ready = Some(crate::run::Event { order, poll });
        }
        run.handle.ready();
    }

    fn end(&mut self, by_panic: bool) {
        let (order, poll, at) = (self.order.next(), self.polls, self.clock.shows());
        let run = self.running().expect("it is polled");
        run.ended =
            Some(crate::run::Ended { at, by_panic, event: crate::run::Event { order, poll } });
        self.waker = None;
    }

    /// The moment of the last loss, if the source does not run.
    pub(crate) fn lost_at(&self) -> Option<Moment> {
        Some(self.runs.last()?.ended.as_ref()?.at)
    }
}

impl Source for ScriptedSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        self.start(handle);
        Box::pin(poll_fn(|cx| self.play(cx)))
    }

    fn probe<'a>(&'a mut self, _clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async { Vec::new() })
    }
}
