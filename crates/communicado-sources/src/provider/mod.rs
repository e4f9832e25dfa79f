//! Communicado's own provider, and whatever else bears its name on D-Bus.
//!
//! Sees the account with its sign-in and its presence, and the provider's life. Told by signal; a
//! provider that says nothing is asked twice a minute whether it is there, which is the only way
//! to notice that it hangs.
//!
//! Nothing is ever started by asking: the bus is asked who has the name, and questions go to the
//! unique name of its owner, which cannot be activated.
//!
//! `run.rs` knows one run of the provider and `watcher.rs` who has the name; both are pure. Proven
//! in `conformance/provider`.

#[cfg(target_os = "linux")]
mod account;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod shell;
#[cfg(target_os = "linux")]
mod watcher;

use communicado_runtime::Source;

use crate::descriptor::{
    OptionError, OptionKind, OptionSpec, Platform, SourceDescriptor, ValidatedOptions,
};

/// The card of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "provider",
    about: "communicado's own provider (`communicado provide`), over D-Bus",
    capabilities: &["life", "sign-in", "presence", "accounts"],
    limitations: &["a provider that was started without a bus, or for another one, is not seen"],
    platform: Platform::Linux,
    clients: &[],
    options: &[
        OptionSpec {
            name: "check",
            kind: OptionKind::Span,
            default: "30s",
            help: "how long the provider may say nothing before it is asked whether it is there",
        },
        OptionSpec {
            name: "timeout",
            kind: OptionKind::Span,
            default: "5s",
            help: "how long the provider may take to answer before it is `not-responding`",
        },
    ],
    make,
};

#[cfg(target_os = "linux")]
fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let (check, timeout) = (options.span("check")?, options.span("timeout")?);
    Ok(Box::new(shell::Provider::new(crate::bus::Pace { check, timeout })))
}

#[cfg(not(target_os = "linux"))]
fn make(_options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    Err(OptionError::WrongPlatform { source: "provider", platform: Platform::Linux })
}
