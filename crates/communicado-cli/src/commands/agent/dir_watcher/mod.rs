//! A watcher of the agent's state directory.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub(super) use linux::StateDirWatcher;
#[cfg(windows)]
pub(super) use windows::StateDirWatcher;

use std::path::Path;

use communicado_cli_support::{Failure, Outcome};

fn cannot_watch(dir: &Path, error: impl ToString) -> Failure {
    let message = format!("cannot watch the folder `{}`", dir.display());
    let help = "close programs that watch many files, or raise the system's limit of watches";
    Failure::new(Outcome::Failed, message).cause(error).help(help)
}
