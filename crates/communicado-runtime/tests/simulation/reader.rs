//! Those who read feeds: promptly, slowly, or never.

use std::collections::BTreeMap;
use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use communicado_runtime::{Feed, Update};
use communicado_wire::Client;

/// Raised by whoever wakes its owner.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the flag down, and returns whether it was up.
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
pub(crate) enum Habit {
    /// Reads all there is whenever it is woken.
    Prompt,
    /// Reads when it is let.
    Slow,
    /// Reads when all is over.
    Never,
}

pub(crate) struct Reader {
    pub(crate) habit: Habit,
    pub(crate) flag: Arc<Flag>,
    pub(crate) told: Vec<Update>,
    /// It has read all there was, so it must be woken when there is more.
    pub(crate) waits: bool,
    pub(crate) ended: bool,
    feed: Feed,
}

impl Reader {
    pub(crate) fn new(feed: Feed, habit: Habit) -> Self {
        let flag = Arc::<Flag>::default();
        flag.clone().wake();
        Self { habit, flag, told: Vec::new(), waits: false, ended: false, feed }
    }

    /// Reads all there is, but no more than `most`.
    pub(crate) fn read(&mut self, most: usize) {
        self.flag.lower();
        let waker = Waker::from(Arc::clone(&self.flag));
        let mut cx = Context::from_waker(&waker);
        for number in 0..most {
            // Half of it through a future that is dropped when it has to wait.
            let polled = match number % 2 {
                0 => pin!(self.feed.next()).poll(&mut cx),
                _ => self.feed.poll_next(&mut cx),
            };
            self.waits = polled.is_pending();
            match polled {
                Poll::Ready(Some(update)) => self.told.push(update),
                Poll::Ready(None) => {
                    self.ended = true;
                    return;
                }
                Poll::Pending => return,
            }
        }
    }
}

/// A reader that reads as it is woken, before whoever woke it goes on: the one that never lags.
pub(crate) struct Witness(Mutex<Testimony>);

#[derive(Default)]
pub(crate) struct Testimony {
    feed: Option<Feed>,
    pub(crate) told: Vec<Update>,
    pub(crate) believed: BTreeMap<Arc<str>, Arc<Client>>,
    pub(crate) ended: bool,
}

impl Witness {
    pub(crate) fn new(feed: Feed) -> Arc<Self> {
        let testimony = Testimony { feed: Some(feed), ..Testimony::default() };
        let witness = Arc::new(Self(Mutex::new(testimony)));
        witness.clone().wake();
        witness
    }

    pub(crate) fn testimony(&self) -> MutexGuard<'_, Testimony> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the feed back, which otherwise would keep its own waker alive for ever.
    pub(crate) fn leave(&self) {
        let feed = self.testimony().feed.take();
        drop(feed);
    }
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut testimony = self.testimony();
        let Testimony { feed: Some(feed), told, believed, ended } = &mut *testimony else { return };
        while let Poll::Ready(update) = feed.poll_next(&mut Context::from_waker(&waker)) {
            let Some(update) = update else {
                *ended = true;
                return;
            };
            match &update {
                Update::Change(client) => {
                    believed.insert(Arc::clone(&client.client), Arc::clone(client));
                }
                Update::Snapshot { clients, .. } => {
                    let each = clients.iter();
                    *believed = each.map(|c| (Arc::clone(&c.client), Arc::clone(c))).collect();
                }
            }
            told.push(update);
        }
    }
}
