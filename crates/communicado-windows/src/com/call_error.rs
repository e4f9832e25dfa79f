//! How a call into another program fails.

use std::borrow::Cow;
use std::fmt;
use std::mem::ManuallyDrop;

use windows::Win32::System::Com::EXCEPINFO;

use crate::HResult;

const DISP_E_EXCEPTION: HResult = HResult::of(0x8002_0009);
/// The other side is gone, and every further call will fail.
const DEAD: [HResult; 7] = [
    HResult::of(0x8007_06BA),
    HResult::of(0x8007_06BE),
    HResult::of(0x8007_06BF),
    HResult::of(0x8001_0007),
    HResult::of(0x8001_0012),
    HResult::of(0x8001_0108),
    HResult::of(0x8004_01FD),
];

/// The other side lets nobody in now, or not us.
const BARRED: [HResult; 3] =
    [HResult::of(0x8001_0001), HResult::of(0x8001_010A), HResult::of(0x8007_0005)];

/// A call that failed: what was tried, and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    operation: Cow<'static, str>,
    code: HResult,
    description: Option<String>,
}

impl CallError {
    /// The error for what was tried and ended in `code`.
    #[must_use]
    pub fn new(operation: impl Into<Cow<'static, str>>, code: HResult) -> Self {
        Self { operation: operation.into(), code, description: None }
    }

    pub(crate) fn of(operation: impl Into<Cow<'static, str>>, error: &windows_core::Error) -> Self {
        Self::new(operation, HResult(error.code().0))
    }

    /// The error of an `Invoke`, which tells the real code in one of two ways.
    pub(crate) fn of_invoke(
        operation: impl Into<Cow<'static, str>>,
        error: &windows_core::Error,
        exception: &mut EXCEPINFO,
    ) -> Self {
        let mut call_error = Self::of(operation, error);
        if call_error.code != DISP_E_EXCEPTION {
            return call_error;
        }
        if let Some(fill_in) = exception.pfnDeferredFillIn {
            // SAFETY: the callee gave the function to be called with its own record, once.
            let _ = unsafe { fill_in(exception) };
        }
        // SAFETY: the callee handed the texts over; each is taken once, and none is used again.
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

    /// The code: that of the exception, where the other side raised one.
    #[must_use]
    pub const fn code(&self) -> HResult {
        self.code
    }

    /// Whether the other side is gone, so that every further call will fail.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        DEAD.contains(&self.code)
    }

    /// Whether every other member would fail in the same way: the other side is gone, or lets
    /// nobody in, or not us.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_gone() || BARRED.contains(&self.code)
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
