//! Liveness check of a client: its interval and its timeout.

use std::time::Duration;

use crate::descriptor::{OptionError, OptionKind, OptionSpec, ValidatedOptions};

/// Liveness check of a client that has gone quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// The time without a message after which a request checks whether the client responds.
    pub interval: Duration,
    /// The time within which the client must reply.
    pub timeout: Duration,
}

/// The option for the interval.
pub(crate) const CHECK_OPTION: OptionSpec = OptionSpec {
    name: "check",
    kind: OptionKind::Duration,
    default: Some("30s"),
    help: "how long a client may be quiet before a liveness check",
};

/// The option for the timeout.
pub(crate) const TIMEOUT_OPTION: OptionSpec = OptionSpec {
    name: "timeout",
    kind: OptionKind::Duration,
    default: Some("5s"),
    help: "how long a client may take to reply before it is `not-responding`",
};

impl Keepalive {
    /// The keepalive that the options `check` and `timeout` set.
    pub(crate) fn from_options(options: &ValidatedOptions<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            interval: options.duration(CHECK_OPTION.name)?,
            timeout: options.duration(TIMEOUT_OPTION.name)?,
        })
    }
}
