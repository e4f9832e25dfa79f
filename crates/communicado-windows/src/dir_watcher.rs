//! Directory change notifications.

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

/// Watches a directory for files that are created, written, renamed or deleted.
#[derive(Debug)]
pub struct DirWatcher {
    change: WaitableObject,
}

impl DirWatcher {
    /// Watches `directory`. Changes in its subdirectories may be reported too.
    ///
    /// # Errors
    ///
    /// If the directory does not exist or is not readable.
    pub fn new(directory: &Path) -> Result<Self, WindowsError> {
        let name: Vec<u16> = directory.as_os_str().encode_wide().chain([0]).collect();
        let kinds = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE;
        // SAFETY: the name is null-terminated and outlives the call.
        let handle = unsafe { FindFirstChangeNotificationW(PCWSTR(name.as_ptr()), false, kinds) };
        let handle =
            handle.map_err(|error| WindowsError::from_core("watch a directory", &error))?;
        Ok(Self { change: WaitableObject::new(OwnedHandle::change_notification(handle)) })
    }

    /// Ready after a change.
    ///
    /// # Errors
    ///
    /// If the wait fails.
    pub fn poll_changed(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        self.change.poll_signaled(cx)
    }

    /// Rearms the watcher. Changes since the last arming make it ready at once.
    ///
    /// # Errors
    ///
    /// If the notification cannot be rearmed.
    pub fn rearm(&self) -> Result<(), WindowsError> {
        // SAFETY: the handle is open.
        let done = unsafe { FindNextChangeNotification(self.change.handle()) };
        done.map_err(|error| WindowsError::from_core("continue to watch a directory", &error))
    }
}
