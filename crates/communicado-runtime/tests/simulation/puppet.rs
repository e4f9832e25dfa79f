//! A source that does what it is told to, and remembers everything that it did.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::panic_any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{Life, Moment, SignIn};
use communicado_runtime::{Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture};

use crate::clock::HandClock;
use crate::run::Run;

/// One thing that a source can be told to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Takes a new link to a client.
    Open(&'static str),
    /// Says something of a client over its newest link, or a first one.
    Say(&'static str, Word),
    /// Says it over the link before that.
    SayLate(&'static str, Word),
    /// Says what it said last.
    Repeat,
    /// Says so many different things of a client at one moment.
    Flood(&'static str, usize),
    /// Names more things than the directory takes in.
    Crowd(Crowd),
    Ready,
    End,
    Panic,
    /// Panics before there is anything to poll; only as the first act of a run.
    PanicAtOnce,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Life(Life, Option<Duration>),
    /// The raw token of a presence is replaced by that for its availability's word.
    Account(&'static str, Option<SignIn>),
    Saved(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Crowd {
    Clients,
    Accounts,
    Words,
}

/// What a panic that was asked for carries, so that it is not taken for a failure.
pub(crate) struct Meant;

pub(crate) const REASON: &str = "the other side hung up";

/// A source that does what it is told to. Its clones pull the same strings.
#[derive(Clone)]
pub(crate) struct Puppet(Arc<Mutex<Strings>>);

pub(crate) struct Strings {
    clock: HandClock,
    order: Order,
    start: Box<dyn FnMut() -> Vec<Act> + Send>,
    to_do: VecDeque<Act>,
    waker: Option<Waker>,
    polls: u64,
    pub(crate) runs: Vec<Run>,
}

/// Numbers whatever happens in the world, because much of it happens at one moment.
#[derive(Clone, Default)]
pub(crate) struct Order(Arc<Mutex<u64>>);

impl Order {
    pub(crate) fn next(&self) -> u64 {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        *count
    }
}

impl Puppet {
    /// A source that begins each run with what `start` says.
    pub(crate) fn new(
        clock: HandClock,
        order: Order,
        start: Box<dyn FnMut() -> Vec<Act> + Send>,
    ) -> Self {
        let (to_do, waker, polls, runs) = (VecDeque::new(), None, 0, Vec::new());
        Self(Arc::new(Mutex::new(Strings { clock, order, start, to_do, waker, polls, runs })))
    }

    pub(crate) fn strings(&self) -> MutexGuard<'_, Strings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells it what to do. What it is told while it does not run is forgotten.
    pub(crate) fn tell(&self, acts: &[Act]) {
        let mut strings = self.strings();
        if strings.running().is_none() {
            return;
        }
        strings.to_do.extend(acts);
        let waker = strings.waker.take();
        drop(strings);
        waker.into_iter().for_each(Waker::wake);
    }

    fn begin(&self, handle: SourceHandle) {
        let mut strings = self.strings();
        let run = Run::new(handle, strings.clock.last_turn());
        strings.runs.push(run);
        let acts = (strings.start)();
        if let Some(Act::PanicAtOnce) = acts.first() {
            strings.end(true);
            drop(strings);
            panic_any(Meant);
        }
        strings.to_do = acts.into();
    }

    fn play(&self, cx: &Context<'_>) -> Poll<SourceError> {
        let mut strings = self.strings();
        strings.polls += 1;
        while let Some(act) = strings.to_do.pop_front() {
            match act {
                Act::End => {
                    strings.end(false);
                    let help = "ring again".into();
                    return Poll::Ready(SourceError { cause: REASON.into(), help });
                }
                Act::Panic | Act::PanicAtOnce => {
                    strings.end(true);
                    drop(strings);
                    panic_any(Meant);
                }
                Act::Ready => strings.ready(),
                act => strings.running().expect("it is polled").perform(act),
            }
        }
        strings.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Strings {
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

    /// When it was lost for the last time, if it does not run.
    pub(crate) fn lost_at(&self) -> Option<Moment> {
        Some(self.runs.last()?.ended.as_ref()?.at)
    }
}

impl Source for Puppet {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        self.begin(handle);
        Box::pin(poll_fn(|cx| self.play(cx)))
    }

    fn probe<'a>(&'a mut self, _clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async { Vec::new() })
    }
}
