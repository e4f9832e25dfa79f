//! Who listens to an object of ours, and how they are told.
//!
//! Each listener has a queue of its own, and a thread of the pool while there is something in it:
//! one that hangs costs that thread, nobody waits for it, and one to whom nothing is told costs
//! none. The queue is bounded: of what follows each other quickly, the latest stays.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use windows::Win32::Foundation::{E_NOTIMPL, E_POINTER, S_OK};
use windows::Win32::System::Com::{
    DISPATCH_METHOD, DISPPARAMS, IConnectionPoint, IConnectionPoint_Impl,
    IConnectionPointContainer, IDispatch, IEnumConnections,
};
use windows::Win32::System::Ole::{
    CONNECT_E_ADVISELIMIT, CONNECT_E_CANNOTCONNECT, CONNECT_E_NOCONNECTION,
};
use windows::Win32::System::Variant::VARIANT;
use windows_core::{GUID, HRESULT, IUnknown, Interface as _, Ref, implement};

use super::object::{ADD_REF, InterfacePtr, ObjectRef, QUERY_INTERFACE, RELEASE, VtableSlot};
use super::pool;
use super::values::{ReturnValue, to_variant};
use crate::Guid;
use crate::com::CallError;

/// The most listeners of one object.
const LISTENERS_MAX: usize = 1024;
/// The most that waits for one listener.
const QUEUE_MAX: usize = 256;

/// Something to tell.
#[derive(Clone, Debug)]
pub struct EventCall {
    /// The number of the event.
    pub id: i32,
    /// Its arguments, in declared order.
    pub arguments: Vec<ReturnValue>,
    /// Whether it makes one of the same number that still waits, and is the last that does,
    /// superfluous.
    pub coalesces: bool,
}

/// Who listens to one interface of events.
#[derive(Debug)]
pub struct Listeners {
    source: Guid,
    all: Arc<Mutex<ListenerTable>>,
}

#[derive(Debug, Default)]
struct ListenerTable {
    cookie: u32,
    listeners: Vec<(u32, Arc<ListenerQueue>)>,
}

#[derive(Debug)]
struct ListenerQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
    /// Takes the listener out once it is gone.
    all: Weak<Mutex<ListenerTable>>,
}

#[derive(Debug)]
struct QueueState {
    events: VecDeque<EventCall>,
    /// The listener, until nothing more is to be told.
    sink: Option<SinkPtr>,
    /// A thread is at work on it.
    is_busy: bool,
}

impl Listeners {
    /// Nobody, to the interface of this name.
    #[must_use]
    pub fn new(source: Guid) -> Self {
        Self { source, all: Arc::default() }
    }

    /// The interface that they listen to.
    #[must_use]
    pub const fn source(&self) -> Guid {
        self.source
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.all).listeners.len()
    }

    /// Has everybody told; nobody is waited for.
    pub fn fire(&self, event: &EventCall) {
        for (_, queue) in &lock(&self.all).listeners {
            queue.push(event.clone());
        }
    }

    /// Waits until everybody has been told everything, or the time is over.
    pub fn flush(&self, timeout: Duration) {
        let queues: Vec<_> = lock(&self.all).listeners.iter().map(|(_, it)| it.clone()).collect();
        let end = crate::uptime() + timeout;
        for queue in queues {
            queue.wait_until_idle(end.saturating_sub(crate::uptime()));
        }
    }

    fn add(&self, sink: &IUnknown) -> Result<u32, HRESULT> {
        let by_name = GUID::from_u128(self.source.0);
        let mut found = std::ptr::null_mut();
        // SAFETY: the name and the place for the answer outlive the call.
        let asked = unsafe { sink.query(&raw const by_name, &raw mut found) };
        let dispatch = if asked.is_ok() && !found.is_null() {
            // SAFETY: an interface of events is an IDispatch, and its reference is handed over.
            Ok(unsafe { IDispatch::from_raw(found) })
        } else {
            sink.cast::<IDispatch>()
        };
        let sink = SinkPtr(dispatch.map_err(|_| CONNECT_E_CANNOTCONNECT)?);
        let queue = ListenerQueue::new(sink, Arc::downgrade(&self.all));
        let mut all = lock(&self.all);
        if all.listeners.len() >= LISTENERS_MAX {
            return Err(CONNECT_E_ADVISELIMIT);
        }
        all.cookie = all.cookie.wrapping_add(1).max(1);
        let cookie = all.cookie;
        all.listeners.push((cookie, queue));
        Ok(cookie)
    }

    fn remove(&self, cookie: u32) -> Result<(), HRESULT> {
        let mut all = lock(&self.all);
        let at = all.listeners.iter().position(|(number, _)| *number == cookie);
        let (_, queue) = all.listeners.remove(at.ok_or(CONNECT_E_NOCONNECTION)?);
        drop(all);
        queue.close();
        Ok(())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (_, queue) in std::mem::take(&mut lock(&self.all).listeners) {
            queue.close();
        }
    }
}

/// Tells one object one thing, on a thread of the pool.
pub(super) fn fire_once(sink: IUnknown, event: EventCall) {
    let Ok(dispatch) = sink.cast::<IDispatch>() else { return };
    // Whoever works on it holds on to it until that is done.
    ListenerQueue::new(SinkPtr(dispatch), Weak::new()).push(event);
}

/// A listener.
#[derive(Clone, Debug)]
struct SinkPtr(IDispatch);

// SAFETY: everything here is in the multithreaded apartment, whose objects may be called from
// every thread of it.
unsafe impl Send for SinkPtr {}

