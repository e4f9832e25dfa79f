//! Event listeners and the delivery of events to them.
//!
//! Each listener has its own queue, and a pool thread while the queue is not empty. A listener that
//! hangs occupies only that thread; an idle listener occupies none. The queue is bounded: a full
//! queue drops its oldest event.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use windows::Win32::System::Com::{DISPATCH_METHOD, DISPPARAMS, IDispatch};
use windows::Win32::System::Ole::{
    CONNECT_E_ADVISELIMIT, CONNECT_E_CANNOTCONNECT, CONNECT_E_NOCONNECTION,
};
use windows::Win32::System::Variant::VARIANT;
use windows_core::{GUID, Interface as _};

use super::object::{Callback, EventSource, ReturnValue};
use super::pool;
use super::values::to_variant;
use crate::com::CallError;
use crate::{Guid, HResult};

/// The maximum number of listeners per object.
const LISTENERS_MAX: usize = 1024;
/// The maximum number of queued events per listener.
const QUEUE_MAX: usize = 256;

/// An event, to be fired as a call of the listener.
#[derive(Clone, Debug)]
pub struct EventCall {
    /// The `DISPID` of the event.
    pub id: i32,
    /// The arguments, in declared order.
    pub arguments: Vec<ReturnValue>,
    /// True if the event replaces the newest queued event if both have the same id.
    pub coalesces: bool,
}

/// The listeners to one event interface.
#[derive(Debug)]
pub struct Listeners {
    iid: Guid,
    table: Arc<Mutex<ListenerTable>>,
}

#[derive(Debug, Default)]
struct ListenerTable {
    last_cookie: u32,
    listeners: Vec<(u32, Arc<ListenerQueue>)>,
}

#[derive(Debug)]
struct ListenerQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
    /// The table that lists this listener, to remove it once its program has exited.
    table: Weak<Mutex<ListenerTable>>,
}

#[derive(Debug)]
struct QueueState {
    events: VecDeque<EventCall>,
    /// The listener, or `None` after the subscription has ended.
    listener: Option<Listener>,
    /// True if a pool thread works on this queue.
    is_busy: bool,
}

/// The `IDispatch` of a listener.
#[derive(Clone, Debug)]
struct Listener(IDispatch);

// SAFETY: all objects live in the multithreaded apartment, where every thread may call them.
unsafe impl Send for Listener {}

impl Listeners {
    /// An event interface without listeners.
    #[must_use]
    pub fn new(iid: Guid) -> Self {
        Self { iid, table: Arc::default() }
    }

    /// The number of listeners.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.table).listeners.len()
    }

    /// Queues an event for every listener, without waiting.
    pub fn fire(&self, event: &EventCall) {
        for (_, queue) in &lock(&self.table).listeners {
            queue.push(event.clone());
        }
    }

    /// Waits until every queue is empty, or until the timeout.
    pub fn flush(&self, timeout: Duration) {
        let queues: Vec<_> = lock(&self.table).listeners.iter().map(|(_, it)| it.clone()).collect();
        let end = crate::uptime() + timeout;
        for queue in queues {
            queue.wait_until_idle(end.saturating_sub(crate::uptime()));
        }
    }
}

impl EventSource for Listeners {
    fn iid(&self) -> Guid {
        self.iid
    }

    fn advise(&self, listener: Callback) -> Result<u32, HResult> {
        let iid = GUID::from_u128(self.iid.0);
        let mut found = std::ptr::null_mut();
        // SAFETY: the GUID and the result pointer outlive the call.
        let result = unsafe { listener.0.query(&raw const iid, &raw mut found) };
        let dispatch = if result.is_ok() && !found.is_null() {
            // SAFETY: event interfaces derive from IDispatch, and the reference moves into the
            // result.
            Ok(unsafe { IDispatch::from_raw(found) })
        } else {
            listener.0.cast::<IDispatch>()
        };
        let dispatch = dispatch.map_err(|_| HResult(CONNECT_E_CANNOTCONNECT.0))?;
        let queue = ListenerQueue::new(Listener(dispatch), Arc::downgrade(&self.table));
        let mut table = lock(&self.table);
        if table.listeners.len() >= LISTENERS_MAX {
            return Err(HResult(CONNECT_E_ADVISELIMIT.0));
        }
        table.last_cookie = table.last_cookie.wrapping_add(1).max(1);
        let cookie = table.last_cookie;
        table.listeners.push((cookie, queue));
        Ok(cookie)
    }

