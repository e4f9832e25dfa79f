//! Times and memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The most memory that the gateway may hold at any time.
pub(crate) const MEMORY_KIB: u64 = 128 * 1024;
/// Beyond this the test kills the gateway, so that a failure does not exhaust the machine.
const KILL_KIB: u64 = 1024 * 1024;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A time that the scheduler of a busy machine with two cores adds at worst: some threads that are
/// ready wait for one or two slices of several others. An attack that succeeds costs far more.
const NOISE: Duration = Duration::from_millis(20);

/// How long publications took, and changes until a reader had them; from the time at which the
/// publication was due.
#[derive(Debug, Default)]
pub(crate) struct Times {
    pub(crate) round_trips: Vec<Duration>,
    pub(crate) delays: Vec<Duration>,
}

fn p99(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

impl Times {
    pub(crate) fn p99s(&self) -> [Duration; 2] {
        [p99(&self.round_trips), p99(&self.delays)]
    }

    /// Whether these are at most twice those without an attack.
    pub(crate) fn is_as_good_as(&self, baseline: &Self) -> bool {
        let pairs = self.p99s().into_iter().zip(baseline.p99s());
        pairs.into_iter().all(|(attacked, baseline)| attacked <= baseline * 2 + NOISE)
    }
}

#[expect(clippy::disallowed_methods, reason = "a load has a pace")]
pub(crate) fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(crate::fixture::now()));
}

/// A pace of so many actions in a second, for as long as `stop` is not set.
pub(crate) fn paced(per_second: u32, stop: &AtomicBool) -> impl Iterator<Item = u32> {
    let begin = crate::fixture::now();
    (0..).take_while(move |number| {
        wait_until(begin + Duration::from_secs(1) * *number / per_second);
        !stop.load(Ordering::SeqCst)
    })
}

fn status(id: u32, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The most that a process held at any time.
pub(crate) fn peak_memory(id: u32) -> Option<u64> {
    status(id, "VmHWM:")
}

/// Kills a process that takes too much memory.
pub(crate) struct Guard {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    killed: Arc<AtomicBool>,
}

impl Guard {
    pub(crate) fn of(id: u32) -> Self {
        let (over, killed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (is_over, kills) = (over.clone(), killed.clone());
        let thread = std::thread::spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                wait_until(crate::fixture::now() + BETWEEN_LOOKS);
                if status(id, "VmRSS:").is_some_and(|memory| memory > KILL_KIB) {
                    kills.store(true, Ordering::SeqCst);
                    let process = Pid::from_raw(id.cast_signed()).expect("a process");
                    let _ = kill_process(process, Signal::KILL);
                    return;
                }
            }
        });
        Self { over, thread: Some(thread), killed }
    }

    /// # Panics
    ///
    /// If the process had to be killed.
    #[track_caller]
    pub(crate) fn assert_not_killed(&self) {
        let killed = self.killed.load(Ordering::SeqCst);
        assert!(!killed, "the gateway was killed: it held more than {KILL_KIB} KiB");
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
