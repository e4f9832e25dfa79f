//! `sources`: the sources, and what each finds on this computer.

use std::fmt::Write as _;

use communicado::SOURCES;
use communicado_cli_support::{Failure, Outcome, finding, print};
use communicado_runtime::{Check, SystemClock};

use crate::errors::sdk_failure;
use crate::runtime::block_on;
use crate::settings::{Settings, SourceSettings};

/// Lists every source with its capabilities, limitations and findings.
pub(crate) fn run(settings: &Settings) -> Result<Outcome, Failure> {
    let mut text = String::new();
    for descriptor in SOURCES {
        let _ = writeln!(text, "{}: {}", descriptor.name, descriptor.about);
        if !descriptor.runs_here() {
            let _ = writeln!(text, "  here: no, this source needs {}", descriptor.platform.name());
            continue;
        }
        let _ = writeln!(text, "  observes: {}", descriptor.capabilities.join(", "));
        if !descriptor.clients.is_empty() {
            let _ = writeln!(text, "  clients: {}", descriptor.clients.join(", "));
        }
        let mut instances = settings.instances();
        instances.retain(|(_, set)| set.descriptor.name == descriptor.name);
        if instances.is_empty() {
            let _ = writeln!(text, "  here: no, the configuration has no source of this kind");
        }
        for (name, set) in instances {
            write_instance(&mut text, name, &set)?;
        }
        for limitation in descriptor.limitations {
            let _ = writeln!(text, "  limitation: {limitation}");
        }
    }
    print(&text)?;
    Ok(Outcome::Yes)
}

fn write_instance(text: &mut String, name: &str, set: &SourceSettings) -> Result<(), Failure> {
    if !set.enabled {
        let _ = writeln!(text, "  here: no, disabled by `sources.{name}.enabled`");
        return Ok(());
    }
    for check in probe(name, set)? {
        let _ = writeln!(text, "  here: {}", finding(&check));
        if let Some(action) = check.action {
            let _ = writeln!(text, "    help: {action}");
        }
    }
    Ok(())
}

/// Runs the checks of one source.
pub(crate) fn probe(name: &str, set: &SourceSettings) -> Result<Vec<Check>, Failure> {
    let opened = set.descriptor.open(name, &set.options);
    let mut opened = opened.map_err(communicado::Error::Option).map_err(sdk_failure)?;
    block_on(async {
        let clock = SystemClock::start();
        Ok(opened.source.probe(&clock).await)
    })
}
