//! The program `communicado`: parses what was asked, does it, and says how it ended.
//!
//! Data goes to standard output and nothing else does; every other word goes to standard error.
//! Each command is one file in `commands/`; the definitions that parse the command line also make
//! its help, its completions and its man pages.

mod arguments;
mod commands;
mod failure;
mod nearest;
mod runtime;
mod settings;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser as _;
use failure::{Failure, Outcome};

fn main() -> ExitCode {
    let done = match commands::run::run_helper(std::env::args_os().nth(1)) {
        Some(done) => done,
        None => Arguments::try_parse_from(words()).map_or_else(|told| tell(&told), commands::run),
    };
    match done {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            failure.tell();
            failure.outcome.into()
        }
    }
}

/// The command line, without the word that COM adds to that of a class it starts (Microsoft,
/// "LocalServer32").
fn words() -> Vec<std::ffi::OsString> {
    let mut words: Vec<_> = std::env::args_os().collect();
    if cfg!(windows) && words.last().is_some_and(|word| word == "-Embedding") {
        words.pop();
    }
    words
}

/// Prints what clap has to say: help, the version, or what is wrong with the command line.
fn tell(told: &clap::Error) -> Result<Outcome, Failure> {
    let printed = told.print();
    if told.use_stderr() { Ok(Outcome::Usage) } else { commands::printed(printed) }
}
