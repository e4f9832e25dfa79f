//! `agent pause` and `agent resume`.

use std::time::Duration;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, note};

use super::policy::Pause;
use super::state_dir::StateDir;
use super::times::format_time;
use crate::local_time::to_local;
use crate::parsers::parse_duration;
use crate::runtime::now;

/// Pause publishing, and delete this device from the gateway for that time.
///
/// A pause survives a restart. Meanwhile the gateway shows what your other devices report, or
/// `absent`.
#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    /// Resume after this time. Default: pause until `agent resume`.
    #[arg(value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
}

impl PauseArgs {
    pub(super) fn run(self, state_dir: &StateDir) -> Result<Outcome, Failure> {
        state_dir.require_any_consent()?;
        let until = self.duration.map(|duration| now().after(duration));
        state_dir.write_pause(Pause { until })?;
        let until = until
            .map_or_else(|| "you resume".to_owned(), |until| format_time(until, &to_local(now())));
        note(&format!("paused until {until}{}", not_running_hint(state_dir)?));
        Ok(Outcome::Yes)
    }
}

/// Ends a pause.
pub(super) fn end(state_dir: &StateDir) -> Result<Outcome, Failure> {
    state_dir.require_any_consent()?;
    let was_paused = state_dir.pause()?.is_some();
    state_dir.remove_pause()?;
    let text = if was_paused { "the pause is over" } else { "there was no pause" };
    note(&format!("{text}{}", not_running_hint(state_dir)?));
    Ok(Outcome::Yes)
}

fn not_running_hint(state_dir: &StateDir) -> Result<&'static str, Failure> {
    Ok(if state_dir.is_running()? { "" } else { "; the agent is not running" })
}
