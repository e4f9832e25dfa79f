//! The parts of the program that a sink uses, and the sinks of a configuration.

use std::sync::Arc;

use communicado_runtime::{Clock, SystemClock};
use communicado_sinks::agent::SinkContext;

use crate::commands::run::CommandLauncher;
use crate::settings::Settings;
use crate::sink_settings::SinkSettings;

/// The name of a device whose host name is not known.
const UNNAMED: &str = "device";
/// The longest id of a device.
const ID_MAX: usize = 64;

/// The context of the sink `name`.
pub(crate) fn sink_context(
    name: &str,
    sink: &SinkSettings,
    settings: &Settings,
    clock: &Arc<SystemClock>,
) -> SinkContext {
    SinkContext {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        name: name.to_owned(),
        host: device_id(&host_name().unwrap_or_default()),
        lease: settings.agent.lease,
        has_condition: sink.when.is_some(),
        launcher: Arc::new(CommandLauncher),
    }
}

#[cfg(target_os = "linux")]
fn host_name() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname").ok()
}

#[cfg(windows)]
fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// A host name as the id of a device: its first label, in lower case.
fn device_id(host: &str) -> String {
    let label = host.trim().split('.').next().unwrap_or_default().to_lowercase();
    let valid = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let id: String = label.chars().map(valid).take(ID_MAX).collect();
    let id = id.trim_start_matches(['-', '_']);
    if id.is_empty() { UNNAMED.to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_becomes_a_valid_id() {
        for (host, id) in [
            ("Laptop\n", "laptop"),
            ("ada.example.org", "ada"),
            ("-x", "x"),
            ("büro pc", "b-ro-pc"),
            ("", "device"),
            ("...", "device"),
        ] {
            assert_eq!(device_id(host), id, "{host}");
        }
    }
}
