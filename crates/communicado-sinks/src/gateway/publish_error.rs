//! Why something could not be told to a gateway, what to do about it, and when to try again.

use std::fmt;
use std::time::Duration;

use communicado_runtime::SinkError;

/// What went wrong between us and a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    /// What is the case.
    pub cause: String,
    /// What to do about it.
    pub help: String,
    /// When it is worth another attempt.
    pub retry: Retry,
}

/// When something that failed is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Soon, and then ever more slowly: it may be over any moment.
    Soon,
    /// Slowly: a person has to do something first, and not at this machine.
    Slowly,
    /// Not before this time, since the gateway asked for it.
    After(Duration),
    /// Never: the permission is gone.
    Never,
}

impl PublishError {
    /// A fault that passes by itself.
    pub(super) fn transient(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Soon }
    }

    /// A fault that somebody else must mend.
    pub(super) fn needs_action(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into(), retry: Retry::Slowly }
    }

    /// A fault with which another attempt makes no sense.
    pub(super) fn permanent(cause: impl Into<String>, help: impl Into<String>) -> Self {
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
