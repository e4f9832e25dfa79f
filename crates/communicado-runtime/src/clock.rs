//! The only place that reads the time.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use communicado_core::Moment;
use communicado_wire::Timestamp;
use futures_util::future::{Either, select};

/// Tells the time, in two ways, and wakes.
///
/// Its moments count the time that the machine was asleep: after a night with the lid closed
/// nothing may be believed that a lease would have ended.
pub trait Clock: Send + Sync + 'static {
    /// The moment it is.
    fn now(&self) -> Moment;

    /// The civil time it is.
    fn civil(&self) -> Timestamp;

    /// A timer on this clock, not yet set.
    ///
    /// # Errors
    ///
    /// If the system gives no timer, for instance because too many files are open.
    fn timer(&self) -> io::Result<Box<dyn Timer>>;
}

/// Wakes a task at a moment.
pub trait Timer: Send {
    /// Sets the moment to wake at, or none; whatever was set before is forgotten.
    fn set(&mut self, at: Option<Moment>);

    /// Ready once the moment that was set has come, as often as it is asked until set anew.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Waits until `at`.
///
/// # Errors
///
/// If the clock gives no timer.
pub async fn sleep_until(clock: &dyn Clock, at: Moment) -> io::Result<()> {
    let mut timer = clock.timer()?;
    timer.set(Some(at));
    poll_fn(|cx| timer.poll_due(cx)).await;
    Ok(())
}

/// What `future` gives, or nothing if it has given nothing by `end`.
pub async fn within<F: Future>(clock: &dyn Clock, end: Moment, future: F) -> Option<F::Output> {
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
    //! The performance counter counts the time asleep, and an [`WakeTimer`] fires on waking.

    use std::io;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use communicado_windows::{WakeTimer, civil_micros, uptime};

    use super::{Clock, Moment, Timer, Timestamp};

    /// The system's clock.
    #[derive(Clone, Copy, Debug)]
    pub struct SystemClock {
        began: Duration,
    }

    struct SystemTimer {
        clock: SystemClock,
        at: Option<Moment>,
        timer: WakeTimer,
    }

    impl SystemClock {
        /// A clock that begins now.
        #[must_use]
        pub fn start() -> Self {
            Self { began: uptime() }
        }
    }

    impl Clock for SystemClock {
        fn now(&self) -> Moment {
            Moment::new(uptime().saturating_sub(self.began))
        }

        fn civil(&self) -> Timestamp {
            Timestamp::from_micros(civil_micros()).unwrap_or(Timestamp::EPOCH)
        }

        fn timer(&self) -> io::Result<Box<dyn Timer>> {
            Ok(Box::new(SystemTimer { clock: *self, at: None, timer: WakeTimer::new()? }))
        }
    }

    impl SystemTimer {
        fn arm(&mut self) {
            let after = self.at.map(|at| at.since(self.clock.now()));
            let set = self.timer.set(after);
            debug_assert!(set.is_ok(), "a timer takes every span: {set:?}");
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
                    // One of its two timers was early.
                    Poll::Ready(Ok(())) => self.arm(),
                    // The system cannot wait; whoever asks next tries again.
                    Poll::Ready(Err(_)) | Poll::Pending => return Poll::Pending,
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    //! `CLOCK_BOOTTIME` counts the time asleep (`clock_gettime(2)`), and a `timerfd_create(2)` on
    //! it fires at once on waking if its moment passed in the night.

    use std::io;
    use std::os::fd::OwnedFd;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use rustix::time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use super::{Clock, Moment, Timer, Timestamp};

    /// The system's clock. Its timers need a tokio runtime with I/O enabled.
    #[derive(Clone, Copy, Debug)]
    pub struct SystemClock {
        began: Duration,
    }

    struct SystemTimer {
        began: Duration,
        at: Option<Moment>,
        file: AsyncFd<OwnedFd>,
    }

    impl SystemClock {
        /// A clock that begins now.
        #[must_use]
        pub fn start() -> Self {
            Self { began: read(ClockId::Boottime) }
        }
    }

    impl Clock for SystemClock {
        fn now(&self) -> Moment {
            Moment::new(read(ClockId::Boottime).saturating_sub(self.began))
        }

        fn civil(&self) -> Timestamp {
            let since_1970 = read(ClockId::Realtime).as_micros();
            let micros = i64::try_from(since_1970).unwrap_or(i64::MAX);
            Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH)
        }

        fn timer(&self) -> io::Result<Box<dyn Timer>> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let file = rustix::time::timerfd_create(TimerfdClockId::Boottime, flags)?;
            let file = crate::wait_for(file, Interest::READABLE)?;
            Ok(Box::new(SystemTimer { began: self.began, at: None, file }))
        }
    }

    impl Timer for SystemTimer {
        fn set(&mut self, at: Option<Moment>) {
            if self.at == at {
                return;
            }
            self.at = at;
            let value = at.map_or(Duration::ZERO, |at| {
                // All zero would switch the timer off.
                self.began.saturating_add(at.since_start()).max(Duration::from_nanos(1))
            });
            let once = Itimerspec { it_interval: spec(Duration::ZERO), it_value: spec(value) };
            let file = self.file.get_ref();
            let set = rustix::time::timerfd_settime(file, TimerfdTimerFlags::ABSTIME, &once);
            debug_assert!(set.is_ok(), "a timer takes every moment: {set:?}");
        }

        fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            let Some(at) = self.at else { return Poll::Pending };
            loop {
                let now = read(ClockId::Boottime).saturating_sub(self.began);
                if at <= Moment::new(now) {
                    return Poll::Ready(());
                }
                match self.file.poll_read_ready(cx) {
                    Poll::Ready(Ok(mut guard)) => guard.clear_ready(),
                    // The runtime is going down, and this task with it.
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

    fn spec(span: Duration) -> Timespec {
        let tv_sec = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        Timespec { tv_sec, tv_nsec: i64::from(span.subsec_nanos()) }
    }
}
