//! The apartment that a thread belongs to.

use std::marker::PhantomData;

use windows::Win32::System::Com::{COINIT_MULTITHREADED, CoInitializeEx, CoUninitialize};

use crate::{HResult, WindowsError};

/// This thread's membership in the multithreaded apartment, which ends with it.
///
/// Objects borrow it, so none of them outlives it.
#[derive(Debug)]
pub struct Apartment {
    /// It belongs to one thread.
    thread: PhantomData<*const ()>,
}

impl Apartment {
    /// Has this thread join.
    ///
    /// # Errors
    ///
    /// If the thread is in an apartment of another kind already (`RPC_E_CHANGED_MODE`).
    pub fn join() -> Result<Self, WindowsError> {
        // SAFETY: it is undone on this thread, once, when the result is dropped.
        let joined = unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) };
        if joined.is_err() {
            return Err(WindowsError::new("use COM on this thread", HResult(joined.0)));
        }
        Ok(Self { thread: PhantomData })
    }
}

impl Drop for Apartment {
    fn drop(&mut self) {
        // SAFETY: this thread has joined once for this, and every object that borrowed it is gone.
        unsafe { CoUninitialize() };
    }
}
