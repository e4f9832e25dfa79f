//! Source for desktop clients without an interface, such as Slack, Zoom and Signal: whether they
//! run.
//!
//! A new connection to the session bus shows that a program has started. The bus names its process,
//! and `/proc` its program. A `pidfd` shows the end. The sign-in of these clients cannot be read.
//!
//! The source searches `/proc` once at its start, and once after the last known process of a client
//! has ended. So a client is `absent` only if no process of this user is one of its programs.
//!
//! Each connection to the bus wakes the source up, whatever program makes it. So the source runs
//! only if it is configured.
//!
//! `program_table.rs` has the programs of the clients and `connections.rs` the new connections;
//! both are pure. The cases in `conformance/desktop` test the source with nheko and Dino.

#[cfg(target_os = "linux")]
mod connections;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod program_table;
#[cfg(target_os = "linux")]
mod running_clients;
#[cfg(target_os = "linux")]
mod search;
#[cfg(target_os = "linux")]
mod source;

use crate::descriptor::{OptionKind, OptionSpec, Platform, SourceDescriptor};

/// The option for further programs.
const PROGRAMS: OptionSpec = OptionSpec {
    name: "programs",
    kind: OptionKind::List,
    default: Some(""),
    help: "further clients, such as \"mattermost = mattermost-desktop snap:mattermost-desktop\"",
};

/// The option for clients that do not count.
const IGNORE: OptionSpec = OptionSpec {
    name: "ignore",
    kind: OptionKind::List,
    default: Some(""),
    help: "clients of the built-in table that the source does not report",
};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "desktop",
    about: "Slack, Zoom, Element, Signal and other desktop clients: whether they run",
    capabilities: &["life"],
    limitations: &[
        "it cannot see a sign-in or a presence: a client that runs is `unknown`",
        "a client without a connection to the session bus is found only at the start of the source",
        "every program that connects to the session bus wakes the source up",
    ],
    platform: Platform::Linux,
    is_automatic: false,
    clients: &[],
    options: &[PROGRAMS, IGNORE],
    #[cfg(target_os = "linux")]
    make: Some(source::make),
    #[cfg(not(target_os = "linux"))]
    make: None,
};
