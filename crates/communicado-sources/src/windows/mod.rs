//! What the sources on Windows share: the contract by which clients show themselves to Office,
//! and a conversation with one of them.
//!
//! `contract`, `conversation`, `known` and `reading` are pure, and public for tests and the
//! fuzzer. The rest waits: `lookout` for the registry and for processes, `shared` so that the
//! sources see them change together, `desk` for a client, `watch` for all of it.

pub mod contract;
pub mod conversation;
#[cfg(windows)]
pub(crate) mod desk;
pub mod known;
#[cfg(windows)]
pub(crate) mod lookout;
#[cfg(windows)]
pub(crate) mod probe;
pub mod reading;
#[cfg(windows)]
pub(crate) mod shared;
#[cfg(windows)]
pub(crate) mod tell;
#[cfg(windows)]
mod up;
#[cfg(windows)]
pub(crate) mod watch;

#[cfg(windows)]
pub use up::{messenger, until_messenger};

use crate::descriptor::{OptionKind, OptionSpec};

/// What can be set of a source that asks its clients.
pub(crate) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "check",
        kind: OptionKind::Span,
        default: "30s",
        help: "how long a client may say nothing before it is asked whether it is there",
    },
    OptionSpec {
        name: "timeout",
        kind: OptionKind::Span,
        default: "5s",
        help: "how long a client may take to answer before it is `not-responding`",
    },
];
