//! Source for every client that registers with Office, by its flag in the registry.
//!
//! Reports whether the client runs, while its process runs, and nothing about the sign-in. Notices
//! of the registry and the exits of processes report changes. The source never calls the client.

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
        "a client that starts after a crash and rewrites its flag unchanged is noticed within 30 s",
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
