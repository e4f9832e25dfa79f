//! The command `man`.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use crate::{Failure, Outcome, print};

/// Print the man page, or write a page for every command.
///
/// Pipe it to `man -l -` to read it.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for every command to this folder.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl ManArgs {
    /// Prints the man page of `program`, or writes the pages of all its commands.
    ///
    /// # Errors
    ///
    /// If a page cannot be written.
    pub fn run(self, program: Command) -> Result<(), Failure> {
        let Some(dir) = self.dir else {
            let mut text = Vec::new();
            let rendered = Man::new(program).render(&mut text);
            rendered.map_err(|error| {
                Failure::new(Outcome::Failed, "cannot render the man page").cause(error)
            })?;
            return print(&String::from_utf8_lossy(&text));
        };
        let cannot_write = |error: io::Error| {
            let message = format!("cannot write man pages to `{}`", dir.display());
            let help = "name a folder that you may write to";
            Failure::new(Outcome::Failed, message).cause(error).help(help)
        };
        std::fs::create_dir_all(&dir).map_err(cannot_write)?;
        clap_mangen::generate_to(program, &dir).map_err(cannot_write)
    }
}
