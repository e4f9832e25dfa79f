//! Source for Lync 2010 and 2013, Skype for Business, and every client that serves
//! `IUCOfficeIntegration`.
//!
//! Reports the sign-in, the presence and the names of the user, as Office reads them. The class
//! comes from the client's registration, or from the table of known clients.

#[cfg(windows)]
mod caller;
#[cfg(windows)]
mod com;
#[cfg(windows)]
mod own_contact;
pub mod reading;

use crate::descriptor::{Platform, SourceDescriptor};
use crate::keepalive::{CHECK_OPTION, TIMEOUT_OPTION};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "lync",
    about: "Lync, Skype for Business and others with its Office integration, over COM",
    capabilities: &["life", "sign-in", "presence", "account"],
    limitations: &[
        "the client does not report why a sign-in failed",
        "a client at another integrity level, for example as administrator, is not readable",
    ],
    platform: Platform::Windows,
    is_automatic: true,
    clients: &[],
    options: &[CHECK_OPTION, TIMEOUT_OPTION],
    #[cfg(windows)]
    make: Some(crate::windows::source::make::<com::OfficeIntegrationClient>),
    #[cfg(not(windows))]
    make: None,
};
