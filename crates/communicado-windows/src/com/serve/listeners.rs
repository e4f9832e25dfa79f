//! Who listens to an object of ours, and how they are told.
//!
//! Each listener has a thread and a queue of its own: one that hangs costs its thread, and nobody
//! waits for it. The queue is bounded: of what follows each other quickly, the latest stays.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
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

use super::given::{Given, to_variant};
use super::object::{ADD_REF, Face, QUERY_INTERFACE, RELEASE, Served, Slot};
use crate::Guid;
use crate::com::{Apartment, CallError};

/// The most listeners of one object.
const LISTENERS_MAX: usize = 1024;
/// The most that waits for one listener.
const WAITING_MAX: usize = 256;
/// What a thread that only makes calls needs.
const STACK_BYTES: usize = 256 * 1024;

/// Something to tell.
#[derive(Clone, Debug)]
pub struct Told {
    /// The number of the event.
    pub id: i32,
    /// Its arguments, in declared order.
    pub arguments: Vec<Given>,
    /// Whether it makes one of the same number that still waits, and is the last that does,
    /// superfluous.
    pub replaces: bool,
}

/// Who listens to one interface of events.
#[derive(Debug)]
pub struct Listeners {
    source: Guid,
    all: Arc<Mutex<All>>,
}

#[derive(Debug, Default)]
struct All {
    cookie: u32,
    listeners: Vec<(u32, Arc<Queue>)>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    told: VecDeque<Told>,
    /// One is being told.
    is_busy: bool,
    /// Nothing more is to be told.
    is_closed: bool,
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
    pub fn tell(&self, told: &Told) {
        for (_, queue) in &lock(&self.all).listeners {
            queue.put(told.clone());
        }
    }

    /// Waits until everybody has been told everything, or the time is over.
    pub fn settle(&self, patience: Duration) {
        let queues: Vec<_> = lock(&self.all).listeners.iter().map(|(_, it)| it.clone()).collect();
        let end = crate::uptime() + patience;
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
        let sink = Sink(dispatch.map_err(|_| CONNECT_E_CANNOTCONNECT)?);
        let mut all = lock(&self.all);
        if all.listeners.len() >= LISTENERS_MAX {
            return Err(CONNECT_E_ADVISELIMIT);
        }
        all.cookie = all.cookie.wrapping_add(1).max(1);
        let (cookie, queue) = (all.cookie, Arc::<Queue>::default());
        let (own, everybody) = (Arc::clone(&queue), Arc::clone(&self.all));
        let work = move || {
            serve(sink, &own);
            lock(&everybody).listeners.retain(|(number, _)| *number != cookie);
        };
        let started = thread::Builder::new().name("listener".into()).stack_size(STACK_BYTES);
        started.spawn(work).map_err(|_| CONNECT_E_ADVISELIMIT)?;
        all.listeners.push((cookie, queue));
        Ok(cookie)
    }

    fn remove(&self, cookie: u32) -> Result<(), HRESULT> {
        let mut all = lock(&self.all);
        let at = all.listeners.iter().position(|(number, _)| *number == cookie);
        let (_, queue) = all.listeners.remove(at.ok_or(CONNECT_E_NOCONNECTION)?);
        queue.close();
        Ok(())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (_, queue) in &lock(&self.all).listeners {
            queue.close();
        }
    }
}

/// Tells one object one thing, on a thread of its own.
pub(super) fn tell_once(sink: IUnknown, told: Told) {
    let Ok(dispatch) = sink.cast::<IDispatch>() else { return };
    let sink = Sink(dispatch);
    let queue = Queue::default();
    queue.put(told);
    queue.close();
    let work = move || serve(sink, &queue);
    // Without a thread it is not told, as if the caller had gone.
    let _ = thread::Builder::new().name("callback".into()).stack_size(STACK_BYTES).spawn(work);
}

/// A listener, on its way to its thread.
struct Sink(IDispatch);

