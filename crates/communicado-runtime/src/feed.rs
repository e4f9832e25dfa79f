//! A snapshot, then changes, for one reader.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::{Hub, Update};

/// A stream of updates for one reader.
///
/// The first update is a snapshot, so there is no gap between query and subscription. A reader that
/// falls behind gets a new snapshot with the number of missed changes.
pub struct Feed {
    hub: Arc<Hub>,
    number: u64,
}

impl Hub {
    /// A new feed, which starts with a snapshot.
    #[must_use]
    pub fn feed(self: &Arc<Self>) -> Feed {
        Feed { hub: Arc::clone(self), number: self.add_feed() }
    }
}

impl Feed {
    /// The next update, or `None` once the hub is closed.
    ///
    /// It is cancel safe: dropping the future loses no update.
    pub async fn next(&mut self) -> Option<Update> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Polls for the next update.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.hub.poll_feed(self.number, cx)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.hub.drop_feed(self.number);
    }
}
