//! The supervisor, which runs the sources. No other module retries a source.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::{io, iter};

use communicado_core::SourceId;
use futures_util::FutureExt;
use futures_util::future::select_all;

use crate::{Backoff, Hub, NamedSource, Notice, Source, SourceError, SourceHandle, sleep_until};

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
    let mut backoff = Backoff::new(u64::from(id.0) + 1);
    let mut retry_in = Duration::ZERO;
    loop {
        let started = hub.clock().now();
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
        let now = hub.clock().now();
        // A source that fails at once after each snapshot must not run four times a second.
        if was_ready && now.since(started) >= retry_in {
            backoff.reset();
        }
        retry_in = backoff.next_delay(now);
        let source = name.clone();
        hub.notify(&Notice::Lost { source, error, retry_in, others });
        let again = hub.clock().now().after(retry_in);
        if let Err(error) = sleep_until(hub.clock(), again).await {
            return error;
        }
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
