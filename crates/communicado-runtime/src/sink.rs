//! The trait of sinks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::Feed;

/// A sink delivers updates to one kind of listener.
///
/// It delivers the snapshot of its feed, then each change. For a slow listener, the feed replaces
/// queued changes by a new snapshot with the number of missed changes. So a sink only has to read
/// the feed when the listener is ready.
pub trait Sink: Send {
    /// Delivers until the feed ends or the listener goes away.
    fn deliver(self: Box<Self>, feed: Feed) -> SinkFuture;
}

/// The future of a running sink. It is `Ok` if the feed ended or the listener went away.
pub type SinkFuture = Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send>>;

/// The error that ended a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkError {
    /// The cause, in one sentence.
    pub cause: String,
    /// The advice, in one sentence.
    pub help: String,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for SinkError {}
