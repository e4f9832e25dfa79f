//! One registry watcher for all sources, so that they see each change together and in the order of
//! their rank.
//!
//! The first subscriber reads the registry, and the others receive its result. The supervisor opens
//! sources in the order of their rank, so no source reports a change before a source of higher rank
//! can.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use communicado_runtime::SourceError;

use super::registered_client::RegisteredClient;
use super::registry_watcher::RegistryWatcher;

static SHARED: Mutex<Weak<SharedWatcher>> = Mutex::new(Weak::new());

/// Subscription of a source to the shared registry watcher.
pub(crate) struct RegistrySubscription {
    shared: Arc<SharedWatcher>,
    number: u64,
    /// The number of the last read that the source has received.
    received: u64,
}

struct SharedWatcher {
    state: Mutex<SharedState>,
    /// Not behind the lock of `state`: threads of Windows wake the subscribers, and the watcher
    /// waits for these threads when it drops a registration.
    subscribers: Arc<Subscribers>,
}

struct SharedState {
    watcher: RegistryWatcher,
    /// The number of reads, and the result of the last one.
    reads: u64,
    found: Arc<[RegisteredClient]>,
}

#[derive(Default)]
struct Subscribers(Mutex<BTreeMap<u64, Option<Waker>>>);

impl RegistrySubscription {
    pub(crate) fn new() -> Result<Self, SourceError> {
        let mut current = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = match current.upgrade() {
            Some(shared) => shared,
            None => {
                let state = SharedState {
                    watcher: RegistryWatcher::open()?,
                    reads: 0,
                    found: Arc::new([]),
                };
                let subscribers = Arc::default();
                let shared = Arc::new(SharedWatcher { state: Mutex::new(state), subscribers });
                *current = Arc::downgrade(&shared);
                shared
            }
        };
        drop(current);
        let number = shared.subscribers.add();
        Ok(Self { shared, number, received: 0 })
    }

    /// Waits for the clients: at once on the first call, then after each change.
    pub(crate) fn poll_change(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<Result<Arc<[RegisteredClient]>, SourceError>> {
        let SharedWatcher { state, subscribers } = &*self.shared;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = subscribers.register(self.number, cx.waker());
        if is_first {
            let all = Waker::from(Arc::clone(subscribers));
            let mut cx = Context::from_waker(&all);
            // A read without a difference needs another wait.
            loop {
                if state.reads > 0 {
                    match state.watcher.poll_change(&mut cx) {
                        Poll::Pending => break,
                        Poll::Ready(changed) => changed?,
                    }
                }
                let found = state.watcher.read()?;
                if state.reads == 0 || *state.found != *found {
                    state.found = found.into();
                    state.reads += 1;
                    break;
                }
            }
        }
        if state.reads == self.received {
            return Poll::Pending;
        }
        self.received = state.reads;
        let found = Arc::clone(&state.found);
        drop(state);
        if is_first {
            // Later subscribers in the same pass need no wake-up, but it does no harm.
            subscribers.wake_all();
        }
        Poll::Ready(Ok(found))
    }
}

impl Drop for RegistrySubscription {
    fn drop(&mut self) {
        self.shared.subscribers.lock().remove(&self.number);
        // Another subscriber may be the first one now.
        self.shared.subscribers.wake_all();
    }
}

impl Subscribers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Option<Waker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a subscriber after all others, and returns its number.
    fn add(&self) -> u64 {
        let mut all = self.lock();
        let number = all.keys().next_back().map_or(0, |last| last + 1);
        all.insert(number, None);
        number
    }

    /// Registers the waker of a subscriber, and returns whether it is the first one.
    fn register(&self, number: u64, waker: &Waker) -> bool {
        let mut all = self.lock();
        all.insert(number, Some(waker.clone()));
        all.keys().next() == Some(&number)
    }

    fn wake_all(&self) {
        let wakers: Vec<Waker> = self.lock().values().flatten().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Subscribers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }
}
