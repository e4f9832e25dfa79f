//! Waiting for a state, with a deadline that a busy machine does not reach.
//!
//! The only place of the fixtures that pauses. Foreign programs announce most of their states to
//! nobody (a port that listens, a process that exited), so the fixtures poll.
//!
//! A deadline counts only the time in which a core was idle. A program that is waited for and makes
//! no progress on an idle machine hangs. On a busy machine it may just wait for its turn.

use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The idle time for any one state: hundreds of times what the slowest takes on an idle machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The time on the clock that no busy machine needs.
pub const HANG: Duration = Duration::from_secs(2 * 60 * 60);

/// The interval of the polls: short beside the 75 ms of a sign-in, long beside the 3 ms of a query.
const PAUSE: Duration = Duration::from_millis(10);

/// How often a channel's deadline is checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// Polls until there is a result, and returns it.
///
/// # Panics
///
/// When the deadline passes first, with `what` was awaited.
#[track_caller]
pub fn within<T>(what: &str, poll: impl FnMut() -> Option<T>) -> T {
    within_of(TIMEOUT, what, poll)
}

/// Polls as [`within`] does, with another amount of idle time.
///
/// # Panics
///
/// As [`within`].
#[track_caller]
pub fn within_of<T>(timeout: Duration, what: &str, poll: impl FnMut() -> Option<T>) -> T {
    match Deadline::new(timeout).poll(poll) {
        Some(result) => result,
        None => panic!("not within {timeout:?} of idle time: {what}"),
    }
}

/// Receives from a channel.
///
/// # Errors
///
/// When the deadline passes first, or the sender is gone.
pub fn receive<T>(from: &Receiver<T>) -> Result<T, RecvTimeoutError> {
    Deadline::default().receive(from)
}

/// The end of an amount of idle time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    timeout: Duration,
    began: Instant,
    idle: Option<Duration>,
}

impl Deadline {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, began: now(), idle: idle() }
    }

    /// Polls until there is a result or the deadline passes.
    pub(crate) fn poll<T>(self, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            let is_over = self.is_over();
            let result = poll();
            if result.is_some() || is_over {
                return result;
            }
            pause();
        }
    }

    /// Receives from a channel until the deadline passes.
    pub(crate) fn receive<T>(self, from: &Receiver<T>) -> Result<T, RecvTimeoutError> {
        loop {
            let is_over = self.is_over();
            match from.recv_timeout(CHECK_INTERVAL) {
                Err(RecvTimeoutError::Timeout) if !is_over => {}
                result => return result,
            }
        }
    }

    fn is_over(self) -> bool {
        let elapsed = self.began.elapsed();
        let idle = self.idle.and_then(|before| Some(idle()?.saturating_sub(before)));
        elapsed > HANG || idle.map_or(elapsed, |idle| idle.min(elapsed)) > self.timeout
    }
}

/// The idle time of all cores since the start of the machine, if the system reports it.
fn idle() -> Option<Duration> {
    // cpu  user nice system idle ..., in hundredths of a second.
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let ticks: u64 = stat.lines().next()?.split_whitespace().nth(4)?.parse().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

impl Default for Deadline {
    fn default() -> Self {
        Self::new(TIMEOUT)
    }
}

/// Reads the real clock.
#[expect(clippy::disallowed_methods, reason = "the peers run in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "between two polls for a state with a deadline")]
fn pause() {
    std::thread::sleep(PAUSE);
}
