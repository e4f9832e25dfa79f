//! `is`: a test of a condition, with the result as exit status.

use clap::Args;
use communicado::Condition;
use communicado_cli_support::{Failure, Outcome};

use crate::parsers::condition;
use crate::runtime::{read_snapshot, warn_unknown_clients};
use crate::settings::Settings;

/// Test a condition. Exit status: 0 true, 1 false, 3 unknown.
///
/// The condition is true if any client matches. It is false only if every client is known not to
/// match.
#[derive(Debug, Args)]
pub(crate) struct IsArgs {
    /// A status, an availability, or `running`.
    #[arg(value_name = "CONDITION", value_parser = condition())]
    condition: Condition,
}

impl IsArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let condition = self.condition.of(settings.clients.clone());
        let snapshot = read_snapshot(settings.builder()?)?;
        warn_unknown_clients(settings, &snapshot);
        Ok(match condition.evaluate(&snapshot) {
            Some(true) => Outcome::Yes,
            Some(false) => Outcome::No,
            None => Outcome::CannotTell,
        })
    }
}
