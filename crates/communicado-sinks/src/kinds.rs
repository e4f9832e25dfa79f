//! The kinds of sinks that the agent runs.

use crate::agent::SinkDescriptor;
use crate::{dbus, hook, mqtt, notification, webhook};

/// All kinds of sinks of the agent.
pub const SINKS: &[&SinkDescriptor] = &[
    &mqtt::DESCRIPTOR,
    &webhook::DESCRIPTOR,
    &hook::DESCRIPTOR,
    &notification::DESCRIPTOR,
    &dbus::DESCRIPTOR,
];

/// The descriptor of a kind.
#[must_use]
pub fn sink_descriptor(kind: &str) -> Option<&'static SinkDescriptor> {
    SINKS.iter().copied().find(|descriptor| descriptor.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::SinkOptions;

    #[test]
    fn every_default_is_a_valid_value() {
        for descriptor in SINKS {
            for option in descriptor.options {
                let Some(value) = SinkOptions::default().value(option) else { continue };
                let set = SinkOptions::default().set(option, value);
                assert_eq!(set, Ok(()), "{} {}", descriptor.kind, option.name);
            }
        }
    }
}
