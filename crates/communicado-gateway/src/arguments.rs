//! The command line, from which help, completions and man pages are made.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{backup, completions, man, people, serve, tokens};
use crate::failure::{Failure, Outcome};
use crate::output::print;

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

/// A command.
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

impl Arguments {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Tokens(tokens) => tokens.run(),
            Command::People(people) => people.run(),
            Command::Backup(backup) => backup.run(),
            Command::Restore(restore) => restore.run(),
            Command::Openapi => print(crate::api::OPENAPI),
            Command::Completions(completions) => completions.run(Self::command()),
            Command::Man(man) => man.run(Self::command()),
        }
    }
}