// SAFETY: everything here is in the multithreaded apartment, whose objects may be called from
// every thread of it.
unsafe impl Send for Sink {}

/// Tells one listener all that is put into its queue, until that is closed or the listener gone.
fn serve(sink: Sink, queue: &Queue) {
    let Ok(apartment) = Apartment::join() else { return };
    let Sink(dispatch) = sink;
    while let Some(told) = queue.next() {
        if tell(&dispatch, &told).is_err_and(|error| error.is_gone()) {
            break;
        }
    }
    drop(dispatch);
    drop(apartment);
}

fn tell(sink: &IDispatch, told: &Told) -> Result<(), CallError> {
    let tried = || format!("tell event {}", told.id);
    let reversed = told.arguments.iter().rev().map(to_variant);
    let reversed = reversed.collect::<Result<Vec<VARIANT>, _>>();
    let mut reversed = reversed.map_err(|code| CallError::new(tried(), code))?;
    let parameters = DISPPARAMS {
        rgvarg: reversed.as_mut_ptr(),
        rgdispidNamedArgs: std::ptr::null_mut(),
        cArgs: u32::try_from(reversed.len()).unwrap_or(0),
        cNamedArgs: 0,
    };
    // SAFETY: the parameters outlive the call, and the count is that of what the pointer leads to.
    let done = unsafe {
        sink.Invoke(
            told.id,
            &GUID::zeroed(),
            0,
            DISPATCH_METHOD,
            &raw const parameters,
            None,
            None,
            None,
        )
    };
    done.map_err(|error| CallError::of(tried(), &error))
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, told: Told) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        if told.replaces && state.told.back().is_some_and(|last| last.id == told.id) {
            state.told.pop_back();
        }
        if state.told.len() >= WAITING_MAX {
            state.told.pop_front();
        }
        state.told.push_back(told);
        drop(state);
        self.changed.notify_all();
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// The next to be told; nothing once the queue is closed and empty.
    fn next(&self) -> Option<Told> {
        let mut state = self.lock();
        state.is_busy = false;
        loop {
            if let Some(told) = state.told.pop_front() {
                state.is_busy = true;
                return Some(told);
            }
            self.changed.notify_all();
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wait_until_idle(&self, patience: Duration) {
        let is_at_work = |state: &mut Waiting| state.is_busy || !state.told.is_empty();
        let waited = self.changed.wait_timeout_while(self.lock(), patience, is_at_work);
        drop(waited);
    }
}

fn lock(all: &Mutex<All>) -> MutexGuard<'_, All> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `IConnectionPointContainer`.
pub(super) static TABLE: [Slot; 5] = [
    QUERY_INTERFACE,
    ADD_REF,
    RELEASE,
    Slot(enum_connection_points as *const ()),
    Slot(find_connection_point as *const ()),
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
    let face = unsafe { Face::of(this) };
    // SAFETY: COM hands over a GUID, which need not be aligned.
    let wanted = unsafe { wanted.read_unaligned() };
    let source = face.servant().listeners().map(|it| GUID::from_u128(it.source.0));
    let found = (source == Some(wanted)).then(|| {
        let point: IConnectionPoint = Point { object: face.served(), source: wanted }.into();
        point.into_raw()
    });
    // SAFETY: it is a place for an answer, and not null.
    unsafe { place.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { CONNECT_E_NOCONNECTION }
}

/// Where one subscribes.
#[implement(IConnectionPoint)]
struct Point {
    object: Served,
    source: GUID,
}

impl IConnectionPoint_Impl for Point_Impl {
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

impl Point_Impl {
    fn with<T>(
        &self,
        act: impl FnOnce(&Listeners) -> Result<T, HRESULT>,
    ) -> windows_core::Result<T> {
        let servant = self.object.servant();
        let listeners = servant.listeners().ok_or(CONNECT_E_NOCONNECTION);
        listeners.and_then(act).map_err(windows_core::Error::from_hresult)
    }
}
