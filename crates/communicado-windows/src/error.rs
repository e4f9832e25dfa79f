//! The error of a Windows call.

use std::borrow::Cow;
use std::fmt;

use crate::HResult;

/// A failed operation and its error code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowsError {
    operation: Cow<'static, str>,
    code: HResult,
}

impl WindowsError {
    /// An error for an operation, such as `open a key`, and the code that it failed with.
    pub fn new(operation: impl Into<Cow<'static, str>>, code: HResult) -> Self {
        Self { operation: operation.into(), code }
    }

    /// An error from this thread's `GetLastError`.
    pub(crate) fn last_os_error(operation: impl Into<Cow<'static, str>>) -> Self {
        Self::from_core(operation, &windows_core::Error::from_thread())
    }

    pub(crate) fn from_core(
        operation: impl Into<Cow<'static, str>>,
        error: &windows_core::Error,
    ) -> Self {
        Self::new(operation, HResult(error.code().0))
    }

    /// The error code.
    #[must_use]
    pub const fn code(&self) -> HResult {
        self.code
    }
}

impl fmt::Display for WindowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = windows_core::HRESULT(self.code.0).message();
        write!(f, "cannot {}: {} ({})", self.operation, message.trim_end(), self.code)
    }
}

impl std::error::Error for WindowsError {}

impl From<WindowsError> for std::io::Error {
    fn from(error: WindowsError) -> Self {
        Self::other(error)
    }
}
