//! `sinks`: the kinds of sinks, and the sinks of the configuration.

use std::fmt::Write as _;

use communicado_cli_support::{Failure, Outcome, print};
use communicado_sinks::SINKS;

use crate::commands::agent::sink_line;
use crate::settings::Settings;

/// Lists every kind of sink with its capabilities, limitations and configured sinks.
pub(crate) fn run(settings: &Settings) -> Result<Outcome, Failure> {
    let mut text = String::new();
    for descriptor in SINKS {
        let _ = writeln!(text, "{}: {}", descriptor.kind, descriptor.about);
        let _ = writeln!(text, "  delivers: {}", descriptor.capabilities.join(", "));
        let consent = if descriptor.leaves_machine {
            "yes, run: communicado agent allow NAME"
        } else {
            "no, its data stays on this computer"
        };
        let _ = writeln!(text, "  needs consent: {consent}");
        for option in descriptor.options {
            let required = if option.default.is_none() { " (required)" } else { "" };
            let _ = writeln!(text, "  option {}{required}: {}", option.name, option.help);
        }
        for limitation in descriptor.limitations {
            let _ = writeln!(text, "  limitation: {limitation}");
        }
        let configured =
            settings.sinks.iter().filter(|(_, sink)| sink.descriptor.kind == descriptor.kind);
        let mut is_configured = false;
        for (name, sink) in configured {
            is_configured = true;
            let state = if sink.enabled {
                sink_line(name, settings)?
            } else {
                format!("disabled by `sinks.{name}.enabled`")
            };
            let _ = writeln!(text, "  configured: {name}, {state}");
        }
        if !is_configured {
            let _ = writeln!(text, "  configured: none");
        }
    }
    print(&text)?;
    Ok(Outcome::Yes)
}
