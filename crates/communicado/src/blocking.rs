//! The monitor for programs without an async runtime.
//!
//! ```
//! use std::time::Duration;
//!
//! use communicado::{Condition, blocking::Monitor};
//!
//! fn main() -> Result<(), communicado::Error> {
//!     let monitor = Monitor::start()?;
//!     match monitor.wait_until(&Condition::SIGNED_IN, Duration::from_millis(50))? {
//!         Some(_) => println!("signed in"),
//!         None => println!("not signed in within 50 ms"),
//!     }
//!     Ok(())
//! }
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, Feed, Update};

use crate::monitor::is_signed_in;
use crate::{Condition, Error, MonitorBuilder, Snapshot};

/// A monitor of the state of every client.
///
/// Dropping it ends its thread and all iterators of changes.
pub struct Monitor(crate::Monitor);

/// A blocking iterator of updates. The first update is a snapshot.
pub struct Changes(Feed);

impl Monitor {
    /// Starts a monitor with the default options.
    ///
    /// # Errors
    ///
    /// As for [`crate::Monitor::start`].
    pub fn start() -> Result<Self, Error> {
        crate::Monitor::start().map(Self)
    }

    /// Starts a monitor with the options of `builder`.
    ///
    /// # Errors
    ///
    /// As for [`MonitorBuilder::start`].
    pub fn start_with(builder: MonitorBuilder) -> Result<Self, Error> {
        builder.start().map(Self)
    }

    /// The current state of every client, once every source has taken its first snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        block_on(self.0.snapshot())
    }

    /// An iterator of all updates from now on. The first is a snapshot, so there is no gap.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.0.hub().feed())
    }

    /// Waits until `condition` is true, and returns the snapshot in which it is. Returns `None`
    /// after the `timeout`.
    ///
    /// # Errors
    ///
    /// If the monitor has ended.
    pub fn wait_until(
        &self,
        condition: &Condition,
        timeout: Duration,
    ) -> Result<Option<Snapshot>, Error> {
        let clock = self.0.hub().clock();
        let mut snapshot = self.0.live_snapshot();
        let is_true = snapshot.until(|snapshot| condition.evaluate(snapshot) == Some(true));
        block_on_until(is_true, Some((clock, clock.now().after(timeout)))).transpose()
    }

    /// Waits until a user is signed in, calls `start`, and drops its result at the sign-out.
    ///
    /// Return a guard from `start`: a value that turns the feature off when it is dropped. The call
    /// returns after the sign-out, so a loop around it does not spin, whatever `start` does.
    /// "Unknown" counts as signed out.
    ///
    /// # Errors
    ///
    /// If the monitor has ended. The guard is dropped then, too.
    pub fn while_signed_in<G>(&self, start: impl FnOnce(&Snapshot) -> G) -> Result<(), Error> {
        let mut snapshot = self.0.live_snapshot();
        let signed_in = block_on(snapshot.until(is_signed_in))?;
        let _guard = start(&signed_in);
        block_on(snapshot.until(|snapshot| !is_signed_in(snapshot))).map(drop)
    }
}

/// Keeps a feature on while a user is signed in, for every sign-in, until the monitor ends.
///
/// Starts a monitor with the default options and calls [`Monitor::while_signed_in`] in a loop. It
/// blocks; use a thread if your program does something else, too.
///
/// ```no_run
/// struct Feature;
///
/// impl Drop for Feature {
///     fn drop(&mut self) {
///         println!("the feature is off");
///     }
/// }
///
/// fn main() -> Result<(), communicado::Error> {
///     communicado::blocking::while_signed_in(|_snapshot| {
///         println!("the feature is on");
///         Feature
///     })?;
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// If the monitor cannot start, or has ended. There is no other way to return.
pub fn while_signed_in<G>(mut start: impl FnMut(&Snapshot) -> G) -> Result<Infallible, Error> {
    let monitor = Monitor::start()?;
    loop {
        monitor.while_signed_in(&mut start)?;
    }
}

impl Iterator for Changes {
    type Item = Update;

    fn next(&mut self) -> Option<Update> {
        block_on(self.0.next())
    }
}

/// A waker that unparks a thread.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    match block_on_until(future, None) {
        Some(output) => output,
        None => unreachable!("without an end, `block_on_until` waits for the future"),
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::monitor::tests::{client, monitor, sign_in, sign_out};

    struct Guard(Sender<&'static str>);

    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send("off");
        }
    }

    #[test]
    fn a_guard_lives_from_sign_in_to_sign_out() {
        let (monitor, source) = monitor();
        let client = client(&source);
        let (sender, events) = channel();
        let session = thread::spawn(move || {
            Monitor(monitor).while_signed_in(|snapshot| {
                assert_eq!(snapshot.iter().count(), 1);
                sender.send("on").unwrap();
                Guard(sender)
            })
        });
        sign_in(&client);
        assert_eq!(events.recv(), Ok("on"));
        sign_out(&client);
        assert_eq!(events.recv(), Ok("off"));
        assert!(session.join().unwrap().is_ok());
    }

    #[test]
    fn the_end_of_the_monitor_ends_the_wait_with_an_error() {
        let (monitor, _source) = monitor();
        monitor.hub().close();
        let ended = Monitor(monitor).while_signed_in(|_| ());
        assert!(matches!(ended, Err(Error::Ended)), "{ended:?}");
    }
}
