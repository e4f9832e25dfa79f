//! `is`: yes or no, by exit status alone.

use clap::Args;
use communicado::Condition;

use crate::arguments::condition;
use crate::failure::{Failure, Outcome};
use crate::live::{look, tell_unknown_clients};
use crate::settings::Settings;

/// Answer by exit status alone whether it is so: 0 yes, 1 no, 3 cannot tell.
///
/// It is so if it is so of any client; it is not so only if that can be told of every one.
#[derive(Debug, Args)]
pub(crate) struct Is {
    /// A status, an availability, or `running`.
    #[arg(value_name = "WORD", value_parser = condition())]
    condition: Condition,
}

impl Is {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let condition = self.condition.of(settings.clients.clone());
        let snapshot = look(settings.builder()?)?;
        tell_unknown_clients(settings, &snapshot);
        Ok(match condition.evaluate(&snapshot) {
            Some(true) => Outcome::Yes,
            Some(false) => Outcome::No,
            None => Outcome::CannotTell,
        })
    }
}
