//! Named mutexes, for programs that run once per session.

use windows::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError};
use windows::Win32::System::Threading::{CreateMutexW, OpenMutexW, SYNCHRONIZATION_SYNCHRONIZE};
use windows_core::HSTRING;

use crate::WindowsError;
use crate::wait::OwnedHandle;

/// A named mutex that only one process of the session holds, until it drops it or exits.
#[derive(Debug)]
pub struct NamedMutex {
    _mutex: OwnedHandle,
}

impl NamedMutex {
    /// Claims a name; `None` if another process holds it.
    ///
    /// # Errors
    ///
    /// If the mutex cannot be created.
    pub fn claim(name: &str) -> Result<Option<Self>, WindowsError> {
        let name = HSTRING::from(format!(r"Local\{name}"));
        // SAFETY: the name is null-terminated.
        let made = unsafe { CreateMutexW(None, false, &name) };
        // SAFETY: the call has no arguments. No other call came in between on this thread.
        let was_there = unsafe { GetLastError() } == ERROR_ALREADY_EXISTS;
        let mutex = OwnedHandle::new(
            made.map_err(|error| WindowsError::from_core("create a mutex", &error))?,
        );
        Ok((!was_there).then_some(Self { _mutex: mutex }))
    }

    /// True if a process holds this name.
    #[must_use]
    pub fn exists(name: &str) -> bool {
        let name = HSTRING::from(format!(r"Local\{name}"));
        // SAFETY: the name is null-terminated.
        let opened = unsafe { OpenMutexW(SYNCHRONIZATION_SYNCHRONIZE, false, &name) };
        opened.map(OwnedHandle::new).is_ok()
    }
}
