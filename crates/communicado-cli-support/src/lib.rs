//! Shared parts of the command-line programs: how a command fails, how it ends, how it prints, and
//! the commands `completions`, `help` and `man`, the findings of `doctor`, units of systemd, and the
//! base directories.
//!
//! Data goes to standard output. Errors and notes go to standard error.
//!
//! Read next: [`Failure`], then [`print()`].

mod completions;
pub mod dirs;
mod failure;
mod findings;
mod installation;
mod man;
mod message;
mod output;
#[cfg(target_os = "linux")]
pub mod systemd;
mod topics;
mod version;

pub use completions::CompletionsArgs;
pub use failure::{Failure, Outcome};
pub use findings::{Findings, finding};
pub use installation::check_installation;
pub use man::ManArgs;
pub use message::{note, print_message};
pub use output::{check_written, print, print_usage};
pub use topics::{HelpArgs, HelpTopic, Pages};
pub use version::long_version;
