//! The command line, from which help, completions and man pages are made.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::commands::{backup, completions, man, people, serve, tokens};

/// Takes what desktops publish of their users and tells web pages and programs, at once and as it
/// changes.
#[derive(Debug, Parser)]
#[command(
    name = "communicado-gateway",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "Exit status: 0 done, 2 usage, 5 failed."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the gateway keeps what it keeps.
#[derive(Clone, Debug, Args)]
pub(crate) struct Data {
    /// The folder of the store; `communicado-gateway` below the user's data if not given.
    #[arg(long = "data", global = true, value_name = "FOLDER", env = "COMMUNICADO_GATEWAY_DATA")]
    folder: Option<PathBuf>,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<serve::Serve>),
    Tokens(tokens::TokensCommand),
    People(people::PeopleCommand),
    Backup(backup::Backup),
    Restore(backup::Restore),
    /// Print the description of the interface, OpenAPI 3.1.
    Openapi,
    Completions(completions::Completions),
    Man(man::Man),
}

impl Data {
    /// The folder: as given, systemd's, or below the user's data.
    pub(crate) fn folder(&self) -> PathBuf {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = || variable("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let data = || {
            let data = variable("XDG_DATA_HOME").map(PathBuf::from);
            data.unwrap_or_else(|| home().join(".local/share")).join("communicado-gateway")
        };
        let given = self.folder.clone().or_else(|| variable("STATE_DIRECTORY").map(PathBuf::from));
        given.unwrap_or_else(data)
    }
}

/// A duration, as clap parses it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<jiff::SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "not a duration; give one such as `30s`, `8h` or `720h`".to_owned())
}
