//! The queue of a feed, and its updates.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use communicado_wire::Client;

/// The maximum number of queued changes, after which a new snapshot replaces them. A burst on a
/// desktop has a few.
pub(crate) const QUEUE_MAX: usize = 256;

/// An update of a feed.
#[derive(Clone, Debug)]
pub enum Update {
    /// The current state of every client.
    Snapshot {
        /// Every client.
        clients: Vec<Arc<Client>>,
        /// The number of changes that the reader missed before this; 0 at the start.
        missed: u64,
    },
    /// A change of one client.
    Change(Arc<Client>),
}

/// The queued changes of one reader.
#[derive(Default)]
pub(crate) struct FeedQueue {
    queue: VecDeque<Arc<Client>>,
    up_to_date: bool,
    missed: u64,
    waker: Option<Waker>,
}

impl FeedQueue {
    /// Queues a change, and returns the waker to call.
    pub(crate) fn push(&mut self, change: &Arc<Client>) -> Option<Waker> {
        if !self.up_to_date {
            // The next snapshot has this change. Before the first snapshot, nothing is missed.
            self.missed += u64::from(self.missed > 0);
            return None;
        }
        if self.queue.len() >= QUEUE_MAX {
            self.missed = u64::try_from(self.queue.len()).unwrap_or(u64::MAX) + 1;
            self.queue.clear();
            self.up_to_date = false;
        } else {
            self.queue.push_back(Arc::clone(change));
        }
        self.waker.take()
    }

    /// Takes the next item: a change, or the request for a snapshot.
    pub(crate) fn pop(&mut self) -> Option<FeedItem> {
        if self.up_to_date {
            return self.queue.pop_front().map(FeedItem::Change);
        }
        self.up_to_date = true;
        Some(FeedItem::Resync { missed: std::mem::take(&mut self.missed) })
    }

    pub(crate) fn set_waker(&mut self, cx: &Context<'_>) {
        self.waker = Some(cx.waker().clone());
    }

    pub(crate) const fn take_waker(&mut self) -> Option<Waker> {
        self.waker.take()
    }
}

pub(crate) enum FeedItem {
    Change(Arc<Client>),
    Resync { missed: u64 },
}
