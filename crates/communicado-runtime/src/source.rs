//! The trait of sources.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use crate::{Clock, SourceError, SourceHandle};

/// A source reads one kind of client and reports its state.
///
/// It subscribes first, then takes a snapshot, then applies the events that arrived meanwhile. It
/// never launches a client, never polls if the client sends events, and never retries: it returns
/// an error, and the supervisor decides when to restart it.
pub trait Source: Send {
    /// Watches until it fails. The future can be dropped at any await.
    ///
    /// It reports through `handle`, and calls [`SourceHandle::ready`] after the first snapshot.
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_>;

    /// Checks once which clients the source can read on this machine.
    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a>;
}

/// The future of a running source. It ends only with an error.
pub type WatchFuture<'a> = Pin<Box<dyn Future<Output = SourceError> + Send + 'a>>;

/// The future of a probe.
pub type ProbeFuture<'a> = Pin<Box<dyn Future<Output = Vec<Check>> + Send + 'a>>;

/// A source with its name, ready to run.
pub struct NamedSource {
    /// Its name.
    pub name: String,
    /// The clients to report even if the source has not seen them.
    pub clients: Vec<String>,
    /// The source.
    pub source: Box<dyn Source>,
}

/// The result of one check of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The subject of the check.
    pub what: Cow<'static, str>,
    /// The result.
    pub health: CheckHealth,
    /// The finding, in one sentence.
    pub found: Cow<'static, str>,
    /// The advice, in one sentence, if there is a problem.
    pub action: Option<Cow<'static, str>>,
}

/// The health of a checked part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckHealth {
    /// The part works.
    Good,
    /// The part works, but shows nothing, or not everything.
    Limited,
    /// The part does not work.
    Bad,
}
