//! How many connections there are at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The seats of a gateway.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// One connection's; it is free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    taken: Arc<AtomicUsize>,
}

/// Files that a gateway needs besides its connections.
const OTHER_FILES: usize = 64;

impl Seats {
    /// As many as the system lets us open files; raises the soft limit to the hard one.
    pub(crate) fn of_system() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let whole = Rlimit { current: limit.maximum, maximum: limit.maximum };
        let raised = setrlimit(Resource::Nofile, whole).is_ok();
        let files = if raised { limit.maximum } else { limit.current };
        let files = files.map_or(1 << 20, |files| usize::try_from(files).unwrap_or(1 << 20));
        Self::new(files.saturating_sub(OTHER_FILES).max(16))
    }

    pub(crate) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    pub(crate) const fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self) -> Option<Seat> {
        let more = |taken: usize| (taken < self.most).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Seat { taken: self.taken.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Seats;

    #[test]
    fn a_seat_that_is_left_is_free_again() {
        let seats = Seats::new(2);
        let one = seats.take();
        let _two = seats.take();
        assert!(one.is_some() && seats.take().is_none());
        drop(one);
        assert!(seats.take().is_some());
    }
}
