//! The error of a source.

use std::borrow::Cow;
use std::fmt;

/// The error that ended a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// The cause, in one sentence.
    pub cause: Cow<'static, str>,
    /// The advice, in one sentence.
    pub help: Cow<'static, str>,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for SourceError {}