    fn unadvise(&self, cookie: u32) -> Result<(), HResult> {
        let mut table = lock(&self.table);
        let index = table.listeners.iter().position(|(it, _)| *it == cookie);
        let index = index.ok_or(HResult(CONNECT_E_NOCONNECTION.0))?;
        let (_, queue) = table.listeners.remove(index);
        drop(table);
        queue.close();
        Ok(())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (_, queue) in std::mem::take(&mut lock(&self.table).listeners) {
            queue.close();
        }
    }
}

impl Callback {
    /// Calls the object on a pool thread, without waiting.
    pub fn call(self, event: EventCall) {
        let Ok(dispatch) = self.0.cast::<IDispatch>() else { return };
        // The pool thread keeps the queue alive until the call returns.
        ListenerQueue::new(Listener(dispatch), Weak::new()).push(event);
    }
}

fn fire(listener: &IDispatch, event: &EventCall) -> Result<(), CallError> {
    let operation = || format!("fire event {}", event.id);
    let reversed = event.arguments.iter().rev().map(to_variant);
    let reversed = reversed.collect::<Result<Vec<VARIANT>, _>>();
    let mut reversed = reversed.map_err(|code| CallError::new(operation(), code))?;
    let parameters = DISPPARAMS {
        rgvarg: reversed.as_mut_ptr(),
        rgdispidNamedArgs: std::ptr::null_mut(),
        cArgs: u32::try_from(reversed.len()).unwrap_or(0),
        cNamedArgs: 0,
    };
    // SAFETY: the parameters outlive the call, and the count is the length of the array.
    let result = unsafe {
        listener.Invoke(
            event.id,
            &GUID::zeroed(),
            0,
            DISPATCH_METHOD,
            &raw const parameters,
            None,
            None,
            None,
        )
    };
    result.map_err(|error| CallError::from_core(operation(), &error))
}

impl ListenerQueue {
    fn new(listener: Listener, table: Weak<Mutex<ListenerTable>>) -> Arc<Self> {
        let state =
            QueueState { events: VecDeque::new(), listener: Some(listener), is_busy: false };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new(), table })
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, event: EventCall) {
        let mut state = self.lock();
        if state.listener.is_none() {
            return;
        }
        if event.coalesces && state.events.back().is_some_and(|last| last.id == event.id) {
            state.events.pop_back();
        }
        if state.events.len() >= QUEUE_MAX {
            state.events.pop_front();
        }
        state.events.push_back(event);
        if !state.is_busy {
            let queue = Arc::clone(self);
            state.is_busy = pool::run(Box::new(move || queue.drain()));
        }
    }

    /// Fires the queued events until none is left or the listener's program has exited.
    fn drain(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            let next = state.listener.clone().zip(state.events.pop_front());
            let Some((Listener(listener), event)) = next else {
                state.is_busy = false;
                drop(state);
                self.changed.notify_all();
                return;
            };
            drop(state);
            if fire(&listener, &event).is_err_and(|error| error.is_disconnected()) {
                self.close();
                if let Some(table) = self.table.upgrade() {
                    lock(&table).listeners.retain(|(_, other)| !Arc::ptr_eq(other, self));
                }
            }
        }
    }

    fn close(&self) {
        let mut state = self.lock();
        state.events.clear();
        let listener = state.listener.take();
        drop(state);
        self.changed.notify_all();
        // `Release` is a call into the other program, which may itself be waiting for this call.
        pool::run(Box::new(move || drop(listener)));
    }

    fn wait_until_idle(&self, timeout: Duration) {
        let is_busy = |state: &mut QueueState| state.is_busy;
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, is_busy);
        drop(waited);
    }
}

fn lock(table: &Mutex<ListenerTable>) -> MutexGuard<'_, ListenerTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
