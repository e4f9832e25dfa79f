//! COM apartments of threads.

use std::marker::PhantomData;

use windows::Win32::System::Com::{COINIT_MULTITHREADED, CoInitializeEx, CoUninitialize};

use crate::{HResult, WindowsError};

/// The membership of this thread in the multithreaded apartment. Dropping it leaves the apartment.
///
/// Objects borrow it, so that none outlives it.
#[derive(Debug)]
pub struct Apartment {
    /// Prevents a move to another thread.
    thread: PhantomData<*const ()>,
}

impl Apartment {
    /// Joins this thread to the apartment.
    ///
    /// # Errors
    ///
    /// If the thread is already in an apartment of another kind (`RPC_E_CHANGED_MODE`).
    pub fn join() -> Result<Self, WindowsError> {
        // SAFETY: dropping the result undoes the call, once and on this thread.
        let joined = unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) };
        if joined.is_err() {
            return Err(WindowsError::new("use COM on this thread", HResult(joined.0)));
        }
        Ok(Self { thread: PhantomData })
    }
}

impl Drop for Apartment {
    fn drop(&mut self) {
        // SAFETY: this thread has joined once for `self`, and no object borrows `self` any more.
        unsafe { CoUninitialize() };
    }
}
