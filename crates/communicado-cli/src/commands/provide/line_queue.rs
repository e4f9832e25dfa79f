//! The queue of the lines that the provider prints. A slow reader does not block the provider.
//!
//! When the queue is full, a new line replaces the last one and reports the number of missed lines.
//! So the reader always gets the latest state.

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

/// The maximum number of lines that wait for a slow reader.
const LINES_MAX: usize = 1024;
/// The time limit for writing the last lines.
const FLUSH_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// The sender of lines, which never waits.
pub(super) struct LineQueue {
    queue: Arc<SharedQueue>,
    json: bool,
}

/// The writer of the queued lines.
pub(super) struct LineWriter {
    queue: Arc<SharedQueue>,
    output: Output,
}

/// The state that the sender and the writer share.
#[derive(Default)]
struct SharedQueue {
    lines: Mutex<PendingLines>,
    more: Notify,
}

#[derive(Default)]
struct PendingLines {
    /// The lines, each with the number of missed lines before it.
    pending: VecDeque<(String, u64)>,
    /// The sender is gone.
    sender_gone: bool,
    /// The reader is gone.
    reader_gone: bool,
}

/// A queue for standard output, of text lines or JSON objects.
pub(super) fn standard(json: bool) -> Result<(LineQueue, LineWriter), Failure> {
    let queue = Arc::new(SharedQueue::default());
    let line_queue = LineQueue { queue: queue.clone(), json };
    Ok((line_queue, LineWriter { queue, output: open_stdout()? }))
}

impl SharedQueue {
    fn lines(&self) -> MutexGuard<'_, PendingLines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next line, or `None` after the last one.
    async fn next(&self) -> Option<String> {
        loop {
            {
                let mut lines = self.lines();
                if let Some((line, _)) = lines.pending.pop_front() {
                    return Some(line);
                }
                if lines.sender_gone {
                    return None;
                }
            }
            self.more.notified().await;
        }
    }
}

impl LineQueue {
    /// Adds the line of a report.
    pub(super) fn push(&self, report: &ProviderReport, at: Timestamp) {
        let mut lines = self.queue.lines();
        if lines.reader_gone {
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
        self.queue.lines().sender_gone = true;
        self.queue.more.notify_one();
    }
}

impl LineWriter {
    /// Writes lines until the sender or the reader is gone.
    pub(super) async fn write(self) {
        while let Some(line) = self.queue.next().await {
            match self.output.write(line.as_bytes()).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => {
                    let message = "cannot write to standard output; the provider continues";
                    Failure::new(Outcome::Failed, message).cause(error).print();
                    return;
                }
            }
        }
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        let mut lines = self.queue.lines();
        lines.reader_gone = true;
        lines.pending.clear();
    }
}

/// Waits until the last lines are written, up to a time limit.
pub(super) async fn flush(writer: impl Future<Output = ()>) {
    let clock = SystemClock::start();
    let _ = timeout_at(&clock, clock.now().after(FLUSH_MAX), writer).await;
}
