//! A snapshot, then changes, for one sink.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use communicado_wire::Client;

use crate::Hub;

/// How many changes wait for a slow reader before they give way to a new snapshot. A desktop sees
/// a handful in a burst.
pub(crate) const WAITING_MAX: usize = 256;

/// What changed, for one reader.
///
/// The first is a snapshot, so there is no gap between asking and listening. A reader that falls
/// behind gets a new snapshot, which says how many changes it missed.
pub struct Feed {
    hub: Arc<Hub>,
    number: u64,
}

/// What a feed gives.
#[derive(Clone, Debug)]
pub enum Update {
    /// What is believed of every client now.
    Snapshot {
        /// Every client.
        clients: Vec<Arc<Client>>,
        /// How many changes were left out before this; 0 at the start.
        missed: u64,
    },
    /// One client changed.
    Change(Arc<Client>),
}

impl Feed {
    pub(crate) const fn new(hub: Arc<Hub>, number: u64) -> Self {
        Self { hub, number }
    }

    /// The next update; nothing once the hub was closed.
    ///
    /// It may be dropped at any time without losing an update.
    pub async fn next(&mut self) -> Option<Update> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next update, for those who poll.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.hub.poll_feed(self.number, cx)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.hub.drop_feed(self.number);
    }
}

/// What waits for one reader.
#[derive(Default)]
pub(crate) struct Mailbox {
    waiting: VecDeque<Arc<Client>>,
    in_step: bool,
    missed: u64,
    waker: Option<Waker>,
}

impl Mailbox {
    /// Puts in a change, and returns who is to be woken.
    pub(crate) fn put(&mut self, change: &Arc<Client>) -> Option<Waker> {
        if !self.in_step {
            // The snapshot that is due will hold it. Before the first one nothing is missed.
            self.missed += u64::from(self.missed > 0);
            return None;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.missed = u64::try_from(self.waiting.len()).unwrap_or(u64::MAX) + 1;
            self.waiting.clear();
            self.in_step = false;
        } else {
            self.waiting.push_back(Arc::clone(change));
        }
        self.waker.take()
    }

    /// Takes out what is next: a change, or the need for a snapshot with the number missed.
    pub(crate) fn take(&mut self) -> Option<Taken> {
        if self.in_step {
            return self.waiting.pop_front().map(Taken::Change);
        }
        self.in_step = true;
        Some(Taken::Behind { missed: std::mem::take(&mut self.missed) })
    }

    pub(crate) fn wait(&mut self, cx: &Context<'_>) {
        self.waker = Some(cx.waker().clone());
    }

    pub(crate) const fn wake(&mut self) -> Option<Waker> {
        self.waker.take()
    }
}

pub(crate) enum Taken {
    Change(Arc<Client>),
    Behind { missed: u64 },
}
