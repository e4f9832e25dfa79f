//! A reading of the runtime's clock.

use core::time::Duration;

/// A point in time, counted from the start of the runtime's clock, including time asleep.
///
/// Unlike an `Instant`, it can be written to a file and read back, so a journal can be replayed and
/// a test can use exact times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment at which the clock started.
    pub const START: Self = Self(Duration::ZERO);

    /// The moment `since_start` after the clock started.
    #[must_use]
    pub const fn new(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time from the start of the clock to this moment.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// The moment `duration` later; saturates.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// The time from `earlier` to this moment, or zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
