//! `sources`: the sources, and what each finds on this computer.

use std::fmt::Write as _;

use communicado::SOURCES;
use communicado_cli_support::{Failure, Outcome, print};
use communicado_runtime::{Check, CheckHealth, SystemClock};
use communicado_sinks::printable;

use crate::errors::sdk_failure;
use crate::runtime::block_on;
use crate::settings::{Settings, SourceSettings};

/// The maximum length of a subject, which may contain an account name.
const WHAT_MAX: usize = 80;
/// The maximum length of a finding, which may contain the address of a bus.
const FOUND_MAX: usize = 500;

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

/// The subject and finding of a check, with control characters removed.
pub(crate) fn finding(check: &Check) -> String {
    let what = printable(&check.what, WHAT_MAX);
    format!("{what}: {}", printable(&check.found, FOUND_MAX))
}

/// The two-character sign for the health of a subject.
pub(crate) const fn sign(health: CheckHealth) -> &'static str {
    match health {
        CheckHealth::Good => "ok",
        CheckHealth::Limited => "--",
        CheckHealth::Bad => "!!",
    }
}
