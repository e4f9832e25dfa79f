//! `agent pause` and `agent resume`: for a while nothing is told, and the device is forgotten.

use std::time::Duration;

use clap::Args;

use super::policy::Pause;
use super::state_dir::StateDir;
use super::times::{format_time, to_local};
use crate::arguments::parse_duration;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::runtime::now;

/// Publish nothing for a while, and have the gateway forget this device for as long.
///
/// A pause holds over restarts. The gateway then says what your other devices tell, or `absent`.
#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    /// How long; without it, until `agent resume`.
    #[arg(value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
}

impl PauseArgs {
    pub(super) fn run(self, state_dir: &StateDir) -> Result<Outcome, Failure> {
        state_dir.require_consent()?;
        let until = self.duration.map(|duration| now().after(duration));
        state_dir.write_pause(Pause { until })?;
        let until = until
            .map_or_else(|| "you resume".to_owned(), |until| format_time(until, &to_local(now())));
        tell(&format!("note: paused until {until}{}\n", not_running_hint(state_dir)?));
        Ok(Outcome::Yes)
    }
}

/// Ends the pause.
pub(super) fn end(state_dir: &StateDir) -> Result<Outcome, Failure> {
    state_dir.require_consent()?;
    let was_paused = state_dir.pause()?.is_some();
    state_dir.remove_pause()?;
    let what = if was_paused { "the pause has ended" } else { "there was no pause" };
    tell(&format!("note: {what}{}\n", not_running_hint(state_dir)?));
    Ok(Outcome::Yes)
}

fn not_running_hint(state_dir: &StateDir) -> Result<&'static str, Failure> {
    Ok(if state_dir.is_running()? { "" } else { "; no agent runs now" })
}
