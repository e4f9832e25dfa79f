//! A snapshot, then changes, for one reader.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use communicado_wire::Client;

use crate::Hub;

/// How many changes to queue for a slow reader before a new snapshot replaces them. A burst on a
/// desktop has a few.
pub(crate) const QUEUE_MAX: usize = 256;

/// A stream of updates for one reader.
///
/// The first update is a snapshot, so there is no gap between query and subscription. A reader that
/// falls behind gets a new snapshot with the number of missed changes.
pub struct Feed {
    hub: Arc<Hub>,
    number: u64,
}

/// An update of a feed.
#[derive(Clone, Debug)]
pub enum Update {
    /// The current state of every client.
    Snapshot {
        /// Every client.
        clients: Vec<Arc<Client>>,
        /// How many changes the reader missed before this; 0 at the start.
        missed: u64,
    },
    /// A change of one client.
    Change(Arc<Client>),
}

impl Feed {
    pub(crate) const fn new(hub: Arc<Hub>, number: u64) -> Self {
        Self { hub, number }
    }

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
