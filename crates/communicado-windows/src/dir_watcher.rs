//! Notices of the file system.

use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;
use std::task::{Context, Poll};

use windows::Win32::Storage::FileSystem::{
    FILE_NOTIFY_CHANGE_FILE_NAME, FILE_NOTIFY_CHANGE_LAST_WRITE, FindFirstChangeNotificationW,
    FindNextChangeNotification,
};
use windows_core::PCWSTR;

use crate::wait::OwnedHandle;
use crate::{WaitableObject, WindowsError};

/// Notices that a file of a folder was made, written, renamed or taken away.
#[derive(Debug)]
pub struct DirWatcher {
    change: WaitableObject,
}

impl DirWatcher {
    /// Notices of the files in `directory`. That a file changed in a folder in it may be told too.
    ///
    /// # Errors
    ///
    /// If the folder is not there or may not be read.
    pub fn new(directory: &Path) -> Result<Self, WindowsError> {
        let name: Vec<u16> = directory.as_os_str().encode_wide().chain([0]).collect();
        let kinds = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE;
        // SAFETY: the name is a text that ends in NUL and outlives the call.
        let handle = unsafe { FindFirstChangeNotificationW(PCWSTR(name.as_ptr()), false, kinds) };
        let handle = handle.map_err(|error| WindowsError::from_core("watch a folder", &error))?;
        Ok(Self { change: WaitableObject::new(OwnedHandle::change_notification(handle)) })
    }

    /// Ready once something has changed.
    ///
    /// # Errors
    ///
    /// If the system cannot wait.
    pub fn poll_changed(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        self.change.poll_signaled(cx)
    }

    /// Arms it again; what changed since it was armed last makes it ready at once.
    ///
    /// # Errors
    ///
    /// If the system gives no further notice.
    pub fn rearm(&self) -> Result<(), WindowsError> {
        // SAFETY: the notice is open.
        let done = unsafe { FindNextChangeNotification(self.change.handle()) };
        done.map_err(|error| WindowsError::from_core("watch a folder on", &error))
    }
}
