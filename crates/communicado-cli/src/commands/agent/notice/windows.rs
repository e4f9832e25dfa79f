//! By the notices of the file system.

use std::future::poll_fn;
use std::path::{Path, PathBuf};

use communicado_windows::DirWatcher;

use super::cannot;
use crate::failure::Failure;

/// A folder that is watched.
pub(in crate::commands::agent) struct Folder {
    notice: DirWatcher,
    path: PathBuf,
}

impl Folder {
    /// Begins to watch.
    pub(in crate::commands::agent) fn watch(path: &Path) -> Result<Self, Failure> {
        let notice = DirWatcher::new(path).map_err(|error| cannot(path, error))?;
        Ok(Self { notice, path: path.to_owned() })
    }

    /// Waits until something has changed since the last time.
    pub(in crate::commands::agent) async fn changed(&mut self) -> Result<(), Failure> {
        let come = poll_fn(|cx| self.notice.poll_changed(cx)).await;
        let armed = come.and_then(|()| self.notice.rearm());
        armed.map_err(|error| cannot(&self.path, error))
    }
}
