//! Errors of calls into other programs.

use std::borrow::Cow;
use std::fmt;
use std::mem::ManuallyDrop;

use windows::Win32::System::Com::EXCEPINFO;

use crate::HResult;

const DISP_E_EXCEPTION: HResult = HResult::of(0x8002_0009);
/// The codes after which every further call fails, because the program has exited.
const DISCONNECTED: [HResult; 7] = [
    HResult::of(0x8007_06BA),
    HResult::of(0x8007_06BE),
    HResult::of(0x8007_06BF),
    HResult::of(0x8001_0007),
    HResult::of(0x8001_0012),
    HResult::of(0x8001_0108),
    HResult::of(0x8004_01FD),
];

/// The codes of a program that rejects all calls, or all calls of this process.
const REJECTED: [HResult; 3] =
    [HResult::of(0x8001_0001), HResult::of(0x8001_010A), HResult::of(0x8007_0005)];

/// A failed call: the operation, the error code, and the description of the exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    operation: Cow<'static, str>,
    code: HResult,
    description: Option<String>,
}

impl CallError {
    /// An error for an operation and the code that it failed with.
    #[must_use]
    pub fn new(operation: impl Into<Cow<'static, str>>, code: HResult) -> Self {
        Self { operation: operation.into(), code, description: None }
    }

    pub(crate) fn from_core(
        operation: impl Into<Cow<'static, str>>,
        error: &windows_core::Error,
    ) -> Self {
        Self::new(operation, HResult(error.code().0))
    }

    /// The error of an `Invoke`, whose code may be in the exception.
    pub(crate) fn of_invoke(
        operation: impl Into<Cow<'static, str>>,
        error: &windows_core::Error,
        exception: &mut EXCEPINFO,
    ) -> Self {
        let mut call_error = Self::from_core(operation, error);
        if call_error.code != DISP_E_EXCEPTION {
            return call_error;
        }
        if let Some(fill_in) = exception.pfnDeferredFillIn {
            // SAFETY: the callee provides this function to complete its own exception, once.
            let _ = unsafe { fill_in(exception) };
        }
        // SAFETY: the callee passes ownership of the strings. Each is taken once and not used
        // again.
        let texts = unsafe {
            [
                ManuallyDrop::take(&mut exception.bstrDescription),
                ManuallyDrop::take(&mut exception.bstrSource),
                ManuallyDrop::take(&mut exception.bstrHelpFile),
            ]
        };
        let [description, ..] = &texts;
        call_error.description =
            Some(description.to_string()).filter(|description| !description.is_empty());
        if exception.scode != 0 {
            call_error.code = HResult(exception.scode);
        }
        call_error
    }

    /// The error code: that of the exception, if there is one.
    #[must_use]
    pub const fn code(&self) -> HResult {
        self.code
    }

    /// True if the other program has exited, so that every further call fails.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        DISCONNECTED.contains(&self.code)
    }

    /// True if calls of other members would fail in the same way, because the program has exited or
    /// rejects calls.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_disconnected() || REJECTED.contains(&self.code)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = self.description.clone();
        let description =
            description.unwrap_or_else(|| windows_core::HRESULT(self.code.0).message());
        write!(f, "cannot {}: ", self.operation)?;
        match description.trim_end() {
            "" => write!(f, "{}", self.code),
            description => write!(f, "{description} ({})", self.code),
        }
    }
}

impl std::error::Error for CallError {}
