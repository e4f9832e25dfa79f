//! Readers of feeds: prompt, slow, or never reading.

use std::collections::BTreeMap;
use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use communicado_runtime::{Feed, Update};
use communicado_wire::Client;

/// A waker that sets a flag.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Clears the flag, and returns whether it was set.
    pub(crate) fn lower(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadPattern {
    /// Reads all updates at every wake-up.
    Prompt,
    /// Reads when the script lets it.
    Slow,
    /// Reads only at the end.
    Never,
}

pub(crate) struct Reader {
    pub(crate) pattern: ReadPattern,
    pub(crate) flag: Arc<Flag>,
    pub(crate) updates: Vec<Update>,
    /// `true` if the reader has read everything and waits for a wake-up.
    pub(crate) waits: bool,
    pub(crate) ended: bool,
    feed: Feed,
}

impl Reader {
    pub(crate) fn new(feed: Feed, pattern: ReadPattern) -> Self {
        let flag = Arc::<Flag>::default();
        flag.clone().wake();
        Self { pattern, flag, updates: Vec::new(), waits: false, ended: false, feed }
    }

    /// Reads at most `most` updates.
    pub(crate) fn read(&mut self, most: usize) {
        self.flag.lower();
        let waker = Waker::from(Arc::clone(&self.flag));
        let mut cx = Context::from_waker(&waker);
        for number in 0..most {
            // Every other update is read through a future, which is dropped if it is pending.
            let polled = match number % 2 {
                0 => pin!(self.feed.next()).poll(&mut cx),
                _ => self.feed.poll_next(&mut cx),
            };
            self.waits = polled.is_pending();
            match polled {
                Poll::Ready(Some(update)) => self.updates.push(update),
                Poll::Ready(None) => {
                    self.ended = true;
                    return;
                }
                Poll::Pending => return,
            }
        }
    }
}

/// A reader that reads inside its waker, and so never lags.
pub(crate) struct EagerReader(Mutex<EagerState>);

#[derive(Default)]
pub(crate) struct EagerState {
    feed: Option<Feed>,
    pub(crate) updates: Vec<Update>,
    pub(crate) clients: BTreeMap<Arc<str>, Arc<Client>>,
    pub(crate) ended: bool,
}

impl EagerReader {
    pub(crate) fn new(feed: Feed) -> Arc<Self> {
        let state = EagerState { feed: Some(feed), ..EagerState::default() };
        let eager_reader = Arc::new(Self(Mutex::new(state)));
        eager_reader.clone().wake();
        eager_reader
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, EagerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the feed, which otherwise keeps its own waker alive.
    pub(crate) fn leave(&self) {
        let feed = self.state().feed.take();
        drop(feed);
    }
}

impl Wake for EagerReader {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut state = self.state();
        let EagerState { feed: Some(feed), updates, clients: by_name, ended } = &mut *state else {
            return;
        };
        while let Poll::Ready(update) = feed.poll_next(&mut Context::from_waker(&waker)) {
            let Some(update) = update else {
                *ended = true;
                return;
            };
            match &update {
                Update::Change(client) => {
                    by_name.insert(Arc::clone(&client.client), Arc::clone(client));
                }
                Update::Snapshot { clients, .. } => {
                    let each = clients.iter();
                    *by_name = each.map(|c| (Arc::clone(&c.client), Arc::clone(c))).collect();
                }
            }
            updates.push(update);
        }
    }
}
