//! What only one process of a session has.

use windows::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError};
use windows::Win32::System::Threading::{CreateMutexW, OpenMutexW, SYNCHRONIZATION_SYNCHRONIZE};
use windows_core::HSTRING;

use crate::WindowsError;
use crate::wait::OwnedHandle;

/// A name that this process alone has in its session, until it ends or lets go.
#[derive(Debug)]
pub struct NamedMutex {
    _mutex: OwnedHandle,
}

impl NamedMutex {
    /// Claims a name; nothing if another process has it.
    ///
    /// # Errors
    ///
    /// If the system gives no object.
    pub fn claim(name: &str) -> Result<Option<Self>, WindowsError> {
        let name = HSTRING::from(format!(r"Local\{name}"));
        // SAFETY: the name is a text that ends in NUL.
        let made = unsafe { CreateMutexW(None, false, &name) };
        // SAFETY: it takes nothing; no call on this thread came in between.
        let was_there = unsafe { GetLastError() } == ERROR_ALREADY_EXISTS;
        let mutex = OwnedHandle::new(
            made.map_err(|error| WindowsError::from_core("claim a name", &error))?,
        );
        Ok((!was_there).then_some(Self { _mutex: mutex }))
    }

    /// Whether some process has a name.
    #[must_use]
    pub fn exists(name: &str) -> bool {
        let name = HSTRING::from(format!(r"Local\{name}"));
        // SAFETY: the name is a text that ends in NUL.
        let opened = unsafe { OpenMutexW(SYNCHRONIZATION_SYNCHRONIZE, false, &name) };
        opened.map(OwnedHandle::new).is_ok()
    }
}
