//! A failed publication: its cause, the advice, and when to retry.

use std::fmt;
use std::time::Duration;

use communicado_runtime::SinkError;

/// An error of a remote server, or on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    /// The cause, in one sentence.
    pub cause: String,
    /// The advice, in one sentence.
    pub help: String,
    /// When to retry.
    pub retry: Retry,
}

/// When to retry after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// With exponential backoff: the failure may end at any moment.
    Soon,
    /// Once a minute: somebody has to fix something on another machine.
    Slowly,
    /// After the time that the server asked for.
    After(Duration),
    /// Never: the permission is gone.
    Never,
}

impl PublishError {
    /// An error that may go away without action.
    pub(crate) fn transient(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Soon }
    }

    /// An error that somebody has to fix on another machine.
    pub(crate) fn needs_action(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Slowly }
    }

    /// An error after which no retry can succeed.
    pub(crate) fn permanent(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Never }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for PublishError {}

impl From<PublishError> for SinkError {
    fn from(PublishError { cause, help, .. }: PublishError) -> Self {
        Self { cause, help }
    }
}
