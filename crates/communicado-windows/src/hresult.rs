//! The codes that Windows answers with.

use std::fmt;

/// An `HRESULT`: a failure if negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HResult(pub i32);

impl HResult {
    /// Success.
    pub const OK: Self = Self(0);

    /// The code that is written so in hexadecimal, as documents do.
    #[must_use]
    pub const fn of(bits: u32) -> Self {
        Self(bits.cast_signed())
    }

    /// Whether it is a failure.
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
