//! `agent`: publishes to a gateway what the clients are, as far as the person allowed it.
//!
//! What was allowed and what is paused are files in one folder ([`place`]); a running agent
//! watches them, and so its commands reach it, or the next one if none runs.
//!
//! Read next: [`serve`], then [`rule`].

mod allow;
mod board;
mod by_hand;
mod consent;
mod examine;
mod forbid;
mod hours;
mod notice;
mod pause;
mod place;
mod rule;
mod serve;
mod service;
mod standing;
mod status;
mod when;

use clap::{Args, Subcommand};

pub(crate) use self::examine::examine;
pub(crate) use self::hours::Hours;
use self::place::Place;
use crate::failure::{Failure, Outcome};
use crate::settings::Settings;

/// Publish to a gateway what your clients are, as far as you allowed it.
///
/// Alone, it publishes until it is stopped, and says goodbye then. Nothing is published before
/// `agent allow`: without it, exit status 1.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Agent {
    #[command(subcommand)]
    task: Option<Task>,
    /// Stop also when standard input ends, for whoever starts the agent and may be killed.
    #[arg(long)]
    exit_on_stdin_eof: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    Allow(allow::Allow),
    /// Take the permission back, and have the gateway forget this device.
    Forbid,
    Pause(pause::Begin),
    /// End the pause.
    Resume,
    Status(status::Show),
    Set(by_hand::Set),
    /// Take back what was set by hand at the gateway.
    Clear,
}

impl Agent {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let place = Place::usual()?;
        match self.task {
            None => serve::run(&place, settings, self.exit_on_stdin_eof),
            Some(Task::Allow(allow)) => allow.run(&place, settings),
            Some(Task::Forbid) => forbid::run(&place),
            Some(Task::Pause(pause)) => pause.run(&place),
            Some(Task::Resume) => pause::end(&place),
            Some(Task::Status(status)) => status.run(&place, settings),
            Some(Task::Set(set)) => set.run(&place),
            Some(Task::Clear) => by_hand::clear(&place),
        }
    }
}
