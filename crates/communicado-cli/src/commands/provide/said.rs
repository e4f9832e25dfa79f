//! What the provider prints. A reader that is slow holds up no client: lines wait for it. When too
//! many wait, the newest takes the place of the one before it, and says how many were missed. So the
//! reader always learns the latest.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use communicado::Timestamp;
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sinks::Output;
use tokio::sync::Notify;

use super::report::Report;
use crate::failure::{Failure, Outcome};
use crate::live::standard_output;

/// So many lines wait for a reader that is slow.
const LINES_MAX: usize = 1024;
/// How long a reader may take for the last lines.
const LAST_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Says lines, and never waits.
pub(super) struct Said {
    queue: Arc<Queue>,
    json: bool,
}

/// Writes them.
pub(super) struct Writing {
    queue: Arc<Queue>,
    output: Output,
}

#[derive(Default)]
struct Queue {
    lines: Mutex<Lines>,
    more: Notify,
}

#[derive(Default)]
struct Lines {
    /// Each with how many were missed before it.
    waiting: VecDeque<(String, u64)>,
    /// Nothing more is said.
    ended: bool,
    /// Nobody reads.
    closed: bool,
}

/// Standard output, for lines or for objects.
pub(super) fn standard(json: bool) -> Result<(Said, Writing), Failure> {
    let queue = Arc::new(Queue::default());
    let said = Said { queue: queue.clone(), json };
    Ok((said, Writing { queue, output: standard_output()? }))
}

impl Queue {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next line; nothing once all that was said is out.
    async fn next(&self) -> Option<String> {
        loop {
            {
                let mut lines = self.lines();
                if let Some((line, _)) = lines.waiting.pop_front() {
                    return Some(line);
                }
                if lines.ended {
                    return None;
                }
            }
            self.more.notified().await;
        }
    }
}

impl Said {
    pub(super) fn say(&self, report: &Report, at: Timestamp) {
        let mut lines = self.queue.lines();
        if lines.closed {
            return;
        }
        let is_full = lines.waiting.len() >= LINES_MAX;
        let replaced = is_full.then(|| lines.waiting.pop_back()).flatten();
        let missed = replaced.map_or(0, |(_, missed)| missed + 1);
        let line = if self.json { report.to_json(at, missed) } else { report.told(at, missed) };
        lines.waiting.push_back((line, missed));
        drop(lines);
        self.queue.more.notify_one();
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        self.queue.lines().ended = true;
        self.queue.more.notify_one();
    }
}

impl Writing {
    /// Writes until nothing more is said, or nobody reads it.
    pub(super) async fn write(self) {
        while let Some(line) = self.queue.next().await {
            match self.output.write(line.as_bytes()).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => {
                    let what = "standard output cannot be written; the provider goes on";
                    Failure::new(Outcome::Failed, what).cause(error).tell();
                    return;
                }
            }
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut lines = self.queue.lines();
        lines.closed = true;
        lines.waiting.clear();
    }
}

/// Lets the last lines be written, if their reader takes them in time.
pub(super) async fn last(writing: impl Future<Output = ()>) {
    let clock = SystemClock::start();
    let _ = timeout_at(&clock, clock.now().after(LAST_MAX), writing).await;
}
