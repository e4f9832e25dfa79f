//! The supervisor, which runs the sources. No other module retries.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::{io, iter};

use communicado_core::SourceId;
use futures_util::FutureExt;
use futures_util::future::select_all;

use crate::{Hub, NamedSource, Notice, Source, SourceError, SourceHandle, sleep_until};

/// The first backoff after the loss of a source.
const BACKOFF_MIN: Duration = Duration::from_millis(250);
/// The longest backoff, and so the longest time until a client that is back is seen.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// Runs all `sources` and the timers of the hub.
///
/// It returns only if the clock cannot create a timer, without which leases do not expire.
pub async fn run(hub: Arc<Hub>, sources: Vec<NamedSource>) -> io::Error {
    let add = |NamedSource { name, clients, source }| {
        let id = hub.add_source(&name, clients);
        (name, id, source)
    };
    // All sources are added before the first one starts, so that a snapshot waits for all.
    let known: Vec<_> = sources.into_iter().map(add).collect();
    let watches = known.into_iter().map(|(name, id, source)| supervise(&hub, name, id, source));
    let timers = iter::once(drive_timers(&hub).boxed());
    let (error, ..) = select_all(timers.chain(watches.map(FutureExt::boxed))).await;
    error
}

async fn supervise(
    hub: &Arc<Hub>,
    name: String,
    id: SourceId,
    mut source: Box<dyn Source>,
) -> io::Error {
    let mut backoff = Backoff::new(id);
    loop {
        let handle = SourceHandle::start_run(hub, id);
        let mut was_lost = backoff.has_failed();
        let ended = AssertUnwindSafe(async {
            let mut watches = source.watch(handle);
            let watches = poll_fn(|cx| {
                let polled = watches.as_mut().poll(cx);
                if was_lost && hub.is_ready(id) {
                    was_lost = false;
                    hub.notify(&Notice::Recovered { source: name.clone() });
                }
                polled
            });
            watches.await
        });
        let error = ended.catch_unwind().await.unwrap_or_else(|_| SourceError {
            cause: "it panicked, which is a bug in Communicado".into(),
            help: "report it with the output of `communicado doctor`".into(),
        });
        let (was_ready, others) = hub.mark_lost(id);
        if was_ready {
            backoff.reset();
        }
        let retry_in = backoff.next_delay(hub);
        let source = name.clone();
        hub.notify(&Notice::Lost { source, error, retry_in, others });
        let again = hub.clock().now().after(retry_in);
        if let Err(error) = sleep_until(hub.clock(), again).await {
            return error;
        }
    }
}

/// Exponential backoff with jitter, so that many sources do not restart at the same time.
struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    fn new(source: SourceId) -> Self {
        Self { failures: 0, random: u64::from(source.0) + 1 }
    }

    const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    const fn reset(&mut self) {
        self.failures = 0;
    }

    fn next_delay(&mut self, hub: &Hub) -> Duration {
        let doubled =
            BACKOFF_MIN.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        // The low bits of the clock differ between machines and between failures.
        self.random ^= hub.clock().now().since_start().subsec_nanos() as u64;
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let percent = 75 + u32::try_from((self.random >> 33) % 51).unwrap_or(25);
        doubled.min(BACKOFF_MAX) * percent / 100
    }
}

/// Expires leases, and releases the first snapshots when the patience is over.
async fn drive_timers(hub: &Arc<Hub>) -> io::Error {
    let mut timer = match hub.clock().timer() {
        Ok(timer) => timer,
        Err(error) => return error,
    };
    poll_fn(|cx| {
        loop {
            timer.set(hub.poll_timers(cx));
            match timer.poll_due(cx) {
                Poll::Ready(()) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}
