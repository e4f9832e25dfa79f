//! Asynchronous waits for kernel objects, through the system thread pool.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use windows::Win32::Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0};
use windows::Win32::Storage::FileSystem::FindCloseChangeNotification;
use windows::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
    WaitForSingleObject,
};

use crate::WindowsError;

/// An owned kernel object that a task can wait for: an event, a timer or a process.
///
/// A thread of the system pool waits for many objects, and wakes the task that polled last.
#[derive(Debug)]
pub struct WaitableObject {
    object: OwnedHandle,
    registered: Option<RegisteredWait>,
    waker: Arc<WakerSlot>,
}

/// An owned handle. Dropping it closes the handle with the function for its type.
#[derive(Debug)]
pub(crate) struct OwnedHandle {
    handle: HANDLE,
    is_change_notification: bool,
}

#[derive(Debug, Default)]
struct WakerSlot(Mutex<Option<Waker>>);

/// A wait in the system thread pool, and the waker slot that its callback uses.
#[derive(Debug)]
struct RegisteredWait {
    wait: HANDLE,
    /// Alive until the callback can no longer run.
    _slot: Arc<WakerSlot>,
}

// SAFETY: every thread of the process may use a handle.
unsafe impl Send for OwnedHandle {}
// SAFETY: several threads may wait for one object, and closing the handle needs ownership.
unsafe impl Sync for OwnedHandle {}
// SAFETY: every thread may unregister a wait.
unsafe impl Send for RegisteredWait {}
// SAFETY: no method takes a shared reference.
unsafe impl Sync for RegisteredWait {}

impl OwnedHandle {
    /// Takes ownership of an open handle.
    pub(crate) const fn new(handle: HANDLE) -> Self {
        Self { handle, is_change_notification: false }
    }

    /// Takes ownership of a directory change notification.
    pub(crate) const fn change_notification(handle: HANDLE) -> Self {
        Self { handle, is_change_notification: true }
    }

    pub(crate) const fn get(&self) -> HANDLE {
        self.handle
    }
}

impl Drop for OwnedHandle {
    fn drop(&mut self) {
        // A failure to close has no consequence.
        let _ = if self.is_change_notification {
            // SAFETY: the handle is open, and its only owner closes it once.
            unsafe { FindCloseChangeNotification(self.handle) }
        } else {
            // SAFETY: as above.
            unsafe { CloseHandle(self.handle) }
        };
    }
}

impl WaitableObject {
    /// Takes ownership of an object.
    pub(crate) fn new(object: OwnedHandle) -> Self {
        Self { object, registered: None, waker: Arc::default() }
    }

    pub(crate) const fn handle(&self) -> HANDLE {
        self.object.get()
    }

    /// True if the object is signaled.
    #[must_use]
    pub fn is_signaled(&self) -> bool {
        // SAFETY: the handle is open as long as `self`. A timeout of 0 ms does not block.
        unsafe { WaitForSingleObject(self.object.get(), 0) == WAIT_OBJECT_0 }
    }

    /// Ready while the object is signaled; otherwise wakes `cx` once it is.
    ///
    /// The object is tested first, so each task sees a signal as soon as it polls, even if another
    /// task was woken for it.
    ///
    /// # Errors
    ///
    /// If the system cannot register another wait.
    pub fn poll_signaled(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        if self.is_signaled() {
            return Poll::Ready(Ok(()));
        }
        self.poll_noticed(cx)
    }

    /// As [`WaitableObject::poll_signaled`], but ready only after the system's pool has noticed the
    /// signal. So a poll during a wait needs no call of the system.
    pub(crate) fn poll_noticed(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        let before = self.waker.put(Some(cx.waker().clone()));
        // The slot is empty if the callback has run or no wait is registered.
        if before.is_some() && self.registered.is_some() {
            return Poll::Pending;
        }
        self.registered = None;
        if self.is_signaled() {
            self.waker.put(None);
            return Poll::Ready(Ok(()));
        }
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
        // SAFETY: the object stays open until after `UnregisterWaitEx`, because its owner drops the
        // wait first. `RegisteredWait` keeps the slot alive until then.
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
        done.map_err(|error| WindowsError::from_core("wait for a kernel object", &error))?;
        Ok(Self { wait, _slot: slot })
    }
}

impl Drop for RegisteredWait {
    fn drop(&mut self) {
        // SAFETY: the wait is registered, and is unregistered once. The call blocks until the
        // callback has returned, which needs no lock that this thread holds.
        let _ = unsafe { UnregisterWaitEx(self.wait, Some(INVALID_HANDLE_VALUE)) };
    }
}

impl Drop for WaitableObject {
    fn drop(&mut self) {
        // The wait must end before the handle is closed.
        self.registered = None;
    }
}

/// The callback of the system's thread pool.
unsafe extern "system" fn wake(slot: *mut core::ffi::c_void, _timed_out: bool) {
    // SAFETY: the pointer is the registered one, to a slot that outlives the callback.
    let slot = unsafe { &*slot.cast_const().cast::<WakerSlot>() };
    if let Some(waker) = slot.put(None) {
        waker.wake();
    }
}
