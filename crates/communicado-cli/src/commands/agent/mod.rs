//! `agent`: reports the status of the clients to a gateway and to the sinks of the configuration.
//!
//! Data leaves the machine only with the consent of the user.
//! The consent and the pause are files in one folder ([`state_dir`]). The commands of `agent`
//! write these files, and a running agent watches them.
//!
//! Read next: [`serve`], then [`policy`].

mod allow;
mod check;
mod consent;
mod dir_watcher;
mod forbid;
#[cfg(target_os = "linux")]
mod install;
mod manual;
mod pause;
mod policy;
mod recheck;
mod serve;
mod service_manager;
mod show_status;
mod sink_consent;
mod sink_context;
mod sink_reporter;
mod sink_status;
mod sinks;
mod state;
mod state_dir;
mod status_reporter;
mod time_watcher;
mod times;
mod try_sink;

use clap::{Args, Subcommand};
use communicado_cli_support::{Failure, Outcome};

pub(crate) use self::check::{check, check_sinks};
pub(crate) use self::show_status::sink_line;
use self::state_dir::StateDir;
use crate::settings::Settings;

/// Report your status to a gateway and to the sinks of the configuration.
///
/// Without a command, reports until stopped, then says goodbye to each listener. Nothing leaves this
/// computer before you run `communicado agent allow`. Without consent and without a sink, the exit
/// status is 1.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    command: Option<AgentCommand>,
    /// Exit when standard input closes (for supervisors).
    #[arg(long)]
    exit_on_stdin_eof: bool,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    Allow(allow::AllowArgs),
    Forbid(forbid::ForbidArgs),
    Pause(pause::PauseArgs),
    /// End a pause.
    Resume,
    Status(show_status::ShowStatusArgs),
    Try(try_sink::TrySinkArgs),
    Set(manual::SetManualArgs),
    /// Clear your manual status at the gateway.
    Clear,
    /// Start the agent when you sign in.
    ///
    /// Writes a unit for your systemd and starts it. Without systemd, writes an autostart entry,
    /// which your desktop starts at the next sign-in. Needs your consent or a sink. The started
    /// agent reads your configuration file, without `--config` and `--set`.
    #[cfg(target_os = "linux")]
    Install,
    /// Stop the agent, and no longer start it when you sign in.
    #[cfg(target_os = "linux")]
    Uninstall,
}

impl AgentArgs {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let state_dir = StateDir::open()?;
        match self.command {
            None => serve::run(&state_dir, settings, self.exit_on_stdin_eof),
            Some(AgentCommand::Allow(allow)) => allow.run(&state_dir, settings),
            Some(AgentCommand::Forbid(forbid)) => forbid.run(&state_dir),
            Some(AgentCommand::Pause(pause)) => pause.run(&state_dir),
            Some(AgentCommand::Resume) => pause::end(&state_dir),
            Some(AgentCommand::Status(status)) => status.run(&state_dir, settings),
            Some(AgentCommand::Try(it)) => it.run(&state_dir, settings),
            Some(AgentCommand::Set(set)) => set.run(&state_dir),
            Some(AgentCommand::Clear) => manual::clear(&state_dir),
            #[cfg(target_os = "linux")]
            Some(AgentCommand::Install) => install::install(&state_dir, settings),
            #[cfg(target_os = "linux")]
            Some(AgentCommand::Uninstall) => install::uninstall(),
        }
    }
}
