//! Why Communicator cannot be asked.

use std::fmt;

use communicado_codes::{Code, Family, lookup};
use communicado_sources::windows::reading::says_signed_out;
use communicado_windows::HResult;

/// Why Communicator cannot be asked: the code, what it means here, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessengerError {
    code: HResult,
}

impl MessengerError {
    /// Nothing to create it from.
    pub(super) const NOT_RUNNING: Self = Self { code: HResult::of(0x8004_0111) };
    /// It does not answer.
    pub(super) const BUSY: Self = Self { code: HResult::of(0x8001_010A) };

    pub(super) const fn new(code: HResult) -> Self {
        Self { code }
    }

    /// The code, as an `HRESULT`.
    #[must_use]
    pub const fn code(self) -> i32 {
        self.code.0
    }

    /// Whether it says that the client runs and nobody is signed in.
    #[must_use]
    pub fn is_signed_out(self) -> bool {
        says_signed_out(self.code)
    }

    /// Whether it says that there is no client to ask, or none that lets itself be asked: some
    /// give no object while nobody is signed in.
    #[must_use]
    pub fn is_not_running(self) -> bool {
        self.known().is_some_and(|known| known.status == Some("absent"))
    }

    fn known(self) -> Option<&'static Code> {
        let codes = |family| {
            lookup(self.code.0.cast_unsigned()).find(move |code: &&Code| code.family == family)
        };
        codes(Family::MessengerError).or_else(|| codes(Family::Com))
    }
}

impl fmt::Display for MessengerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(known) => {
                write!(f, "{} ({}): {} {}", known.name, self.code, known.meaning, known.action)
            }
            None => write!(f, "{}: the client refused, and no more is known here", self.code),
        }
    }
}

impl std::error::Error for MessengerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_own_codes_say_what_they_mean_and_what_to_do() {
        let check = |code, name: &str, signed_out, not_running| {
            let error = MessengerError::new(HResult::of(code));
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(error.is_signed_out(), signed_out, "{error}");
            assert_eq!(error.is_not_running(), not_running, "{error}");
        };
        check(0x8004_0111, "CLASS_E_CLASSNOTAVAILABLE (0x80040111)", false, true);
        check(0x8100_031E, "MSGR_E_NOT_LOGGED_ON (0x8100031E)", true, false);
        check(0x8008_0005, "CO_E_SERVER_EXEC_FAILURE (0x80080005)", false, false);
        check(0x8004_0154, "REGDB_E_CLASSNOTREG", false, true);
        check(0x8007_06BA, "RPC_S_SERVER_UNAVAILABLE", false, true);
        check(0x8055_5555, "no more is known here", false, false);
    }
}
