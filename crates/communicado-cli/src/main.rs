//! The program `communicado`: parses the command line, runs the command and returns its outcome.
//!
//! Data goes to standard output. Errors and notes go to standard error. Each command has one file
//! in `commands/`. The definitions of the command line also generate its help, its completions and
//! its man pages.
//!
//! **Invariant:** the modules form no cycle. [`arguments`] knows the commands, and [`dispatch`]
//! knows both.

mod arguments;
mod commands;
mod condition;
mod dispatch;
mod errors;
mod form;
mod guard;
mod known_values;
mod local_time;
mod options;
mod parsers;
mod runtime;
mod setting_tables;
mod setting_value;
mod settings;
mod sink_settings;
mod suggestion;
mod topics;
mod working_hours;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser as _;
use communicado_cli_support::print_usage;

fn main() -> ExitCode {
    let result = match commands::run::run_helper(std::env::args_os().nth(1)) {
        Some(result) => result,
        None => Arguments::try_parse_from(command_line())
            .map_or_else(|message| print_usage(&message), dispatch::run),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            failure.print();
            failure.outcome().into()
        }
    }
}

/// The command line, without the argument that COM adds when it starts a class (Microsoft,
/// "LocalServer32").
fn command_line() -> Vec<OsString> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if cfg!(windows) && arguments.last().is_some_and(|last| last == "-Embedding") {
        arguments.pop();
    }
    arguments
}
