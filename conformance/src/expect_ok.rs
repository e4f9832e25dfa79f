//! Unwraps a result, or panics with the failed action.

use std::fmt::Display;

/// Unwraps with a message.
///
/// The fixtures are a library for tests, so a panic here is the report of a failed test.
pub trait ExpectOk<T> {
    /// Returns the value.
    ///
    /// # Panics
    ///
    /// Without a value. The message is "cannot" and `what` the caller tried.
    #[track_caller]
    fn expect_ok(self, what: &str) -> T;
}

impl<T, E: Display> ExpectOk<T> for Result<T, E> {
    #[track_caller]
    fn expect_ok(self, what: &str) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("cannot {what}: {error}"),
        }
    }
}

impl<T> ExpectOk<T> for Option<T> {
    #[track_caller]
    fn expect_ok(self, what: &str) -> T {
        match self {
            Some(value) => value,
            None => panic!("cannot {what}"),
        }
    }
}
