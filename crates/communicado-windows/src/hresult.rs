//! Result codes of Windows.

use std::fmt;

/// An `HRESULT`. Negative values are failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HResult(pub i32);

impl HResult {
    /// Success.
    pub const OK: Self = Self(0);

    /// The code with these bits, as documentation writes it in hexadecimal.
    #[must_use]
    pub const fn of(bits: u32) -> Self {
        Self(bits.cast_signed())
    }

    /// True if the code is a failure.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}
