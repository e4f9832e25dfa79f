//! What a source is.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::{Clock, SourceHandle};

/// Reads one kind of client and says what it sees.
///
/// It subscribes first, then takes a snapshot, then applies what arrived meanwhile. It never
/// starts a client by asking, never polls where the client can tell, and never retries: it gives
/// up with a reason, and the supervisor decides what then.
pub trait Source: Send {
    /// Watches until it can go on no longer or is dropped, which it can be at any await.
    ///
    /// It says what it sees through `handle`, and [`SourceHandle::ready`] once it has looked.
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_>;

    /// Looks once, for a person who asks what can be read here.
    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a>;
}

/// A source at work. It has no `Ok`: it ends in the reason why it cannot go on.
pub type WatchFuture<'a> = Pin<Box<dyn Future<Output = SourceError> + Send + 'a>>;

/// A source that looks once.
pub type ProbeFuture<'a> = Pin<Box<dyn Future<Output = Vec<Check>> + Send + 'a>>;

/// A source with its name, ready to be run.
pub struct NamedSource {
    /// Its name.
    pub name: &'static str,
    /// The clients that are told of even while nothing was seen of them.
    pub clients: Vec<String>,
    /// The source.
    pub source: Box<dyn Source>,
}

/// Why a source cannot watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// What is the case.
    pub cause: Cow<'static, str>,
    /// What to do about it.
    pub help: Cow<'static, str>,
}

/// One link of the chain from us to a signed-in user, tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was tested.
    pub what: Cow<'static, str>,
    /// How it stands.
    pub health: Health,
    /// What was found, in one sentence.
    pub found: Cow<'static, str>,
    /// What to do, in one sentence, unless all is well.
    pub action: Option<Cow<'static, str>>,
}

/// How a part of the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It works.
    Good,
    /// It works, and there is nothing to see, or not all.
    Limited,
    /// It does not work.
    Bad,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for SourceError {}
