//! The command line, the origin of help, completions and man pages.

use std::sync::LazyLock;

use clap::{CommandFactory as _, Parser, Subcommand};
use communicado_cli_support::{CompletionsArgs, Failure, ManArgs, Outcome, long_version, print};

use crate::commands::{backup, doctor, install, people, serve, tokens};
use crate::topics::{EXIT_STATUS, topics};

/// The text of `--version`.
static VERSION: LazyLock<String> = LazyLock::new(|| long_version(env!("CARGO_PKG_VERSION"), &[]));

/// Stream the sign-in status of desktop users to web pages and programs.
///
/// Desktops publish their users' status. Web pages and programs query it or subscribe to changes
/// over REST, Server-Sent Events or WebSocket.
#[derive(Debug, Parser)]
#[command(
    name = "communicado-gateway",
    version,
    long_version = VERSION.as_str(),
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = EXIT_STATUS
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<serve::Serve>),
    Tokens(tokens::TokensCommand),
    People(people::PeopleCommand),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Doctor(doctor::Doctor),
    Install(install::Install),
    Uninstall(install::Uninstall),
    /// Print the OpenAPI 3.1 description of the HTTP API.
    Openapi,
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Arguments {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Tokens(tokens) => tokens.run(),
            Command::People(people) => people.run(),
            Command::Backup(backup) => backup.run(),
            Command::Restore(restore) => restore.run(),
            Command::Doctor(doctor) => doctor.run(),
            Command::Install(install) => install.run(),
            Command::Uninstall(uninstall) => uninstall.run(),
            Command::Openapi => print(crate::api::OPENAPI).map(|()| Outcome::Yes),
            Command::Completions(completions) => {
                completions.run(Self::command()).map(|()| Outcome::Yes)
            }
            Command::Man(man) => man.run(Self::command(), &topics()).map(|()| Outcome::Yes),
        }
    }
}
