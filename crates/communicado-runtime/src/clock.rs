//! The clock. No other module reads the time.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use communicado_core::{Moment, StatusStart};
use communicado_wire::Timestamp;
use futures_util::future::{Either, select};

/// A source of moments, civil times and timers.
///
/// Moments include the time asleep, so that leases expire while the machine is suspended.
pub trait Clock: Send + Sync + 'static {
    /// The current moment.
    fn now(&self) -> Moment;

    /// The current civil time.
    fn civil(&self) -> Timestamp;

    /// The start of the machine: no client has started before it.
    fn machine_start(&self) -> StatusStart;

    /// Creates a timer on this clock, not yet set.
    ///
    /// # Errors
    ///
    /// If the system cannot create a timer, for example because too many files are open.
    fn timer(&self) -> io::Result<Box<dyn Timer>>;
}

/// A timer that wakes a task at a moment.
pub trait Timer: Send {
    /// Sets the moment, or clears it. This replaces the earlier moment.
    fn set(&mut self, at: Option<Moment>);

    /// Returns `Ready` once the moment has come, also when polled again.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Waits until `at`.
///
/// # Errors
///
/// If the clock cannot create a timer.
pub async fn sleep_until(clock: &dyn Clock, at: Moment) -> io::Result<()> {
    let mut timer = clock.timer()?;
    timer.set(Some(at));
    poll_fn(|cx| timer.poll_due(cx)).await;
    Ok(())
}

/// The output of `future`, or `None` if it is not ready by `end`.
pub async fn timeout_at<F: Future>(clock: &dyn Clock, end: Moment, future: F) -> Option<F::Output> {
    let timeout = std::pin::pin!(sleep_until(clock, end));
    match select(std::pin::pin!(future), timeout).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

#[cfg(target_os = "linux")]
pub use linux::SystemClock;

#[cfg(windows)]
pub use windows::SystemClock;

#[cfg(windows)]
mod windows {
    //! The performance counter includes the time asleep, and a [`WakeTimer`] fires on resume.

    use std::io;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use communicado_windows::{WakeTimer, civil_micros, uptime};

    use super::{Clock, Moment, StatusStart, Timer, Timestamp};

    /// The system clock.
    #[derive(Clone, Copy, Debug)]
    pub struct SystemClock {
        started: Duration,
    }

    struct SystemTimer {
        clock: SystemClock,
        at: Option<Moment>,
        timer: WakeTimer,
    }

    impl SystemClock {
        /// A clock that starts now.
        #[must_use]
        pub fn start() -> Self {
            Self { started: uptime() }
        }
    }

    impl Clock for SystemClock {
        fn now(&self) -> Moment {
            Moment::new(uptime().saturating_sub(self.started))
        }

        fn civil(&self) -> Timestamp {
            Timestamp::from_micros(civil_micros()).unwrap_or(Timestamp::EPOCH)
        }

        fn machine_start(&self) -> StatusStart {
            StatusStart::from(Moment::START).before(self.started)
        }

        fn timer(&self) -> io::Result<Box<dyn Timer>> {
            Ok(Box::new(SystemTimer { clock: *self, at: None, timer: WakeTimer::new()? }))
        }
    }

    impl SystemTimer {
        fn arm(&mut self) {
            let after = self.at.map(|at| at.since(self.clock.now()));
            let set = self.timer.set(after);
            debug_assert!(set.is_ok(), "a timer accepts every duration: {set:?}");
        }
    }

    impl Timer for SystemTimer {
        fn set(&mut self, at: Option<Moment>) {
            if self.at != at {
                self.at = at;
                self.arm();
            }
        }

        fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            let Some(at) = self.at else { return Poll::Pending };
            loop {
                if at <= self.clock.now() {
                    return Poll::Ready(());
                }
                match self.timer.poll_fired(cx) {
                    // One of the two timers fired early.
                    Poll::Ready(Ok(())) => self.arm(),
                    // The wait failed; the next poll retries.
                    Poll::Ready(Err(_)) | Poll::Pending => return Poll::Pending,
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    //! `CLOCK_BOOTTIME` includes the time asleep (`clock_gettime(2)`). A `timerfd_create(2)` on it
    //! fires on resume if its moment has passed.

    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use rustix::time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use super::{Clock, Moment, StatusStart, Timer, Timestamp};

    /// The system clock. Its timers need a tokio runtime with I/O enabled.
    #[derive(Clone, Copy, Debug)]
    pub struct SystemClock {
        started: Duration,
    }

    struct SystemTimer {
        started: Duration,
        at: Option<Moment>,
        file: AsyncFd<OwnedFd>,
    }

    impl SystemClock {
        /// A clock that starts now.
        #[must_use]
        pub fn start() -> Self {
            Self { started: read(ClockId::Boottime) }
        }
    }

    impl Clock for SystemClock {
        fn now(&self) -> Moment {
            Moment::new(read(ClockId::Boottime).saturating_sub(self.started))
        }

        fn civil(&self) -> Timestamp {
            let since_1970 = read(ClockId::Realtime).as_micros();
            let micros = i64::try_from(since_1970).unwrap_or(i64::MAX);
            Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH)
        }

        fn machine_start(&self) -> StatusStart {
            StatusStart::from(Moment::START).before(self.started)
        }

        fn timer(&self) -> io::Result<Box<dyn Timer>> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let file = rustix::time::timerfd_create(TimerfdClockId::Boottime, flags)?;
            let file = crate::async_fd(file, Interest::READABLE)?;
            Ok(Box::new(SystemTimer { started: self.started, at: None, file }))
        }
    }

    impl Timer for SystemTimer {
        fn set(&mut self, at: Option<Moment>) {
            if self.at == at {
                return;
            }
            self.at = at;
            let value = at.map_or(Duration::ZERO, |at| {
                // Zero would disarm the timer.
                self.started.saturating_add(at.since_start()).max(Duration::from_nanos(1))
            });
            let once = Itimerspec { it_interval: spec(Duration::ZERO), it_value: spec(value) };
            let file = self.file.get_ref();
            let set = rustix::time::timerfd_settime(file, TimerfdTimerFlags::ABSTIME, &once);
            debug_assert!(set.is_ok(), "a timer accepts every moment: {set:?}");
        }

        fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            let Some(at) = self.at else { return Poll::Pending };
            loop {
                let now = read(ClockId::Boottime).saturating_sub(self.started);
                if at <= Moment::new(now) {
                    return Poll::Ready(());
                }
                match self.file.poll_read_ready(cx) {
                    Poll::Ready(Ok(mut guard)) => guard.clear_ready(),
                    // The runtime is shutting down, and so is this task.
                    Poll::Ready(Err(_)) | Poll::Pending => return Poll::Pending,
                }
            }
        }
    }

    fn read(clock: ClockId) -> Duration {
        let Timespec { tv_sec, tv_nsec } = rustix::time::clock_gettime(clock);
        let seconds = u64::try_from(tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(tv_nsec).unwrap_or(0))
    }

    fn spec(duration: Duration) -> Timespec {
        let tv_sec = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Timespec { tv_sec, tv_nsec: i64::from(duration.subsec_nanos()) }
    }
}
