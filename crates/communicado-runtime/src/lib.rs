//! The runtime around the core: the clock, the supervisor, the feeds, and the traits of sources and
//! sinks.
//!
//! A [`Source`] reports through its [`SourceHandle`]. The [`Hub`] gives each observation to the
//! roster, and each change to every [`Feed`]. A [`Sink`] reads its feed. [`run`] runs the sources,
//! and is the only place that retries.
//!
//! **Invariant:** only [`SystemClock`] reads the time, and only its timers depend on the async
//! runtime ([`desktop_executor`]); so a test can drive the clock and poll everything by hand.
//! **Invariant:** an observation is handled where it is made, under one lock, without a queue. A
//! source that floods slows down itself, and no memory grows.
//!
//! Read next: [`Source`], [`Feed`], then `tests/simulation/`.
#![warn(clippy::wildcard_enum_match_arm)]

#[cfg(target_os = "linux")]
mod async_fd;
mod backoff;
mod clock;
mod directory;
mod executor;
mod feed;
mod feed_queue;
mod hub;
mod named;
mod notes;
mod notice;
mod record;
mod replay;
mod sink;
mod source;
mod source_error;
mod source_handle;
mod stdin;
mod supervisor;

#[cfg(target_os = "linux")]
pub use async_fd::async_fd;
pub use backoff::Backoff;
pub use clock::{Clock, SystemClock, Timer, sleep_until, timeout_at};
pub use directory::LimitReached;
pub use executor::desktop_executor;
pub use feed::Feed;
pub use feed_queue::Update;
pub use hub::Hub;
pub use notice::Notice;
pub use replay::{Replay, ReplayError};
pub use sink::{Sink, SinkError, SinkFuture};
pub use source::{Check, CheckHealth, NamedSource, ProbeFuture, Source, WatchFuture};
pub use source_error::SourceError;
pub use source_handle::{ClientHandle, SourceHandle};
pub use stdin::on_stdin_eof;
pub use supervisor::run;
