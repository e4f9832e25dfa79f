//! A failure of a server: its cause, the advice, and when to retry.

use std::fmt;
use std::time::Duration;

use communicado_runtime::SinkError;

/// An error of a remote server, or on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetError {
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

impl NetError {
    /// An error that may go away without action.
    #[must_use]
    pub fn transient(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Soon }
    }

    /// An error that somebody has to fix on another machine.
    #[must_use]
    pub fn needs_action(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Slowly }
    }

    /// An error after which no retry can succeed.
    #[must_use]
    pub fn permanent(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Never }
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for NetError {}

impl From<NetError> for SinkError {
    fn from(NetError { cause, help, .. }: NetError) -> Self {
        Self { cause, help }
    }
}
