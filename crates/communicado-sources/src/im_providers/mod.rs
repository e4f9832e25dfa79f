//! Source for every client that registers with Office, by the registry and its process.
//!
//! Reports whether the client runs, and nothing about the sign-in. Notices of the registry and the
//! exits of processes report changes. Windows does not notify of a new process, so the source also
//! lists the processes every 5 s. The source never calls the client.

pub mod checks;
#[cfg(windows)]
mod probe;
#[cfg(windows)]
mod watch;

use crate::descriptor::{Platform, SourceDescriptor};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "im-providers",
    about: "Teams, Skype for Business, Jabber, Zoom and others that register with Office, by the registry",
    capabilities: &["life"],
    limitations: &[
        "sign-in is not readable: a running client that no other source reads is `unknown`",
        "a client that starts or exits without a change of its flag is noticed within 5 s",
    ],
    platform: Platform::Windows,
    is_automatic: true,
    clients: &["communicator", "lync", "teams"],
    options: &[],
    #[cfg(windows)]
    make: Some(watch::make),
    #[cfg(not(windows))]
    make: None,
};
