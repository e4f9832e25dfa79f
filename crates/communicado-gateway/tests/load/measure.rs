//! Measurement of times and memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The maximum memory of the gateway.
pub(crate) const MEMORY_KIB: u64 = 128 * 1024;
/// The memory beyond which the test kills the gateway, to protect the machine.
const KILL_KIB: u64 = 1024 * 1024;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The worst delay that the scheduler of a busy machine with two cores adds.
///
/// A ready thread waits for one or two time slices of several others. A successful attack costs far
/// more.
const NOISE: Duration = Duration::from_millis(20);

/// The times from the due time of a publication to its response, and to the change at a reader.
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

    /// Returns true if the times are at most twice those of `baseline`.
    pub(crate) fn is_as_good_as(&self, baseline: &Self) -> bool {
        let pairs = self.p99s().into_iter().zip(baseline.p99s());
        pairs.into_iter().all(|(attacked, baseline)| attacked <= baseline * 2 + NOISE)
    }
}

#[expect(clippy::disallowed_methods, reason = "a load has a rate")]
pub(crate) fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(crate::fixture::now()));
}

/// The numbers of actions at a rate of `per_second`, until `stop`.
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

/// The peak memory of a process.
pub(crate) fn peak_memory(id: u32) -> Option<u64> {
    status(id, "VmHWM:")
}

/// The CPU time of all processes but this one and the gateway.
fn cpu_time_of_others(gateway: u32) -> Duration {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let sum = |text: &str, fields: &[usize]| -> u64 {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        fields.iter().filter_map(|field| words.get(*field)?.parse::<u64>().ok()).sum()
    };
    // cpu  user nice system idle iowait irq softirq steal ..
    let all = sum(read("/proc/stat").lines().next().unwrap_or_default(), &[1, 2, 3, 6, 7, 8]);
    let of = |process: &str| {
        let stat = read(&format!("/proc/{process}/stat"));
        // PID (NAME) STATE and 10 more, then user and system time.
        sum(stat.rsplit_once(')').map_or("", |(_, rest)| rest), &[11, 12])
    };
    let ours = of("self") + of(&gateway.to_string());
    Duration::from_millis(all.saturating_sub(ours) * 10)
}

/// Measures the load of other programs.
pub(crate) struct OtherLoad {
    gateway: u32,
    begin: Instant,
    before: Duration,
}

impl OtherLoad {
    pub(crate) fn start(gateway: u32) -> Self {
        Self { gateway, begin: crate::fixture::now(), before: cpu_time_of_others(gateway) }
    }

    /// True if other programs had more than a tenth of one core.
    pub(crate) fn is_high(&self) -> bool {
        let others = cpu_time_of_others(self.gateway).saturating_sub(self.before);
        others > self.begin.elapsed() / 10
    }
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
    /// If the guard killed the process.
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
