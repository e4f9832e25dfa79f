//! `dbus`: an object for each client on the session bus, for bars and scripts of the desktop.
//!
//! `values` has the properties and `objects` serves them. `sink` owns the name on the bus while the
//! agent reports. Readers see the end of the agent, because the bus removes the name.

#[cfg(target_os = "linux")]
mod objects;
#[cfg(target_os = "linux")]
mod sink;
#[cfg(target_os = "linux")]
mod values;

use crate::agent::{OpenSink, SinkDescriptor};

/// The name on the bus.
const NAME: &str = "org.communicado.Monitor1";

#[cfg(target_os = "linux")]
const OPEN: OpenSink = |context, _| Ok(Box::new(sink::DbusSink::new(context)));
#[cfg(not(target_os = "linux"))]
const OPEN: OpenSink = |_, _| Err(crate::agent::not_on_this_system("D-Bus"));

/// The kind `dbus`.
pub(crate) const DESCRIPTOR: SinkDescriptor = SinkDescriptor {
    kind: "dbus",
    about: "Objects on the session bus of Linux",
    capabilities: &[
        "an object for each client with its properties",
        "one signal for each change",
        "the end of the name when the agent stops, pauses or crashes",
    ],
    limitations: &[
        "It works on Linux only.",
        "It has no methods: Communicado does not act on clients.",
        "Every program of the session can read the properties.",
    ],
    leaves_machine: false,
    options: &[],
    destination: |_, _| NAME.to_owned(),
    open: OPEN,
};
