//! Source for Pidgin, Finch, Chatty and other libpurple 2 clients, over D-Bus.
//!
//! Reports each enabled account with its sign-in and presence, the status that the user selected,
//! and whether the client runs. Signals report changes. A liveness check, twice a minute, shows
//! whether a quiet client hangs.
//!
//! The source never starts a client. It requests the owners of the name from the bus, and sends
//! calls to unique names, which D-Bus cannot activate. It subscribes only to the members in
//! `message.rs`, because others carry messages between people and passwords.
//!
//! `client.rs` has the state of one client and `watcher.rs` all clients; both are pure. The cases
//! in `conformance/purple` test the source with Finch and Pidgin.

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod client_process;
#[cfg(target_os = "linux")]
mod html;
#[cfg(target_os = "linux")]
mod instance;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod off_bus;
#[cfg(target_os = "linux")]
mod off_bus_cause;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod protocol;
#[cfg(target_os = "linux")]
mod requests;
#[cfg(target_os = "linux")]
mod source;
#[cfg(target_os = "linux")]
pub mod trace;
#[cfg(target_os = "linux")]
mod watcher;

use crate::descriptor::{OptionKind, OptionSpec, Platform, SourceDescriptor};
use crate::keepalive::{CHECK_OPTION, TIMEOUT_OPTION};

/// The option for clients on another bus.
const OTHER_BUSES: &str = "other-buses";

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "purple",
    about: "Pidgin, Finch, Chatty and other libpurple 2 clients, over D-Bus",
    capabilities: &["life", "sign-in", "presence", "accounts", "saved status"],
    limitations: &[
        "a client that is not on this bus is `unknown`; `watch` searches for it twice a minute",
        "a client reports a silent network after 150 s, when its keepalive fails",
        "SIMPLE accounts do not report the loss of their server",
    ],
    platform: Platform::Linux,
    is_automatic: true,
    clients: &["finch", "pidgin", "chatty"],
    options: &[
        CHECK_OPTION,
        TIMEOUT_OPTION,
        OptionSpec {
            name: "trace",
            kind: OptionKind::Path,
            default: Some(""),
            help: "a file to append messages from the bus to, with account names and notes, for bug reports",
        },
        OptionSpec {
            name: OTHER_BUSES,
            kind: OptionKind::Bool,
            default: Some("true"),
            help: "whether a client of yours on another bus is `unknown`; `false` ignores it",
        },
    ],
    #[cfg(target_os = "linux")]
    make: Some(source::make),
    #[cfg(not(target_os = "linux"))]
    make: None,
};
