//! Keeps the sources watching. The only place that retries.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::{io, iter};

use communicado_core::SourceId;
use futures_util::FutureExt;
use futures_util::future::select_all;

use crate::{Hub, NamedSource, Notice, Source, SourceError, sleep_until};

/// The first wait after a source was lost.
const WAIT_MIN: Duration = Duration::from_millis(250);
/// No wait is longer: what came back is seen within this time.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Watches with every one of `sources` and keeps the time, until it is dropped.
///
/// # Errors
///
/// It ends only when the clock gives no timer, without which nothing can be promised.
pub async fn run(hub: Arc<Hub>, sources: Vec<NamedSource>) -> io::Error {
    let add = |NamedSource { name, clients, source }| (name, hub.add_source(name, clients), source);
    // All are known before the first one looks, so that a snapshot waits for all.
    let known: Vec<_> = sources.into_iter().map(add).collect();
    let watching = known.into_iter().map(|(name, id, source)| supervise(&hub, name, id, source));
    let keeping_time = iter::once(keep_time(&hub).boxed());
    let (error, ..) = select_all(keeping_time.chain(watching.map(FutureExt::boxed))).await;
    error
}

async fn supervise(
    hub: &Arc<Hub>,
    name: &str,
    id: SourceId,
    mut source: Box<dyn Source>,
) -> io::Error {
    let mut waits = Waits::new(id);
    loop {
        let handle = hub.begin_run(id);
        let mut was_lost = waits.is_waiting();
        let ended = AssertUnwindSafe(async {
            let mut watching = source.watch(handle);
            let watching = poll_fn(|cx| {
                let polled = watching.as_mut().poll(cx);
                if was_lost && hub.is_ready(id) {
                    was_lost = false;
                    hub.notify(&Notice::Recovered { source: name.to_owned() });
                }
                polled
            });
            watching.await
        });
        let error = ended.catch_unwind().await.unwrap_or_else(|_| SourceError {
            cause: "it panicked, which is a fault of communicado".into(),
            help: "report it with the output of `communicado doctor`".into(),
        });
        let (was_ready, others) = hub.lose(id);
        if was_ready {
            waits.begin_anew();
        }
        let retry_in = waits.next(hub);
        let source = name.to_owned();
        hub.notify(&Notice::Lost { source, error, retry_in, others });
        let again = hub.clock().now().after(retry_in);
        if let Err(error) = sleep_until(hub.clock(), again).await {
            return error;
        }
    }
}

/// How long to wait before the next attempt: doubled each time, and shifted at random so that
/// many who lost the same thing do not all come back at once.
struct Waits {
    failures: u32,
    random: u64,
}

impl Waits {
    fn new(source: SourceId) -> Self {
        Self { failures: 0, random: u64::from(source.0) + 1 }
    }

    const fn is_waiting(&self) -> bool {
        self.failures > 0
    }

    const fn begin_anew(&mut self) {
        self.failures = 0;
    }

    fn next(&mut self, hub: &Hub) -> Duration {
        let doubled = WAIT_MIN.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        // The low bits of the clock differ from one machine and one failure to the next.
        self.random ^= hub.clock().now().since_start().subsec_nanos() as u64;
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let percent = 75 + u32::try_from((self.random >> 33) % 51).unwrap_or(25);
        doubled.min(WAIT_MAX) * percent / 100
    }
}

/// Lets leases end when they are due, and holds first snapshots back no longer than is bearable.
async fn keep_time(hub: &Arc<Hub>) -> io::Error {
    let mut timer = match hub.clock().timer() {
        Ok(timer) => timer,
        Err(error) => return error,
    };
    poll_fn(|cx| {
        loop {
            timer.set(hub.keep_time(cx));
            match timer.poll_due(cx) {
                Poll::Ready(()) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}
