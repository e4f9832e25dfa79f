//! Turns what the stage cannot do without into a panic that says what it was.

use std::fmt::Display;

/// Unwraps with a sentence.
///
/// The stage is a library for tests: what fails here fails the test, and the panic is its report.
pub trait Must<T> {
    /// Returns the value.
    ///
    /// # Panics
    ///
    /// Without one, with `what` the stage was doing.
    #[track_caller]
    fn must(self, what: &str) -> T;
}

impl<T, E: Display> Must<T> for Result<T, E> {
    #[track_caller]
    fn must(self, what: &str) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("cannot {what}: {error}"),
        }
    }
}

impl<T> Must<T> for Option<T> {
    #[track_caller]
    fn must(self, what: &str) -> T {
        match self {
            Some(value) => value,
            None => panic!("cannot {what}"),
        }
    }
}