fn fire(sink: &IDispatch, event: &EventCall) -> Result<(), CallError> {
    let operation = || format!("tell event {}", event.id);
    let reversed = event.arguments.iter().rev().map(to_variant);
    let reversed = reversed.collect::<Result<Vec<VARIANT>, _>>();
    let mut reversed = reversed.map_err(|code| CallError::new(operation(), code))?;
    let parameters = DISPPARAMS {
        rgvarg: reversed.as_mut_ptr(),
        rgdispidNamedArgs: std::ptr::null_mut(),
        cArgs: u32::try_from(reversed.len()).unwrap_or(0),
        cNamedArgs: 0,
    };
    // SAFETY: the parameters outlive the call, and the count is that of what the pointer leads to.
    let done = unsafe {
        sink.Invoke(
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
    done.map_err(|error| CallError::of(operation(), &error))
}

impl ListenerQueue {
    fn new(sink: SinkPtr, all: Weak<Mutex<ListenerTable>>) -> Arc<Self> {
        let state = QueueState { events: VecDeque::new(), sink: Some(sink), is_busy: false };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new(), all })
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, event: EventCall) {
        let mut state = self.lock();
        if state.sink.is_none() {
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

    /// Tells what waits, until nothing does or the listener is gone.
    fn drain(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            let next = state.sink.clone().zip(state.events.pop_front());
            let Some((SinkPtr(sink), event)) = next else {
                state.is_busy = false;
                drop(state);
                self.changed.notify_all();
                return;
            };
            drop(state);
            if fire(&sink, &event).is_err_and(|error| error.is_gone()) {
                self.close();
                if let Some(all) = self.all.upgrade() {
                    lock(&all).listeners.retain(|(_, other)| !Arc::ptr_eq(other, self));
                }
            }
        }
    }

    fn close(&self) {
        let mut state = self.lock();
        state.events.clear();
        let sink = state.sink.take();
        drop(state);
        self.changed.notify_all();
        // Letting go is a call into another program, which may wait for the call that this is of.
        pool::run(Box::new(move || drop(sink)));
    }

    fn wait_until_idle(&self, timeout: Duration) {
        let is_busy = |state: &mut QueueState| state.is_busy;
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, is_busy);
        drop(waited);
    }
}

fn lock(all: &Mutex<ListenerTable>) -> MutexGuard<'_, ListenerTable> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `IConnectionPointContainer`.
pub(super) static TABLE: [VtableSlot; 5] = [
    QUERY_INTERFACE,
    ADD_REF,
    RELEASE,
    VtableSlot(enum_connection_points as *const ()),
    VtableSlot(find_connection_point as *const ()),
];

unsafe extern "system" fn enum_connection_points(
    _: *mut c_void,
    place: *mut *mut c_void,
) -> HRESULT {
    if place.is_null() {
        return E_POINTER;
    }
    // SAFETY: it is a place for an answer, and not null.
    unsafe { place.write_unaligned(std::ptr::null_mut()) };
    E_NOTIMPL
}

unsafe extern "system" fn find_connection_point(
    this: *mut c_void,
    wanted: *const GUID,
    place: *mut *mut c_void,
) -> HRESULT {
    if place.is_null() || wanted.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: COM hands over a GUID, which need not be aligned.
    let wanted = unsafe { wanted.read_unaligned() };
    let source = interface_ptr.implementation().listeners().map(|it| GUID::from_u128(it.source.0));
    let found = (source == Some(wanted)).then(|| {
        let point: IConnectionPoint =
            ConnectionPoint { object: interface_ptr.object_ref(), source: wanted }.into();
        point.into_raw()
    });
    // SAFETY: it is a place for an answer, and not null.
    unsafe { place.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { CONNECT_E_NOCONNECTION }
}

/// Where one subscribes.
#[implement(IConnectionPoint)]
struct ConnectionPoint {
    object: ObjectRef,
    source: GUID,
}

impl IConnectionPoint_Impl for ConnectionPoint_Impl {
    fn GetConnectionInterface(&self) -> windows_core::Result<GUID> {
        Ok(self.source)
    }

    fn GetConnectionPointContainer(&self) -> windows_core::Result<IConnectionPointContainer> {
        let found = self.object.query(&IConnectionPointContainer::IID);
        let found = found.ok_or(windows_core::Error::from_hresult(CONNECT_E_NOCONNECTION))?;
        // SAFETY: it is the face of this name, and its reference is handed over.
        Ok(unsafe { IConnectionPointContainer::from_raw(found) })
    }

    fn Advise(&self, sink: Ref<'_, IUnknown>) -> windows_core::Result<u32> {
        let sink = sink.as_ref().ok_or(windows_core::Error::from_hresult(E_POINTER))?;
        self.with(|listeners| listeners.add(sink))
    }

    fn Unadvise(&self, cookie: u32) -> windows_core::Result<()> {
        self.with(|listeners| listeners.remove(cookie))
    }

    fn EnumConnections(&self) -> windows_core::Result<IEnumConnections> {
        Err(windows_core::Error::from_hresult(E_NOTIMPL))
    }
}

impl ConnectionPoint_Impl {
    fn with<T>(
        &self,
        act: impl FnOnce(&Listeners) -> Result<T, HRESULT>,
    ) -> windows_core::Result<T> {
        let implementation = self.object.implementation();
        let listeners = implementation.listeners().ok_or(CONNECT_E_NOCONNECTION);
        listeners.and_then(act).map_err(windows_core::Error::from_hresult)
    }
}
