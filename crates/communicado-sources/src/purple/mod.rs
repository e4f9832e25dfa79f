//! Pidgin, Finch, Chatty and any other libpurple 2 client, over D-Bus.
//!
//! Sees each enabled account with its sign-in and its presence, the status that the user has
//! chosen, and the client's life. Told by signal; a client that says nothing is asked twice a
//! minute whether it is there, which is the only way to notice that it hangs.
//!
//! Nothing is ever started by asking: the bus is asked who is there, and questions go to unique
//! names, which cannot be activated. Only the members that are named in `message.rs` are
//! matched, since others carry people's messages and passwords.
//!
//! `client.rs` knows one running client and `watcher.rs` all of them; both are pure. Here is what
//! waits. Proven against Finch and Pidgin in `conformance/purple`.

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod protocol;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod shell;
#[cfg(target_os = "linux")]
mod stray;
#[cfg(target_os = "linux")]
mod todo;
#[cfg(target_os = "linux")]
pub mod trace;
#[cfg(target_os = "linux")]
mod watcher;

use communicado_runtime::Source;

use crate::descriptor::{
    OptionError, OptionKind, OptionSpec, Platform, SourceDescriptor, ValidatedOptions,
};

/// The card of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "purple",
    about: "Pidgin, Finch, Chatty and other libpurple 2 clients, over D-Bus",
    capabilities: &["life", "sign-in", "presence", "accounts", "saved status"],
    limitations: &[
        "a client that was started without a bus, or for another one, is not seen",
        "a client whose network went silent says so after 150 s, when its own check fails",
        "SIMPLE accounts do not notice that their server has gone",
    ],
    platform: Platform::Linux,
    clients: &["finch", "pidgin", "chatty"],
    options: &[
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
        OptionSpec {
            name: "trace",
            kind: OptionKind::Path,
            default: "",
            help: "a file to write what comes off the bus to, account names included, for a report",
        },
    ],
    make,
};

#[cfg(target_os = "linux")]
fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let pace =
        crate::bus::Pace { check: options.span("check")?, timeout: options.span("timeout")? };
    Ok(Box::new(shell::Purple::new(pace, options.path("trace"))))
}

#[cfg(not(target_os = "linux"))]
fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Err(OptionError::WrongPlatform { source: "purple", platform: Platform::Linux })
}
