//! The program of a source: its command, its environment, and its end.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::find_program::find_program;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub(super) use self::linux::RunningProgram;
#[cfg(windows)]
pub(super) use self::windows::RunningProgram;

/// The bytes of one read.
const READ_MAX: usize = 16 * 1024;

/// The command of a program.
#[derive(Clone, Debug)]
pub(super) struct ProgramCommand {
    command: Vec<String>,
    /// The program that starts the program, on Linux.
    guard: Vec<OsString>,
}

/// An event of a running program.
pub(super) enum ProgramEvent {
    /// Bytes of standard output.
    Output(Vec<u8>),
    /// Bytes of standard error: none at its end.
    Message(Vec<u8>),
    /// The program has ended, or has closed its standard output.
    Ended,
}

impl ProgramCommand {
    pub(super) const fn new(command: Vec<String>, guard: Vec<OsString>) -> Self {
        Self { command, guard }
    }

    /// The program, as the configuration names it.
    pub(super) fn name(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// The file of the program, if it exists and is executable.
    pub(super) fn find(&self) -> Option<PathBuf> {
        find_program(OsStr::new(self.name()), std::env::var_os("PATH").as_deref())
    }

    /// The guard and the program, with their arguments.
    fn words(&self) -> impl Iterator<Item = &OsStr> {
        let guard = self.guard.iter().map(OsString::as_os_str);
        guard.chain(self.command.iter().map(OsStr::new))
    }
}

/// The variables of this process with these names.
fn environment(names: &[&'static str]) -> impl Iterator<Item = (&'static str, OsString)> {
    names.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))
}
