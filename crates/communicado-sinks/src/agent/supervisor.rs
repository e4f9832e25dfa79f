//! The supervisor of one sink: it starts the sink again after a failure.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use communicado_runtime::{Backoff, Clock, sleep_until};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use super::{AgentSink, SinkEvent, SinkEvents, SinkInput};
use crate::publish::{PublishError, Retry};

/// The delay after an error that somebody has to fix elsewhere.
const SLOW_RETRY: Duration = Duration::from_secs(60);
/// The range of delays that a listener can ask for.
const RETRY_AFTER: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(250)..=Duration::from_secs(300);

/// Runs `sink` until its input ends.
///
/// # Errors
///
/// If the sink failed and no retry can succeed.
pub async fn supervise(
    sink: &mut dyn AgentSink,
    input: &mut SinkInput,
    events: &SinkEvents,
    clock: &dyn Clock,
    seed: u64,
) -> Result<(), PublishError> {
    let mut backoff = Backoff::new(seed);
    loop {
        input.restart();
        let run = AssertUnwindSafe(sink.run(input, events)).catch_unwind().await;
        let error = match run {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => PublishError::transient(
                "it panicked, which is a bug in Communicado",
                "report it with the output of `communicado doctor`",
            ),
        };
        if input.is_over() {
            return Ok(());
        }
        if events.has_delivered.swap(false, Ordering::Relaxed) {
            backoff.reset();
        }
        let delay = match error.retry {
            Retry::Soon => backoff.next_delay(clock.now()),
            Retry::Slowly => SLOW_RETRY,
            Retry::After(delay) => delay.clamp(*RETRY_AFTER.start(), *RETRY_AFTER.end()),
            Retry::Never => {
                events.report(&SinkEvent::Failed(error.clone(), None));
                return Err(error);
            }
        };
        events.report(&SinkEvent::Failed(error, Some(delay)));
        let time = sleep_until(clock, clock.now().after(delay));
        let wait = input.wait_for_end_or_pause(|clients| sink.note_change(clients));
        if let Either::Right((Err(error), _)) = select(pin!(wait), pin!(time)).await {
            return Err(PublishError::permanent(
                format!("cannot create a timer: {error}"),
                "close programs that hold many files open",
            ));
        }
    }
}
