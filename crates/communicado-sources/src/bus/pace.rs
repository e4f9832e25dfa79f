//! How patient a source is.

use std::time::Duration;

/// How often a client that says nothing is asked whether it is there, and how long it may take to
/// answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) check: Duration,
    pub(crate) timeout: Duration,
}

impl Pace {
    /// How long a client may be believed: two checks and an answer.
    pub(crate) fn lease(self) -> Duration {
        self.check * 2 + self.timeout
    }
}
