//! The command `man`.

use std::io;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{Arg, Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::{Failure, HelpTopic, Outcome, print};

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
    pub fn run(self, mut program: Command, topics: &[HelpTopic]) -> Result<(), Failure> {
        program.build();
        let Some(dir) = self.dir else {
            let (_, text) = page(&program, topics).map_err(|error| {
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
        let mut commands = vec![&program];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().filter(|inner| !inner.is_hide_set()));
            let (name, text) = page(command, topics).map_err(cannot_write)?;
            std::fs::write(dir.join(name), text).map_err(cannot_write)?;
        }
        Ok(())
    }
}

/// The name of the file and the text of the page of a command.
fn page(command: &Command, topics: &[HelpTopic]) -> io::Result<(String, Vec<u8>)> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    // A section has the exit statuses of this line.
    let mut command = command.clone().after_help(Resettable::Reset);
    // The other form of a synopsis has no `--` before a command line.
    if command.get_positionals().any(Arg::is_last_set) {
        let usage = command.render_usage().to_string();
        command = command.override_usage(usage.trim_start_matches("Usage: ").to_owned());
    }
    let man = Man::new(command);
    let mut text = Vec::new();
    man.render(&mut text)?;
    let mut sections = Roff::new();
    for topic in topics {
        let entries = topic.on_page(&name);
        if !entries.is_empty() {
            sections.control("SH", [topic.name.replace('-', " ").to_uppercase().as_str()]);
        }
        for (name, meaning) in entries {
            sections.control("TP", []);
            sections.text([bold(name.as_str())]);
            sections.text([roman(meaning.as_str())]);
        }
    }
    text.extend_from_slice(sections.to_roff().as_bytes());
    Ok((man.get_filename(), text))
}
