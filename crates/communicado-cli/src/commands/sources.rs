//! `sources`: what can be read here.

use std::fmt::Write as _;

use communicado::{Options, SOURCES};
use communicado_runtime::{Check, Health, SystemClock};

use crate::commands::print;
use crate::failure::{Failure, Outcome};
use crate::live::on_runtime;
use crate::settings::{Settings, SourceSettings};

/// Lists every source with what it sees, what it finds here, and what is missing.
pub(crate) fn run(settings: &Settings) -> Result<Outcome, Failure> {
    let mut text = String::new();
    for card in SOURCES {
        let _ = writeln!(text, "{}: {}", card.name, card.about);
        let _ = writeln!(text, "  sees: {}", card.sees.join(", "));
        let _ = writeln!(text, "  clients: {}", card.clients.join(", "));
        let set = settings.sources.get(card.name).cloned().unwrap_or_default();
        if !card.runs_here() {
            let _ = writeln!(text, "  here: no, it works on {} only", card.platform.name());
        } else if set.enabled {
            for check in probe(card.name, &set)? {
                let _ = writeln!(text, "  here: {}: {}", check.what, check.found);
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

/// The sign for how a part of the chain stands.
pub(crate) const fn sign(health: Health) -> &'static str {
    match health {
        Health::Good => "ok",
        Health::Limited => "--",
        Health::Bad => "!!",
    }
}
