//! Lines of programs under Wine, with their arrival time on the same clock: Wine's performance
//! counter is Linux's `CLOCK_MONOTONIC_RAW`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use communicado_conformance::ExpectOk;
use rustix::time::{ClockId, clock_gettime};

/// The longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest wait for a line after many calls.
const LONG: Duration = Duration::from_secs(60);
/// Wine counts in tenths of a microsecond.
const NANOS_PER_TICK: u64 = 100;

/// The command with these arguments, for a [`Reader`].
pub(crate) fn piped(mut command: Command, words: &[&str]) -> Command {
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// A time from a program's counter.
pub(crate) fn moment(ticks: &str) -> Duration {
    let ticks: u64 = ticks.parse().expect_ok("read a moment of a program's");
    Duration::from_nanos(ticks * NANOS_PER_TICK)
}

/// A running program, with a thread that reads its lines and their times.
pub(crate) struct Reader {
    child: Child,
    lines: Receiver<(Duration, String)>,
}

impl Reader {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect_ok("start a program under Wine");
        let output = child.stdout.take().expect_ok("read what a program writes");
        let (read, lines) = channel();
        // The thread ends with the program.
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

    /// The stdin, if it is piped.
    pub(crate) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits for output, and then for a silence of this length.
    pub(crate) fn wait_until_quiet(&self, settled: Duration) {
        let mut patience = PATIENCE;
        while self.lines.recv_timeout(patience).is_ok() {
            patience = settled;
        }
    }

    /// Skips output until a silence of this length.
    pub(crate) fn skip(&self, quiet: Duration) {
        while self.lines.recv_timeout(quiet).is_ok() {}
    }

    /// Waits for a line with this text, and returns the time when it was read.
    pub(crate) fn wait_for(&self, piece: &str) -> Result<Duration, String> {
        self.line(piece, PATIENCE).map(|(at, _)| at)
    }

    /// Waits for a line with this word and a time, also after many calls.
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
        // An error means that it has exited.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::MonotonicRaw);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
