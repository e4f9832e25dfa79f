//! The shell around the core: the clock, the supervisor, the feeds, and what a source and a sink
//! are.
//!
//! A [`Source`] observes through [`SourceHandle`]; the [`Hub`] hands each observation to the roster and
//! what changed to every [`Feed`]; a [`Sink`] reads its feed. [`run`] keeps the sources watching
//! and is the only place that retries.
//!
//! **Invariant:** only [`SystemClock`] reads the time, and nothing here knows one async runtime
//! but for that clock's timer; so a test turns the clock by hand and polls the whole by hand.
//! **Invariant:** an observation is handled where it is made, under one lock, without a queue: a
//! source that floods slows itself down and nobody's memory grows.
//!
//! Read next: [`Source`], [`Feed`], then `tests/simulation/`.
#![warn(clippy::wildcard_enum_match_arm)]

mod clock;
mod directory;
mod feed;
mod hub;
mod input;
mod named;
mod notice;
#[cfg(target_os = "linux")]
mod readiness;
mod record;
mod replay;
mod sink;
mod source;
mod source_handle;
mod supervisor;

pub use clock::{Clock, SystemClock, Timer, sleep_until, within};
pub use directory::LimitReached;
pub use feed::{Feed, Update};
pub use hub::Hub;
pub use input::at_input_end;
pub use notice::Notice;
#[cfg(target_os = "linux")]
pub use readiness::wait_for;
pub use replay::{Replay, ReplayError};
pub use sink::{Sink, SinkError, SinkFuture};
pub use source::{Check, Health, NamedSource, ProbeFuture, Source, SourceError, WatchFuture};
pub use source_handle::{ClientHandle, SourceHandle};
pub use supervisor::run;
