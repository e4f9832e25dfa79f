//! What a sink is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::Feed;

/// Tells one kind of listener.
///
/// It brings the listener level with the feed's snapshot, then tells it each change. A listener
/// that is slow gets the latest status of each client and is told that it missed some: the feed
/// sees to that, so a sink only has to read it when the listener is ready for more.
pub trait Sink: Send {
    /// Tells until the feed ends, the listener is gone, or it is dropped.
    fn deliver(self: Box<Self>, feed: Feed) -> SinkFuture;
}

/// A sink at work. It ends well when the feed ended or the listener went away.
pub type SinkFuture = Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send>>;

/// Why a sink cannot tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkError {
    /// What is the case.
    pub cause: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for SinkError {}
