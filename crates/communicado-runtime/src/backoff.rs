//! Exponential backoff with jitter, for the supervisors of sources and sinks.

use std::time::Duration;

use communicado_core::Moment;

/// The first backoff after a failure.
const BACKOFF_MIN: Duration = Duration::from_millis(250);
/// The longest backoff, and so the longest time until a peer that is back is seen.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// The delays between attempts, with jitter, so that many attempts do not start at the same time.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    /// A backoff without failures. The seeds of two backoffs of one program should differ.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed }
    }

    /// Returns whether there was a failure since the last reset.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Starts again with the shortest delay.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The delay after a failure at the moment `now`.
    pub fn next_delay(&mut self, now: Moment) -> Duration {
        let doubled =
            BACKOFF_MIN.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        // The low bits of the clock differ between machines and between failures.
        self.random ^= u64::from(now.since_start().subsec_nanos());
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let percent = 75 + u32::try_from((self.random >> 33) % 51).unwrap_or(25);
        doubled.min(BACKOFF_MAX) * percent / 100
    }
}
