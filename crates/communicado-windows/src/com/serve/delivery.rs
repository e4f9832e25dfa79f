//! The threads that make calls into other programs, in the order of an [`EventSchedule`].
//!
//! A thread that begins a call leaves the rest to an idle thread, or starts one. There are as many
//! threads as running calls, and one more while a call waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::listener::{EventCall, Listener};
use crate::com::Apartment;
use crate::event_schedule::{EventSchedule, NextStep};
use crate::uptime;

/// The idle time after which a thread exits.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// The stack size of a thread, enough to make COM calls.
const STACK_BYTES: usize = 256 * 1024;

pub(super) type Schedule = EventSchedule<Listener, EventCall>;

static DELIVERY: Delivery = Delivery {
    state: Mutex::new(DeliveryState {
        schedule: EventSchedule::new(),
        idle: 0,
        is_starting: false,
    }),
    changed: Condvar::new(),
    returned: Condvar::new(),
};

struct Delivery {
    state: Mutex<DeliveryState>,
    /// Notifies idle threads of work.
    changed: Condvar,
    /// Notifies [`flush`] that a call has returned or become late.
    returned: Condvar,
}

struct DeliveryState {
    schedule: Schedule,
    /// The number of idle threads.
    idle: usize,
    /// True until a new thread looks for work.
    is_starting: bool,
}

fn lock() -> MutexGuard<'static, DeliveryState> {
    DELIVERY.state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Changes the schedule, and has threads make the calls that are due.
pub(super) fn change<T>(act: impl FnOnce(&mut Schedule) -> T) -> T {
    let mut state = lock();
    let changed = act(&mut state.schedule);
    DELIVERY.changed.notify_one();
    start_thread(state);
    changed
}

/// Waits until all listeners have received their events, except for those that hang, or until the
/// timeout.
pub(super) fn flush(timeout: Duration) {
    let is_busy = |state: &mut DeliveryState| !state.schedule.is_flushed();
    drop(DELIVERY.returned.wait_timeout_while(lock(), timeout, is_busy));
}

/// Starts a thread if a call waits and no thread can look for it.
fn start_thread(mut state: MutexGuard<'static, DeliveryState>) {
    if !state.schedule.has_waiting() || state.idle > 0 || state.is_starting {
        return;
    }
    state.is_starting = true;
    drop(state);
    let thread = thread::Builder::new().name("com-events".to_owned()).stack_size(STACK_BYTES);
    let started = thread.spawn(|| {
        let apartment = Apartment::join();
        let mut state = lock();
        state.is_starting = false;
        if apartment.is_ok() {
            make_calls(state);
        }
    });
    if started.is_err() {
        // The calls wait for the next change.
        lock().is_starting = false;
    }
}

/// Makes calls until this thread has been idle for [`IDLE_MAX`].
fn make_calls(mut state: MutexGuard<'static, DeliveryState>) {
    let mut has_expired = false;
    loop {
        let step = state.schedule.next(uptime());
        if let NextStep::Wait(until) = step {
            if has_expired && until.is_none() {
                return;
            }
            let timeout = until.map_or(IDLE_MAX, |until| until.saturating_sub(uptime()));
            state.idle += 1;
            // A call may have become late.
            DELIVERY.returned.notify_all();
            let waited = DELIVERY.changed.wait_timeout(state, timeout);
            let (locked, timed_out) = waited.unwrap_or_else(PoisonError::into_inner);
            state = locked;
            state.idle -= 1;
            has_expired = timed_out.timed_out();
            continue;
        }
        start_thread(state);
        let finished = make_call(step);
        state = lock();
        if let Some((id, has_exited)) = finished {
            let dropped = state.schedule.finish(id, has_exited);
            if !dropped.is_empty() {
                // An event owns objects, whose end may lock the schedule.
                drop(state);
                drop(dropped);
                state = lock();
            }
        }
        DELIVERY.returned.notify_all();
    }
}

/// Makes a call, and returns its connection and whether the program has exited.
fn make_call(step: NextStep<Listener, EventCall>) -> Option<(u32, bool)> {
    match step {
        NextStep::Fire(id, listener, event) => {
            let result = listener.fire(&event);
            Some((id, result.is_err_and(|error| error.is_disconnected())))
        }
        NextStep::Release(id, listener) => {
            drop(listener);
            Some((id, false))
        }
        NextStep::Wait(_) => None,
    }
}
