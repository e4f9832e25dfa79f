//! `completions`: for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::commands::print;
use crate::failure::{Failure, Outcome};

/// Print the completions for a shell.
///
/// For bash: communicado completions bash > ~/.local/share/bash-completion/completions/communicado
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "communicado", &mut text);
        print(&String::from_utf8_lossy(&text))?;
        Ok(Outcome::Yes)
    }
}
