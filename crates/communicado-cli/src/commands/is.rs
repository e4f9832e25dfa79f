//! `is`: a test of a condition, with the result as exit status.

use clap::Args;
use communicado_cli_support::{Failure, Outcome};

use crate::condition::{AccountChoice, ConditionWords};
use crate::runtime::{read_snapshot, warn_unknown_clients};
use crate::settings::Settings;

/// Test a condition. Exit status: 0 true, 1 false, 3 unknown.
///
/// The condition is true if any client matches. It is false only if every client is known not to
/// match. `not` swaps true and false; unknown stays unknown.
#[derive(Debug, Args)]
pub(crate) struct IsArgs {
    /// `running`, a status, an availability or an activity; several with commas. `not` before
    /// them tests for the opposite.
    #[arg(value_name = "CONDITION", required = true, num_args = 1..=2, value_parser = ConditionWords)]
    condition: Vec<String>,
    #[command(flatten)]
    accounts: AccountChoice,
}

impl IsArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let condition = self.accounts.condition(&self.condition, settings)?;
        let snapshot = read_snapshot(settings.builder()?)?;
        warn_unknown_clients(settings, &snapshot);
        self.accounts.warn_unknown(settings, &snapshot);
        Ok(match condition.evaluate(&snapshot) {
            Some(true) => Outcome::Yes,
            Some(false) => Outcome::No,
            None => Outcome::CannotTell,
        })
    }
}
