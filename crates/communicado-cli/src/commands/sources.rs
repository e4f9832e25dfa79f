//! `sources`: what can be read here.

use std::fmt::Write as _;

use communicado::{Options, SOURCES};
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
    for card in SOURCES {
        let _ = writeln!(text, "{}: {}", card.name, card.about);
        if !card.runs_here() {
            let _ = writeln!(text, "  here: no, it works on {} only", card.platform.name());
            continue;
        }
        let _ = writeln!(text, "  sees: {}", card.sees.join(", "));
        if !card.clients.is_empty() {
            let _ = writeln!(text, "  clients: {}", card.clients.join(", "));
        }
        let set = settings.sources.get(card.name).cloned().unwrap_or_default();
        if set.enabled {
            for check in probe(card.name, &set)? {
                let _ = writeln!(text, "  here: {}", finding(&check));
                if let Some(action) = check.action {
                    let _ = writeln!(text, "    help: {action}");
                }
            }
        } else {
            let _ =
                writeln!(text, "  here: no, it is switched off (sources.{}.enabled)", card.name);
        }
        for blind in card.blind {
            let _ = writeln!(text, "  blind: {blind}");
        }
    }
    print(&text)?;
    Ok(Outcome::Yes)
}

/// Has one source look once.
pub(crate) fn probe(name: &str, set: &SourceSettings) -> Result<Vec<Check>, Failure> {
    let Some(card) = communicado_sources::card(name) else { return Ok(Vec::new()) };
    let options: &Options = &set.options;
    let mut opened = card.open(options).map_err(communicado::Error::Option)?;
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
