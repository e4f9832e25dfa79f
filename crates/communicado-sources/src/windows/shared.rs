//! One lookout for all sources, so that they see a change together and in the order of their
//! rank.
//!
//! The first subscriber looks; the others get what it saw. It is the source that is believed
//! first, since that one is opened first: so a lower one never tells of a change before a higher
//! one can.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use communicado_runtime::SourceError;

use super::contract::Provider;
use super::lookout::Lookout;

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

/// A source's part in the lookout.
pub(crate) struct Subscription {
    shared: Arc<Shared>,
    number: u64,
    /// The look that was taken last.
    taken: u64,
}

struct Shared {
    state: Mutex<State>,
    /// Apart: the system's threads wake with it, and the lookout waits for them while it lets go of
    /// what it waits for.
    subscribers: Arc<Subscribers>,
}

struct State {
    lookout: Lookout,
    /// How often it was looked, and what was seen.
    looks: u64,
    found: Arc<[Provider]>,
}

#[derive(Default)]
struct Subscribers(Mutex<BTreeMap<u64, Option<Waker>>>);

impl Subscription {
    pub(crate) fn new() -> Result<Self, SourceError> {
        let mut known = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = match known.upgrade() {
            Some(shared) => shared,
            None => {
                let state = State { lookout: Lookout::open()?, looks: 0, found: Arc::new([]) };
                let subscribers = Arc::default();
                let shared = Arc::new(Shared { state: Mutex::new(state), subscribers });
                *known = Arc::downgrade(&shared);
                shared
            }
        };
        drop(known);
        let number = shared.subscribers.add();
        Ok(Self { shared, number, taken: 0 })
    }

    /// Ready with every provider as it is now, at first and after every change.
    pub(crate) fn poll_change(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<Result<Arc<[Provider]>, SourceError>> {
        let Shared { state, subscribers } = &*self.shared;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = subscribers.waits(self.number, cx.waker());
        if is_first {
            let everybody = Waker::from(Arc::clone(subscribers));
            let mut cx = Context::from_waker(&everybody);
            let changed = match state.looks {
                0 => Poll::Ready(Ok(())),
                _ => state.lookout.poll_change(&mut cx),
            };
            if let Poll::Ready(changed) = changed {
                changed?;
                state.found = state.lookout.look()?.into();
                state.looks += 1;
            }
        }
        if state.looks == self.taken {
            return Poll::Pending;
        }
        self.taken = state.looks;
        let found = Arc::clone(&state.found);
        drop(state);
        if is_first {
            // Those who come after this one in the same pass need no waking, and it does no harm.
            subscribers.wake_all();
        }
        Poll::Ready(Ok(found))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.subscribers.lock().remove(&self.number);
        // Whoever is first now has to look.
        self.shared.subscribers.wake_all();
    }
}

impl Subscribers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Option<Waker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in another one, after all that there are.
    fn add(&self) -> u64 {
        let mut all = self.lock();
        let number = all.keys().next_back().map_or(0, |last| last + 1);
        all.insert(number, None);
        number
    }

    /// Takes in whom to wake for one of them, and says whether that is the first of all.
    fn waits(&self, number: u64, waker: &Waker) -> bool {
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
