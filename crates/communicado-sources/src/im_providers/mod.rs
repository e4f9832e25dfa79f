//! Every client that keeps Office's contract, by its flag in the registry.
//!
//! Sees whether the client runs, for as long as its process lives, and nothing of the sign-in.
//! Told by the registry's notices and by the ends of processes; nothing is asked of the client.

pub mod facts;
#[cfg(windows)]
mod probe;
#[cfg(windows)]
mod watch;

use communicado_runtime::Source;

use crate::descriptor::{OptionError, Platform, SourceDescriptor, ValidatedOptions};

/// The card of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "im-providers",
    about: "Teams, Skype for Business, Jabber, Zoom and whoever keeps Office's contract, by the registry",
    capabilities: &["life"],
    limitations: &[
        "sign-in is not seen: a client that runs and that no other source can ask is `unknown`",
        "a client that starts with the flag that its crash left behind, and writes it again \
         unchanged, is noticed within 30 s",
    ],
    platform: Platform::Windows,
    clients: &["communicator", "lync", "teams"],
    options: &[],
    make,
};

#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "every source is made in one way")]
fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Ok(Box::new(watch::ImProviders))
}

#[cfg(not(windows))]
fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Err(OptionError::WrongPlatform { source: DESCRIPTOR.name, platform: DESCRIPTOR.platform })
}
