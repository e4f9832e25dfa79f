//! Clocks and timers.

use std::task::{Context, Poll};
use std::time::Duration;

use windows::Win32::Foundation::FILETIME;
use windows::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows::Win32::System::SystemInformation::GetSystemTimeAsFileTime;
use windows::Win32::System::Threading::{
    CancelWaitableTimer, CreateWaitableTimerW, SetWaitableTimer,
};
use windows_core::PCWSTR;

use crate::wait::OwnedHandle;
use crate::{WaitableObject, WindowsError};

/// The number of 100 ns intervals between 1601 and 1970.
const EPOCH: i64 = 116_444_736_000_000_000;

/// The time since the system start, including sleep.
///
/// The performance counter continues in standby and hibernation (Microsoft, "Acquiring
/// high-resolution time stamps").
#[must_use]
pub fn uptime() -> Duration {
    let [mut count, mut per_second] = [0, 0];
    // SAFETY: the result pointer is valid. The call never fails since Windows XP.
    let _ = unsafe { QueryPerformanceCounter(&raw mut count) };
    // SAFETY: as above.
    let _ = unsafe { QueryPerformanceFrequency(&raw mut per_second) };
    let [count, per_second] = [count, per_second].map(|number| u64::try_from(number).unwrap_or(0));
    let Some(seconds) = count.checked_div(per_second) else { return Duration::ZERO };
    let rest = u128::from(count % per_second) * 1_000_000_000 / u128::from(per_second);
    Duration::new(seconds, u32::try_from(rest).unwrap_or(0))
}

/// The civil time in microseconds since 1970 (UTC).
#[must_use]
pub fn civil_micros() -> i64 {
    (file_time() - EPOCH) / 10
}

/// The civil time in 100 ns intervals since 1601 (UTC).
fn file_time() -> i64 {
    // SAFETY: the call has no arguments.
    units(unsafe { GetSystemTimeAsFileTime() })
}

const fn units(time: FILETIME) -> i64 {
    (time.dwHighDateTime as i64) << 32 | time.dwLowDateTime as i64
}

/// A time of the system, in microseconds since 1970 (UTC).
pub(crate) const fn micros_of(time: FILETIME) -> i64 {
    units(time).saturating_sub(EPOCH) / 10
}

/// A timer that counts the time asleep. It may fire early, so check the clock after a wake-up.
///
/// Since Windows 8 a relative timer does not count the time asleep. An absolute timer is wrong
/// after a change of the system clock. This type uses both, and wakes at the first to fire.
#[derive(Debug)]
pub struct WakeTimer {
    relative: WaitableObject,
    absolute: WaitableObject,
}

impl WakeTimer {
    /// Creates a timer that is not set.
    ///
    /// # Errors
    ///
    /// If the system cannot create a timer.
    pub fn new() -> Result<Self, WindowsError> {
        let timer = || {
            // SAFETY: the timer has no name and default security, so there are no pointers.
            let timer = unsafe { CreateWaitableTimerW(None, true, PCWSTR::null()) };
            let timer = timer.map_err(|error| WindowsError::from_core("create a timer", &error))?;
            Ok(WaitableObject::new(OwnedHandle::new(timer)))
        };
        Ok(Self { relative: timer()?, absolute: timer()? })
    }

    /// Sets the timer to `after` from now, or cancels it.
    ///
    /// # Errors
    ///
    /// If the timer cannot be set.
    pub fn set(&mut self, after: Option<Duration>) -> Result<(), WindowsError> {
        let Some(after) = after else {
            return [&self.relative, &self.absolute].into_iter().try_for_each(|timer| {
                // SAFETY: the timer is open.
                let done = unsafe { CancelWaitableTimer(timer.handle()) };
                done.map_err(|error| WindowsError::from_core("cancel a timer", &error))
            });
        };
        // Rounded up to a whole unit, to avoid an early wake-up.
        let units = i64::try_from(after.as_nanos().div_ceil(100)).unwrap_or(i64::MAX);
        let at = file_time().saturating_add(units);
        // A negative time is relative.
        for (timer, due) in [(&self.relative, units.saturating_neg()), (&self.absolute, at)] {
            // SAFETY: the timer is open, and `due` outlives the call.
            let done =
                unsafe { SetWaitableTimer(timer.handle(), &raw const due, 0, None, None, false) };
            done.map_err(|error| WindowsError::from_core("set a timer", &error))?;
        }
        Ok(())
    }

    /// Ready soon after one of both timers has fired. The exact moment is a matter of the clock.
    ///
    /// # Errors
    ///
    /// If the wait fails.
    pub fn poll_fired(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        match self.relative.poll_noticed(cx) {
            Poll::Pending => self.absolute.poll_noticed(cx),
            ready => ready,
        }
    }
}
