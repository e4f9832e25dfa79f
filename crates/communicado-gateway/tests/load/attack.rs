//! The workload during an attack.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{Client, Target, request};
use crate::fixture::now;
use crate::measure::{OtherLoad, paced};
use crate::workload::Workload;

/// The publications of each publisher without and during an attack.
const BASELINE: u32 = 12;
const ATTACKED: u32 = 16;
/// The number of attempts, because the machine may be busy with other work.
const ROUNDS: usize = 3;
/// The number of attempts that do not count, because other programs use the processors.
const BUSY_ROUNDS_MAX: usize = 12;
const LOOKS_PER_SECOND: u32 = 10;

/// Locks out other load tests, which would affect the measurement.
pub(crate) fn exclusive() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks the health of the gateway until `stop`; the gateway may refuse no check.
pub(crate) fn health(target: &Target, stop: &AtomicBool) -> Result<(), String> {
    for _ in paced(LOOKS_PER_SECOND, stop) {
        for path in ["/healthz", "/readyz", "/metrics"] {
            let asked = request("GET", path, "Connection: close\r\n", None);
            match target.request(&asked) {
                Ok(response) if response.status == 200 => {}
                other => return Err(format!("{path}: {other:?}")),
            }
        }
    }
    Ok(())
}

/// Runs `attack` during the workload until `stop`, and checks the times of the workload.
///
/// # Panics
///
/// If the workload is too slow or fails.
#[track_caller]
pub(crate) fn assert_withstands(
    what: &str,
    workload: &mut Workload,
    attack: impl Fn(&Target, &AtomicBool) + Sync,
) {
    // The first publications of a process are slower.
    workload.publish_and_check(2);
    let (mut rounds, mut busy_rounds) = (0, 0);
    loop {
        let load = OtherLoad::start(workload.gateway_id());
        let baseline = workload.publish_and_check(BASELINE);
        let target = workload.target.clone();
        let stop = AtomicBool::new(false);
        let (attacked, healthy) = std::thread::scope(|scope| {
            let _attacker = scope.spawn(|| attack(&target, &stop));
            let healthy = scope.spawn(|| health(&target, &stop));
            let stops = Stops(&stop);
            let attacked = workload.publish_and_check(ATTACKED);
            drop(stops);
            (attacked, healthy.join().unwrap())
        });
        let memory = workload.assert_memory_bounded();
        println!(
            "{what}: {:?} without, {:?} during the attack, {memory} KiB",
            baseline.p99s(),
            attacked.p99s()
        );
        assert_eq!(healthy, Ok(()), "{what}");
        if attacked.is_as_good_as(&baseline) {
            return;
        }
        if load.is_high() {
            busy_rounds += 1;
            println!(
                "{what}: this round does not count, because other programs use the processors"
            );
        } else {
            rounds += 1;
        }
        assert!(
            rounds < ROUNDS && busy_rounds < BUSY_ROUNDS_MAX,
            "{what}: the 99th percentiles of round trip and delay were {:?} without the attack, \
             and {:?} during it",
            baseline.p99s(),
            attacked.p99s()
        );
    }
}

/// Ends the attack, even if a check fails.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Sends a request on a new connection, and returns the status of the response.
pub(crate) fn status_of(target: &Target, request: &str) -> Option<u16> {
    let mut client: Client = target.connect().ok()?;
    client.send(request.as_bytes()).ok()?;
    let head = client.through(b"\r\n\r\n").ok()?;
    std::str::from_utf8(&head).ok()?.split(' ').nth(1)?.parse().ok()
}

/// The requests per second of one token, or of one address without a token.
pub(crate) const RATE: u32 = 200;

/// Counts the requests that a rate limit admits.
pub(crate) struct Admitted {
    begin: Instant,
    requests: AtomicU32,
}

impl Admitted {
    pub(crate) fn new() -> Self {
        Self { begin: now(), requests: AtomicU32::new(0) }
    }

    pub(crate) fn count(&self, status: Option<u16>) {
        let admits = status.is_some_and(|status| status != 429);
        self.requests.fetch_add(u32::from(admits), Ordering::SeqCst);
    }

    /// # Panics
    ///
    /// If there were more requests than the token bucket allows.
    #[track_caller]
    pub(crate) fn assert_within_rate(&self, who: &str) {
        let whole = self.begin.elapsed() + Duration::from_secs(1);
        let most = RATE + RATE * u32::try_from(whole.as_millis()).expect("a short time") / 1000;
        let requests = self.requests.load(Ordering::SeqCst);
        assert!(requests <= most, "{who} was admitted {requests} times within {whole:?}");
        assert!(requests > 0, "{who} was never admitted");
    }
}
