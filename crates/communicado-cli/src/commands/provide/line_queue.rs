//! What the provider prints. A reader that is slow holds up no client: lines wait for it. When too
//! many wait, the newest takes the place of the one before it, and says how many were missed. So the
//! reader always learns the latest.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sinks::Output;
use tokio::sync::Notify;

use super::report::ProviderReport;
use crate::runtime::open_stdout;

/// So many lines wait for a reader that is slow.
const LINES_MAX: usize = 1024;
/// How long a reader may take for the last lines.
const LAST_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Says lines, and never waits.
pub(super) struct LineQueue {
    queue: Arc<SharedQueue>,
    json: bool,
}

/// Writes them.
pub(super) struct LineWriter {
    queue: Arc<SharedQueue>,
    output: Output,
}

#[derive(Default)]
struct SharedQueue {
    lines: Mutex<PendingLines>,
    more: Notify,
}

#[derive(Default)]
struct PendingLines {
    /// Each with how many were missed before it.
    pending: VecDeque<(String, u64)>,
    /// Nothing more is said.
    ended: bool,
    /// Nobody reads.
    closed: bool,
}

/// Standard output, for lines or for objects.
pub(super) fn standard(json: bool) -> Result<(LineQueue, LineWriter), Failure> {
    let queue = Arc::new(SharedQueue::default());
    let line_queue = LineQueue { queue: queue.clone(), json };
    Ok((line_queue, LineWriter { queue, output: open_stdout()? }))
}

impl SharedQueue {
    fn lines(&self) -> MutexGuard<'_, PendingLines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next line; nothing once all that was said is out.
    async fn next(&self) -> Option<String> {
        loop {
            {
                let mut lines = self.lines();
                if let Some((line, _)) = lines.pending.pop_front() {
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

impl LineQueue {
    pub(super) fn push(&self, report: &ProviderReport, at: Timestamp) {
        let mut lines = self.queue.lines();
        if lines.closed {
            return;
        }
        let is_full = lines.pending.len() >= LINES_MAX;
        let replaced = is_full.then(|| lines.pending.pop_back()).flatten();
        let missed = replaced.map_or(0, |(_, missed)| missed + 1);
        let line =
            if self.json { report.to_json(at, missed) } else { report.to_dated_text(at, missed) };
        lines.pending.push_back((line, missed));
        drop(lines);
        self.queue.more.notify_one();
    }
}

impl Drop for LineQueue {
    fn drop(&mut self) {
        self.queue.lines().ended = true;
        self.queue.more.notify_one();
    }
}

impl LineWriter {
    /// Writes until nothing more is said, or nobody reads it.
    pub(super) async fn write(self) {
        while let Some(line) = self.queue.next().await {
            match self.output.write(line.as_bytes()).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => {
                    let what = "standard output cannot be written; the provider goes on";
                    Failure::new(Outcome::Failed, what).cause(error).print();
                    return;
                }
            }
        }
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        let mut lines = self.queue.lines();
        lines.closed = true;
        lines.pending.clear();
    }
}

/// Lets the last lines be written, if their reader takes them in time.
pub(super) async fn flush(writer: impl Future<Output = ()>) {
    let clock = SystemClock::start();
    let _ = timeout_at(&clock, clock.now().after(LAST_MAX), writer).await;
}
