//! Office Communicator 2007 and 2007 R2, and every client that serves its Messenger class.
//!
//! Sees the sign-in, the presence and the names of the user. Told by the events of the class;
//! the object is created only while the client's flag and its process say that it runs, so that
//! asking starts nothing. `Signin` and `AutoSignin` are never called.

pub mod api;
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
    name: "communicator",
    about: "Office Communicator 2007, R2 and whoever serves its Messenger class, over COM",
    capabilities: &["life", "sign-in", "presence", "account"],
    limitations: &[
        "a client that gives no object while signed out is asked again every 5 s",
        "a client at another level of trust, such as one that runs as administrator",
    ],
    platform: Platform::Windows,
    clients: &[],
    options: OPTIONS,
    make,
};

#[cfg(windows)]
fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Ok(Box::new(source::Communicator::new(options)?))
}

#[cfg(not(windows))]
fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Err(OptionError::WrongPlatform { source: DESCRIPTOR.name, platform: DESCRIPTOR.platform })
}
