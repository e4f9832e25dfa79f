//! `agent`: publishes to a gateway what the clients are, as far as the person allowed it.
//!
//! What was allowed and what is paused are files in one folder ([`state_dir`]); a running agent
//! watches them, and so its commands reach it, or the next one if none runs.
//!
//! Read next: [`serve`], then [`policy`].

mod allow;
mod check;
mod consent;
mod dir_watcher;
mod forbid;
mod hours;
mod manual;
mod pause;
mod policy;
mod serve;
mod service_manager;
mod show_status;
mod state;
mod state_dir;
mod status_reporter;
mod times;

use clap::{Args, Subcommand};

pub(crate) use self::check::check;
pub(crate) use self::hours::WorkingHours;
use self::state_dir::StateDir;
use crate::failure::{Failure, Outcome};
use crate::settings::Settings;

/// Publish to a gateway what your clients are, as far as you allowed it.
///
/// Alone, it publishes until it is stopped, and says goodbye then. Nothing is published before
/// `agent allow`: without it, exit status 1.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    command: Option<AgentCommand>,
    /// Stop also when standard input ends, for whoever starts the agent and may be killed.
    #[arg(long)]
    exit_on_stdin_eof: bool,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    Allow(allow::AllowArgs),
    /// Take the permission back, and have the gateway forget this device.
    Forbid,
    Pause(pause::PauseArgs),
    /// End the pause.
    Resume,
    Status(show_status::ShowStatusArgs),
    Set(manual::SetManualArgs),
    /// Take back what was set by hand at the gateway.
    Clear,
}

impl AgentArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let state_dir = StateDir::open()?;
        match self.command {
            None => serve::run(&state_dir, settings, self.exit_on_stdin_eof),
            Some(AgentCommand::Allow(allow)) => allow.run(&state_dir, settings),
            Some(AgentCommand::Forbid) => forbid::run(&state_dir),
            Some(AgentCommand::Pause(pause)) => pause.run(&state_dir),
            Some(AgentCommand::Resume) => pause::end(&state_dir),
            Some(AgentCommand::Status(status)) => status.run(&state_dir, settings),
            Some(AgentCommand::Set(set)) => set.run(&state_dir),
            Some(AgentCommand::Clear) => manual::clear(&state_dir),
        }
    }
}
