//! The start of a status.

use core::time::Duration;

use crate::Moment;

/// The start of a status, which can be before the start of the clock.
///
/// It reaches 292 years to both sides of the start of the clock, and saturates there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusStart(i64);

impl StatusStart {
    /// The start `nanos` nanoseconds after the start of the clock. A negative number is before it.
    #[must_use]
    pub const fn new(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The nanoseconds from the start of the clock to this start. A negative number is before it.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The start `duration` earlier; saturates.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

impl From<Moment> for StatusStart {
    fn from(moment: Moment) -> Self {
        Self(nanos(moment.since_start()))
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_can_be_before_the_start_of_the_clock_and_saturates() {
        let at = |seconds| StatusStart::from(Moment::new(Duration::from_secs(seconds)));
        assert_eq!(at(3).before(Duration::from_secs(2)), at(1));
        assert_eq!(at(3).before(Duration::from_secs(5)).nanos(), -2_000_000_000);
        assert!(at(0).before(Duration::from_nanos(1)) < at(0));
        assert_eq!(at(u64::MAX).nanos(), i64::MAX);
        assert_eq!(StatusStart::new(i64::MIN).before(Duration::MAX).nanos(), i64::MIN);
    }
}
