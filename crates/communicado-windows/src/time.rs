//! Clocks and timers.

use std::task::{Context, Poll};
use std::time::Duration;

use windows::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows::Win32::System::SystemInformation::GetSystemTimeAsFileTime;
use windows::Win32::System::Threading::{
    CancelWaitableTimer, CreateWaitableTimerW, SetWaitableTimer,
};
use windows_core::PCWSTR;

use crate::wait::OwnedHandle;
use crate::{WaitableObject, WindowsError};

/// Intervals of 100 ns between the years 1601 and 1970.
const EPOCH: i64 = 116_444_736_000_000_000;

/// How long the system has run, asleep or awake.
///
/// The performance counter goes on in standby and hibernation (Microsoft, "Acquiring
/// high-resolution time stamps").
#[must_use]
pub fn uptime() -> Duration {
    let [mut count, mut per_second] = [0, 0];
    // SAFETY: it is a place for the answer; since Windows XP it never fails.
    let _ = unsafe { QueryPerformanceCounter(&raw mut count) };
    // SAFETY: as above.
    let _ = unsafe { QueryPerformanceFrequency(&raw mut per_second) };
    let [count, per_second] = [count, per_second].map(|number| u64::try_from(number).unwrap_or(0));
    let Some(seconds) = count.checked_div(per_second) else { return Duration::ZERO };
    let rest = u128::from(count % per_second) * 1_000_000_000 / u128::from(per_second);
    Duration::new(seconds, u32::try_from(rest).unwrap_or(0))
}

/// The civil time, in microseconds since 1970.
#[must_use]
pub fn civil_micros() -> i64 {
    (file_time() - EPOCH) / 10
}

/// The civil time as the system counts it: in 100 ns, since 1601.
fn file_time() -> i64 {
    // SAFETY: it takes nothing.
    let time = unsafe { GetSystemTimeAsFileTime() };
    i64::from(time.dwHighDateTime) << 32 | i64::from(time.dwLowDateTime)
}

/// Wakes a task after a span of time, which may be early: whoever waits looks at the clock again.
///
/// A timer for a span does not count the time asleep since Windows 8, and one for a civil time is
/// wrong once somebody sets the clock. So there are both, and the first to fire wakes.
#[derive(Debug)]
pub struct WakeTimer {
    relative: WaitableObject,
    absolute: WaitableObject,
}

impl WakeTimer {
    /// An alarm that is not set.
    ///
    /// # Errors
    ///
    /// If the system gives no timer.
    pub fn new() -> Result<Self, WindowsError> {
        let timer = || {
            // SAFETY: a timer without name and with the rights of this process.
            let timer = unsafe { CreateWaitableTimerW(None, true, PCWSTR::null()) };
            let timer = timer.map_err(|error| WindowsError::from_core("make a timer", &error))?;
            Ok(WaitableObject::new(OwnedHandle::new(timer)))
        };
        Ok(Self { relative: timer()?, absolute: timer()? })
    }

    /// Sets it to `after` from now, or switches it off.
    ///
    /// # Errors
    ///
    /// If the system does not set it.
    pub fn set(&mut self, after: Option<Duration>) -> Result<(), WindowsError> {
        let Some(after) = after else {
            return [&self.relative, &self.absolute].into_iter().try_for_each(|timer| {
                // SAFETY: the timer is open.
                let done = unsafe { CancelWaitableTimer(timer.handle()) };
                done.map_err(|error| WindowsError::from_core("switch a timer off", &error))
            });
        };
        // Up to the next whole unit, so that it is not early for nothing.
        let units = i64::try_from(after.as_nanos().div_ceil(100)).unwrap_or(i64::MAX);
        let at = file_time().saturating_add(units);
        // A negative time is a span.
        for (timer, due) in [(&self.relative, units.saturating_neg()), (&self.absolute, at)] {
            // SAFETY: the timer is open and `due` outlives the call.
            let done =
                unsafe { SetWaitableTimer(timer.handle(), &raw const due, 0, None, None, false) };
            done.map_err(|error| WindowsError::from_core("set a timer", &error))?;
        }
        Ok(())
    }

    /// Ready once one of them has fired.
    ///
    /// # Errors
    ///
    /// If the system cannot wait.
    pub fn poll_fired(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        match self.relative.poll_signaled(cx) {
            Poll::Pending => self.absolute.poll_signaled(cx),
            ready => ready,
        }
    }
}
