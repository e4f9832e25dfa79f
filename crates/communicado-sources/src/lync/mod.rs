//! Lync 2010 and 2013, Skype for Business, and every client that serves `IUCOfficeIntegration`.
//!
//! Sees the sign-in, the presence and the names of the user, as Office does. The class is the one
//! that the client's installer wrote down, never a constant: there are two, and other clients have
//! their own.

#[cfg(windows)]
mod caller;
pub mod reading;
#[cfg(windows)]
mod source;

use communicado_runtime::Source;

use crate::descriptor::{OptionError, Platform, SourceDescriptor, ValidatedOptions};
use crate::windows::OPTIONS;

/// The card of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "lync",
    about: "Lync, Skype for Business and whoever integrates with Office as they do, over COM",
    capabilities: &["life", "sign-in", "presence", "account"],
    limitations: &[
        "why a sign-in failed is not said",
        "a client at another level of trust, such as one that runs as administrator",
    ],
    platform: Platform::Windows,
    clients: &[],
    options: OPTIONS,
    make,
};

#[cfg(windows)]
fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Ok(Box::new(source::Lync::new(options)?))
}

#[cfg(not(windows))]
fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Err(OptionError::WrongPlatform { source: DESCRIPTOR.name, platform: DESCRIPTOR.platform })
}
