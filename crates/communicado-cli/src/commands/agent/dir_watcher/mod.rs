//! Notices changes in the agent's folder, by which its commands reach it.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub(super) use linux::StateDirWatcher;
#[cfg(windows)]
pub(super) use windows::StateDirWatcher;

use std::path::Path;

use crate::failure::{Failure, Outcome};

fn cannot(dir: &Path, error: impl ToString) -> Failure {
    let what = format!("changes in `{}` cannot be noticed", dir.display());
    let help = "end programs that watch many files, or raise the system's limit for it";
    Failure::new(Outcome::Failed, what).cause(error).help(help)
}
