//! Why Windows refused something.

use std::borrow::Cow;
use std::fmt;

use crate::HResult;

/// What was tried, and the code that Windows answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    tried: Cow<'static, str>,
    code: HResult,
}

impl Error {
    /// The error for what was tried, from the code that it ended with.
    pub(crate) fn new(tried: impl Into<Cow<'static, str>>, code: HResult) -> Self {
        Self { tried: tried.into(), code }
    }

    /// The error for what the system did not do.
    #[must_use]
    pub fn of_system(tried: &'static str, code: HResult) -> Self {
        Self::new(tried, code)
    }

    /// What the last call on this thread that reports by `GetLastError` ended with.
    pub(crate) fn last(tried: impl Into<Cow<'static, str>>) -> Self {
        Self::of(tried, &windows_core::Error::from_thread())
    }

    pub(crate) fn of(tried: impl Into<Cow<'static, str>>, error: &windows_core::Error) -> Self {
        Self::new(tried, HResult(error.code().0))
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> HResult {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = windows_core::HRESULT(self.code.0).message();
        write!(f, "cannot {}: {} ({})", self.tried, said.trim_end(), self.code)
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}
