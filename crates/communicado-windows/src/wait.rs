//! Waiting for a kernel object without a thread of one's own.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use windows::Win32::Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0};
use windows::Win32::Storage::FileSystem::FindCloseChangeNotification;
use windows::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
    WaitForSingleObject,
};

use crate::WindowsError;

/// A kernel object that is owned and can be waited for: an event, a timer, a process.
///
/// One thread of the system's pool waits for many of them, and wakes the task that asked last.
#[derive(Debug)]
pub struct WaitableObject {
    object: OwnedHandle,
    registered: Option<RegisteredWait>,
    waker: Arc<WakerSlot>,
}

/// A handle that is closed when it is dropped, as such a handle is closed.
#[derive(Debug)]
pub(crate) struct OwnedHandle {
    handle: HANDLE,
    is_change_notification: bool,
}

#[derive(Debug, Default)]
struct WakerSlot(Mutex<Option<Waker>>);

/// A wait that the pool keeps for us, with the reference that its callback borrows.
#[derive(Debug)]
struct RegisteredWait {
    wait: HANDLE,
    /// Kept until the callback can run no more.
    _slot: Arc<WakerSlot>,
}

// SAFETY: a handle is a number that names an object of this process; every thread may use it.
unsafe impl Send for OwnedHandle {}
// SAFETY: as above; waiting for and closing an object are safe from several threads, and closing
// needs the only owner.
unsafe impl Sync for OwnedHandle {}
// SAFETY: a wait may be ended by any thread.
unsafe impl Send for RegisteredWait {}
// SAFETY: nothing is done with it by reference.
unsafe impl Sync for RegisteredWait {}

impl OwnedHandle {
    /// Takes over a handle that is open and nobody else's.
    pub(crate) const fn new(handle: HANDLE) -> Self {
        Self { handle, is_change_notification: false }
    }

    /// Takes over a notice of a folder, likewise.
    pub(crate) const fn change_notification(handle: HANDLE) -> Self {
        Self { handle, is_change_notification: true }
    }

    pub(crate) const fn get(&self) -> HANDLE {
        self.handle
    }
}

impl Drop for OwnedHandle {
    fn drop(&mut self) {
        // What it answers does not matter any more.
        let _ = if self.is_change_notification {
            // SAFETY: the handle is open and owned, so it is closed once.
            unsafe { FindCloseChangeNotification(self.handle) }
        } else {
            // SAFETY: as above.
            unsafe { CloseHandle(self.handle) }
        };
    }
}

impl WaitableObject {
    /// Takes over an object.
    pub(crate) fn new(object: OwnedHandle) -> Self {
        Self { object, registered: None, waker: Arc::default() }
    }

    pub(crate) const fn handle(&self) -> HANDLE {
        self.object.get()
    }

    /// Whether it is signalled at this moment.
    #[must_use]
    pub fn is_signaled(&self) -> bool {
        // SAFETY: the handle is open as long as `self`; a wait of 0 ms only looks.
        unsafe { WaitForSingleObject(self.object.get(), 0) == WAIT_OBJECT_0 }
    }

    /// Ready while it is signalled; otherwise wakes `cx` when it is.
    ///
    /// The object itself is looked at first: of several tasks that one cause wakes, each sees it
    /// as soon as it is polled.
    ///
    /// # Errors
    ///
    /// If the system has no room for another wait.
    pub fn poll_signaled(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        if self.is_signaled() {
            return Poll::Ready(Ok(()));
        }
        let before = self.waker.put(Some(cx.waker().clone()));
        // Without a waker in it, its one callback has run, or there was none.
        if before.is_some() && self.registered.is_some() {
            return Poll::Pending;
        }
        self.registered = None;
        match RegisteredWait::new(&self.object, &self.waker) {
            Ok(registered) => self.registered = Some(registered),
            Err(error) => return Poll::Ready(Err(error)),
        }
        Poll::Pending
    }
}

impl WakerSlot {
    fn put(&self, waker: Option<Waker>) -> Option<Waker> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, waker)
    }
}

impl RegisteredWait {
    fn new(object: &OwnedHandle, slot: &Arc<WakerSlot>) -> Result<Self, WindowsError> {
        let slot = Arc::clone(slot);
        let mut wait = HANDLE::default();
        // SAFETY: the object is open until after `UnregisterWaitEx`, since whoever owns it drops
        // the wait first; the slot that the callback borrows is kept in `RegisteredWait` until then.
        let done = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                object.get(),
                Some(wake),
                Some(Arc::as_ptr(&slot).cast()),
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        };
        done.map_err(|error| WindowsError::from_core("wait for an object", &error))?;
        Ok(Self { wait, _slot: slot })
    }
}

impl Drop for RegisteredWait {
    fn drop(&mut self) {
        // SAFETY: the wait was registered and is ended once. It returns when no callback runs any
        // more; none waits for a lock that is held here.
        let _ = unsafe { UnregisterWaitEx(self.wait, Some(INVALID_HANDLE_VALUE)) };
    }
}

impl Drop for WaitableObject {
    fn drop(&mut self) {
        // Before the object is closed.
        self.registered = None;
    }
}

/// The callback of the system's thread pool.
unsafe extern "system" fn wake(slot: *mut core::ffi::c_void, _timed_out: bool) {
    // SAFETY: it is the pointer that was registered, to a slot that lives until no callback runs.
    let slot = unsafe { &*slot.cast_const().cast::<WakerSlot>() };
    if let Some(waker) = slot.put(None) {
        waker.wake();
    }
}
