//! `completions`: for a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::{Failure, Outcome};
use crate::output::print;

/// Print the completions for a shell.
///
/// For bash: communicado-gateway completions bash > FILE
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, mut program: Command) -> Result<Outcome, Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, "communicado-gateway", &mut text);
        print(&String::from_utf8_lossy(&text))
    }
}
