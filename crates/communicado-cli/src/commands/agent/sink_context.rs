//! The parts of the program that a sink uses, and the sinks of a configuration.

use std::sync::Arc;

#[cfg(target_os = "linux")]
use communicado_runtime::SourceError;
use communicado_runtime::{Clock, SystemClock};
#[cfg(target_os = "linux")]
use communicado_sinks::agent::BusFuture;
use communicado_sinks::agent::SinkContext;
#[cfg(target_os = "linux")]
use communicado_sinks::publish::{PublishError, Retry};
#[cfg(target_os = "linux")]
use communicado_sources::session_bus;

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
        #[cfg(target_os = "linux")]
        connect_to_bus,
    }
}

#[cfg(target_os = "linux")]
fn connect_to_bus(clock: Arc<dyn Clock>) -> BusFuture {
    Box::pin(async move {
        let connected = async {
            let address = session_bus::own_address()?;
            session_bus::connect(&*clock, &address).await
        };
        connected.await.map_err(|SourceError { cause, help }| PublishError {
            cause: cause.to_string(),
            help: help.to_string(),
            retry: Retry::Soon,
        })
    })
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
