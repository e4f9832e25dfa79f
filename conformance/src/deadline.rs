//! Waits for a state, never for a time.
//!
//! The only place of the stage that pauses. Foreign programs announce most of their states to
//! nobody (a port that listens, a process that ended), so they are asked again and again.

use std::time::{Duration, Instant};

/// How long any one state may take.
///
/// A hundred times what the slowest takes on an idle machine: two cores are shared with builds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Between two questions: short beside the 75 ms of a sign-in, long beside the 3 ms of a question.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks until there is an answer, and returns it.
///
/// # Panics
///
/// When the deadline passes first, with `what` was waited for.
#[track_caller]
pub fn within<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    match Deadline::new(PATIENCE).ask(ask) {
        Some(answer) => answer,
        None => panic!("not within {PATIENCE:?}: {what}"),
    }
}

/// A moment that should not be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn new(patience: Duration) -> Self {
        Self(now() + patience)
    }

    /// Asks until there is an answer, or until the moment is reached.
    pub(crate) fn ask<T>(self, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            let late = self.left().is_zero();
            let answer = ask();
            if answer.is_some() || late {
                return answer;
            }
            pause();
        }
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }
}

/// Reads the real clock.
#[expect(clippy::disallowed_methods, reason = "the stage lives in the real world")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "between two questions for a state with a deadline")]
fn pause() {
    std::thread::sleep(PAUSE);
}
