//! Source for Office Communicator 2007 and 2007 R2, and every client that serves its Messenger
//! class.
//!
//! Reports the sign-in, the presence and the names of the user. Events of the class report changes.
//! The source creates the object only while the client's flag and its process show that it runs, so
//! it never starts a client. It never calls `Signin` or `AutoSignin`.

pub mod api;
#[cfg(windows)]
mod com;
pub mod reading;

use crate::descriptor::{Platform, SourceDescriptor};
use crate::keepalive::{CHECK_OPTION, TIMEOUT_OPTION};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "communicator",
    about: "Office Communicator 2007, R2 and others with its Messenger class, over COM",
    capabilities: &["life", "sign-in", "presence", "account"],
    limitations: &[
        "a client that denies its object while signed out is retried every 5 s",
        "a client at another integrity level, for example as administrator, is not readable",
    ],
    platform: Platform::Windows,
    is_automatic: true,
    clients: &[],
    options: &[CHECK_OPTION, TIMEOUT_OPTION],
    #[cfg(windows)]
    make: Some(crate::windows::source::make::<com::MessengerClient>),
    #[cfg(not(windows))]
    make: None,
};
