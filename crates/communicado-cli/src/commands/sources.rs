//! `sources`: what can be read here.

use std::fmt::Write as _;

use communicado::{SOURCES, SourceOptions};
use communicado_runtime::{Check, Health, SystemClock};
use communicado_sinks::printable;

use crate::commands::print;
use crate::failure::{Failure, Outcome};
use crate::live::on_runtime;
use crate::settings::{Settings, SourceSettings};

/// The longest name of a part of the chain that is shown; it may hold that of an account.
const WHAT_MAX: usize = 80;
/// The longest finding that is shown; it may hold the address of a bus.
const FOUND_MAX: usize = 500;

/// Lists every source with what it sees, what it finds here, and what is missing.
pub(crate) fn run(settings: &Settings) -> Result<Outcome, Failure> {
    let mut text = String::new();
    for descriptor in SOURCES {
        let _ = writeln!(text, "{}: {}", descriptor.name, descriptor.about);
        if !descriptor.runs_here() {
            let _ = writeln!(text, "  here: no, it works on {} only", descriptor.platform.name());
            continue;
        }
        let _ = writeln!(text, "  sees: {}", descriptor.capabilities.join(", "));
        if !descriptor.clients.is_empty() {
            let _ = writeln!(text, "  clients: {}", descriptor.clients.join(", "));
        }
        let set = settings.sources.get(descriptor.name).cloned().unwrap_or_default();
        if set.enabled {
            for check in probe(descriptor.name, &set)? {
                let _ = writeln!(text, "  here: {}", finding(&check));
                if let Some(action) = check.action {
                    let _ = writeln!(text, "    help: {action}");
                }
            }
        } else {
            let _ = writeln!(
                text,
                "  here: no, it is switched off (sources.{}.enabled)",
                descriptor.name
            );
        }
        for limitations in descriptor.limitations {
            let _ = writeln!(text, "  blind: {limitations}");
        }
    }
    print(&text)?;
    Ok(Outcome::Yes)
}

/// Has one source look once.
pub(crate) fn probe(name: &str, set: &SourceSettings) -> Result<Vec<Check>, Failure> {
    let Some(descriptor) = communicado_sources::descriptor(name) else { return Ok(Vec::new()) };
    let options: &SourceOptions = &set.options;
    let mut opened = descriptor.open(options).map_err(communicado::Error::Option)?;
    on_runtime(async {
        let clock = SystemClock::start();
        Ok(opened.source.probe(&clock).await)
    })
}

/// What was found of one part of the chain. It may hold foreign names.
pub(crate) fn finding(check: &Check) -> String {
    let what = printable(&check.what, WHAT_MAX);
    format!("{what}: {}", printable(&check.found, FOUND_MAX))
}

/// The sign for how a part of the chain stands.
pub(crate) const fn sign(health: Health) -> &'static str {
    match health {
        Health::Good => "ok",
        Health::Limited => "--",
        Health::Bad => "!!",
    }
}
