//! A reading of the shell's clock.

use core::time::Duration;

/// A point in time, counted from the start of the shell's clock, asleep or awake.
///
/// It can be written to a file and read back, which an `Instant` cannot; so a journal can be
/// replayed and a test can say 47 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment at which the clock began.
    pub const START: Self = Self(Duration::ZERO);

    /// The moment `since_start` after the clock began.
    #[must_use]
    pub const fn new(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time from the start of the clock to this moment.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// The moment `span` later, or the last one there is.
    #[must_use]
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
