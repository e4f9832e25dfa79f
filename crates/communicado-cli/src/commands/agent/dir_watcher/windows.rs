//! The watcher on Windows, with change notifications of the file system.

use std::future::poll_fn;
use std::path::{Path, PathBuf};

use communicado_cli_support::Failure;
use communicado_windows::DirWatcher;

use super::cannot_watch;

/// A watched folder.
pub(in crate::commands::agent) struct StateDirWatcher {
    watcher: DirWatcher,
    path: PathBuf,
}

impl StateDirWatcher {
    /// Starts to watch a folder.
    pub(in crate::commands::agent) fn watch(path: &Path) -> Result<Self, Failure> {
        let watcher = DirWatcher::new(path).map_err(|error| cannot_watch(path, error))?;
        Ok(Self { watcher, path: path.to_owned() })
    }

    /// Waits until a file has changed since the last call.
    pub(in crate::commands::agent) async fn changed(&mut self) -> Result<(), Failure> {
        let changed = poll_fn(|cx| self.watcher.poll_changed(cx)).await;
        let rearmed = changed.and_then(|()| self.watcher.rearm());
        rearmed.map_err(|error| cannot_watch(&self.path, error))
    }
}
