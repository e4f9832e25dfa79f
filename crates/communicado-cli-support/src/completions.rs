//! The command `completions`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{Failure, print};

/// Print a completion script for a shell.
///
/// For bash, write it to the folder ~/.local/share/bash-completion/completions. The name of the
/// file is the name of the program.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to generate the script for.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the completion script of `program`.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, mut program: Command) -> Result<(), Failure> {
        let name = program.get_name().to_owned();
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, name, &mut text);
        print(&String::from_utf8_lossy(&text))
    }
}
