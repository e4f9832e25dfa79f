//! What the provider prints. A reader that is slow holds up no client: lines wait for it, and when
//! too many wait, the next one that is written says how many it missed.

use std::cell::Cell;
use std::io;

use communicado::Timestamp;
use communicado_runtime::{Clock as _, SystemClock, within};
use communicado_sinks::Output;
use tokio::sync::mpsc;

use super::report::Report;
use crate::failure::{Failure, Outcome};
use crate::live::standard_output;

/// So many lines wait for a reader that is slow.
const LINES_MAX: usize = 1024;
/// How long a reader may take for the last lines.
const LAST_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Says lines, and never waits.
pub(super) struct Said {
    lines: mpsc::Sender<String>,
    json: bool,
    missed: Cell<u64>,
}

/// Writes them.
pub(super) struct Writing {
    lines: mpsc::Receiver<String>,
    output: Output,
}

/// Standard output, for lines or for objects.
pub(super) fn standard(json: bool) -> Result<(Said, Writing), Failure> {
    let (sender, lines) = mpsc::channel(LINES_MAX);
    let said = Said { lines: sender, json, missed: Cell::new(0) };
    Ok((said, Writing { lines, output: standard_output()? }))
}

impl Said {
    pub(super) fn say(&self, report: &Report, at: Timestamp) {
        let missed = self.missed.take();
        let line = if self.json { report.to_json(at, missed) } else { report.told(at, missed) };
        match self.lines.try_send(line) {
            Err(mpsc::error::TrySendError::Full(_)) => self.missed.set(missed + 1),
            // Where nobody reads any more, nothing is missed.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }
}

impl Writing {
    /// Writes until nothing more is said, or nobody reads it.
    pub(super) async fn write(mut self) {
        while let Some(line) = self.lines.recv().await {
            match self.output.write(line.as_bytes()).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return,
                Err(error) => {
                    let what = "standard output cannot be written; the provider goes on";
                    Failure::new(Outcome::Failed, what).because(error).tell();
                    return;
                }
            }
        }
    }
}

/// Lets the last lines be written, if their reader takes them in time.
pub(super) async fn last(writing: impl Future<Output = ()>) {
    let clock = SystemClock::start();
    let _ = within(&clock, clock.now().after(LAST_MAX), writing).await;
}
