//! Event listeners and the delivery of events to them.
//!
//! Each listener has a bounded queue: a full queue drops its oldest event. The listeners of one
//! client process share an order, as `event_schedule` describes.

use std::time::Duration;

use windows::Win32::System::Com::IDispatch;
use windows::Win32::System::Ole::{
    CONNECT_E_ADVISELIMIT, CONNECT_E_CANNOTCONNECT, CONNECT_E_NOCONNECTION,
};
use windows_core::{GUID, Interface as _};

use super::caller::calling_process;
use super::delivery;
use super::listener::{EventCall, Listener};
use super::object::{Callback, EventSource};
use crate::{Guid, HResult};

/// The listeners to one event interface.
#[derive(Debug)]
pub struct Listeners {
    iid: Guid,
    source: u32,
}

impl Listeners {
    /// An event interface without listeners.
    #[must_use]
    pub fn new(iid: Guid) -> Self {
        Self { iid, source: delivery::change(|schedule| schedule.add_source()) }
    }

    /// The number of listeners.
    #[must_use]
    pub fn count(&self) -> usize {
        delivery::change(|schedule| schedule.open(self.source).count())
    }

    /// Queues an event for every listener, without waiting.
    pub fn fire(&self, event: &EventCall) {
        let replaces = |last: &EventCall| event.coalesces && last.id == event.id;
        drop(delivery::change(|schedule| schedule.fire(self.source, event, replaces)));
    }

    /// Waits until the listeners of all event interfaces have received their events, except for
    /// listeners that hang, or until the timeout.
    pub fn flush(timeout: Duration) {
        delivery::flush(timeout);
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
        let (process, kept) = (calling_process(), Listener(dispatch.clone()));
        let id = delivery::change(|schedule| schedule.connect(self.source, process, kept));
        // The last reference to the listener is a call, which must not run inside the lock.
        drop(dispatch);
        id.ok_or(HResult(CONNECT_E_ADVISELIMIT.0))
    }

    fn unadvise(&self, cookie: u32) -> Result<(), HResult> {
        let dropped = delivery::change(|schedule| schedule.disconnect(self.source, cookie));
        dropped.map(drop).ok_or(HResult(CONNECT_E_NOCONNECTION.0))
    }

    fn connections(&self) -> Vec<(u32, Callback)> {
        delivery::change(|schedule| {
            let listed = schedule.open(self.source);
            listed.map(|(id, listener)| (id, Callback::from(listener.0.clone()))).collect()
        })
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        drop(delivery::change(|schedule| schedule.remove_source(self.source)));
    }
}

impl Callback {
    /// Calls the object on another thread, without waiting.
    pub fn call(self, event: EventCall) {
        let Ok(dispatch) = self.0.cast::<IDispatch>() else { return };
        let process = calling_process();
        delivery::change(|schedule| schedule.call_once(process, Listener(dispatch), event));
    }
}
