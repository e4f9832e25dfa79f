//! The program `communicado`: parses what was asked, does it, and says how it ended.
//!
//! Data goes to standard output and nothing else does; every other word goes to standard error.
//! Each command is one file in `commands/`; the definitions that parse the command line also make
//! its help, its completions and its man pages.

mod arguments;
mod commands;
mod failure;
mod live;
mod nearest;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match commands::run(arguments) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            failure.tell();
            failure.outcome.into()
        }
    }
}
