//! The errors of calls to Communicator.

use std::fmt;

use communicado_codes::{Code, Family, lookup};
use communicado_sources::windows::reading::is_signed_out;
use communicado_windows::HResult;

/// The error of a call to Communicator: the code, its meaning, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessengerError {
    code: HResult,
}

impl MessengerError {
    /// No client runs.
    pub(super) const NOT_RUNNING: Self = Self { code: HResult::of(0x8004_0111) };
    /// The client does not answer.
    pub(super) const BUSY: Self = Self { code: HResult::of(0x8001_010A) };

    pub(super) const fn new(code: HResult) -> Self {
        Self { code }
    }

    /// The code, as an `HRESULT`.
    #[must_use]
    pub const fn code(self) -> i32 {
        self.code.0
    }

    /// Returns whether the error means that the client runs but no user is signed in.
    #[must_use]
    pub fn is_signed_out(self) -> bool {
        is_signed_out(self.code)
    }

    /// Returns whether the error means that no client runs, or none that answers: some clients
    /// create no object while no user is signed in.
    #[must_use]
    pub fn is_not_running(self) -> bool {
        self.known().and_then(|known| known.status).is_some_and(|it| it.starts_with("absent"))
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
            None => write!(f, "{}: the client returned an unknown error", self.code),
        }
    }
}

impl std::error::Error for MessengerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_article_have_a_meaning_and_an_advice() {
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
        check(0x8055_5555, "an unknown error", false, false);
    }
}
