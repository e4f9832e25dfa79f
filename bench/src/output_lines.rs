//! Programs under Wine whose lines are read with the moment, on the clock that they have as well:
//! Wine's performance counter is Linux's `CLOCK_MONOTONIC_RAW`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use communicado_conformance::ExpectOk;
use rustix::time::{ClockId, clock_gettime};

/// What is not there by now will not come.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same, after much was called for.
const LONG: Duration = Duration::from_secs(60);
/// Wine counts in tenths of a microsecond.
const NANOS_PER_TICK: u64 = 100;

/// The command with these words, for a [`Reader`].
pub(crate) fn piped(mut command: Command, words: &[&str]) -> Command {
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// What a program read from its counter.
pub(crate) fn moment(ticks: &str) -> Duration {
    let ticks: u64 = ticks.parse().expect_ok("read a moment of a program's");
    Duration::from_nanos(ticks * NANOS_PER_TICK)
}

/// A program that runs, and a thread that only reads what it writes and notes when.
pub(crate) struct Reader {
    child: Child,
    lines: Receiver<(Duration, String)>,
}

impl Reader {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect_ok("start a program under Wine");
        let output = child.stdout.take().expect_ok("read what a program writes");
        let (read, lines) = channel();
        // Ends with the program.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if read.send((now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The way to tell it something, if it was started with one.
    pub(crate) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits until it has said something, and then nothing for so long.
    pub(crate) fn wait_until_quiet(&self, settled: Duration) {
        let mut patience = PATIENCE;
        while self.lines.recv_timeout(patience).is_ok() {
            patience = settled;
        }
    }

    /// Leaves out what it says until it says nothing for so long.
    pub(crate) fn skip(&self, quiet: Duration) {
        while self.lines.recv_timeout(quiet).is_ok() {}
    }

    /// Waits for a line with this piece, and says when it was read.
    pub(crate) fn wait_for(&self, piece: &str) -> Result<Duration, String> {
        self.line(piece, PATIENCE).map(|(at, _)| at)
    }

    /// Waits for a line of this word and a moment, which may come after much else was done.
    pub(crate) fn moment(&self, word: &str) -> Result<Duration, String> {
        let (_, line) = self.line(word, LONG)?;
        Ok(moment(line.trim_end().rsplit(' ').next().unwrap_or_default()))
    }

    fn line(&self, piece: &str, patience: Duration) -> Result<(Duration, String), String> {
        loop {
            let line = self.lines.recv_timeout(patience);
            let (at, line) = line.map_err(|_| format!("no line with `{piece}`"))?;
            if line.contains(piece) {
                return Ok((at, line));
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // An error says that it has ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::MonotonicRaw);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
