//! The monitor, for programs without an async runtime.
//!
//! ```
//! use std::time::Duration;
//!
//! use communicado::{Condition, blocking::Monitor};
//!
//! # fn main() -> Result<(), communicado::Error> {
//! let monitor = Monitor::start()?;
//! match monitor.wait_until(&Condition::SIGNED_IN, Duration::from_millis(50))? {
//!     Some(_) => println!("signed in"),
//!     None => println!("not within 50 ms"),
//! }
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, Feed, Update};

use crate::{Condition, Error, MonitorBuilder, Snapshot};

/// Knows what every client is, now and as it changes.
///
/// Dropping it ends its thread and every iterator of changes.
pub struct Monitor(crate::Monitor);

/// Every update; waits for the next one. The first is a snapshot.
pub struct Changes(Feed);

impl Monitor {
    /// A monitor with the default options, started.
    ///
    /// # Errors
    ///
    /// As for [`crate::Monitor::start`].
    pub fn start() -> Result<Self, Error> {
        crate::Monitor::start().map(Self)
    }

    /// A monitor as `builder` describes it, started.
    ///
    /// # Errors
    ///
    /// As for [`MonitorBuilder::start`].
    pub fn start_with(builder: MonitorBuilder) -> Result<Self, Error> {
        builder.start().map(Self)
    }

    /// What is believed of every client now, once every source has looked.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        block_on(self.0.snapshot())
    }

    /// Every update from now on; the first is a snapshot, so there is no gap.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.0.hub().feed())
    }

    /// Waits until `condition` is so, but no longer than `timeout`; nothing if that ended first.
    ///
    /// # Errors
    ///
    /// If the monitor ended before.
    pub fn wait_until(
        &self,
        condition: &Condition,
        timeout: Duration,
    ) -> Result<Option<Snapshot>, Error> {
        let clock = self.0.hub().clock();
        let mut watch = self.0.live_snapshot();
        let so = watch.until(|snapshot| condition.evaluate(snapshot) == Some(true));
        block_on_until(so, Some((clock, clock.now().after(timeout)))).transpose()
    }
}

impl Iterator for Changes {
    type Item = Update;

    fn next(&mut self) -> Option<Update> {
        block_on(self.0.next())
    }
}

/// Wakes a thread that is parked.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    match block_on_until(future, None) {
        Some(output) => output,
        None => unreachable!("without an end, the future is waited for"),
    }
}

pub(crate) fn block_on_until<F: Future>(
    future: F,
    end: Option<(&dyn Clock, Moment)>,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        match end {
            None => thread::park(),
            Some((clock, end)) if clock.now() < end => thread::park_timeout(end.since(clock.now())),
            Some(_) => return None,
        }
    }
}
