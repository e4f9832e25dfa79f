//! Source for Communicado's own provider, and any program with its name, over D-Bus.
//!
//! Reports the accounts with sign-in and presence, and whether the provider runs. Signals report
//! changes. A liveness check, twice a minute, shows whether a quiet provider hangs.
//!
//! The source never starts a provider. It requests the owner of the name from the bus, and sends
//! calls to the owner's unique name, which D-Bus cannot activate.
//!
//! `instance.rs` has the state of one instance and `protocol.rs` the owner of the name; both are
//! pure. The cases in `conformance/provider` test the source.

#[cfg(target_os = "linux")]
mod account;
#[cfg(target_os = "linux")]
mod instance;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod protocol;
#[cfg(target_os = "linux")]
mod source;

use crate::descriptor::{Platform, SourceDescriptor};
use crate::keepalive::{CHECK_OPTION, TIMEOUT_OPTION};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "provider",
    about: "communicado's own provider (`communicado provide`), over D-Bus",
    capabilities: &["life", "sign-in", "presence", "accounts"],
    limitations: &["a provider that was started without a bus, or for another bus, is not visible"],
    platform: Platform::Linux,
    is_automatic: true,
    clients: &[],
    options: &[CHECK_OPTION, TIMEOUT_OPTION],
    #[cfg(target_os = "linux")]
    make: Some(source::make),
    #[cfg(not(target_os = "linux"))]
    make: None,
};
