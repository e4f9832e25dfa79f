//! `man`: the man pages.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man as Page;

use crate::failure::{Failure, Outcome};
use crate::output::print;

/// Print the man page, or write one for every command.
///
/// To read it: communicado-gateway man | man -l -
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for every command into this folder.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, program: Command) -> Result<Outcome, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::new(Outcome::Failed, "the man page cannot be written").cause(error)
        };
        if let Some(dir) = self.dir {
            std::fs::create_dir_all(&dir).map_err(cannot)?;
            clap_mangen::generate_to(program, dir).map_err(cannot)?;
            return Ok(Outcome::Yes);
        }
        let mut text = Vec::new();
        Page::new(program).render(&mut text).map_err(cannot)?;
        print(&String::from_utf8_lossy(&text))
    }
}
