//! The watcher on Linux, with inotify(7).

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use communicado_cli_support::Failure;
use communicado_runtime::async_fd;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::cannot_watch;

/// The size of the buffer for events, whose content is ignored.
const BUFFER_SIZE: usize = 4096;

/// A watched folder.
pub(in crate::commands::agent) struct StateDirWatcher {
    events: AsyncFd<OwnedFd>,
    path: PathBuf,
}

impl StateDirWatcher {
    /// Starts to watch a folder.
    pub(in crate::commands::agent) fn watch(path: &Path) -> Result<Self, Failure> {
        let failed = |error: Errno| cannot_watch(path, error);
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(failed)?;
        // Files are replaced by a rename. Events of the temporary file are not needed.
        let flags = WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM | WatchFlags::DELETE;
        let flags = flags | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
        inotify::add_watch(&events, path, flags).map_err(failed)?;
        let events =
            async_fd(events, Interest::READABLE).map_err(|error| cannot_watch(path, error))?;
        Ok(Self { events, path: path.to_owned() })
    }

    /// Waits until a file has changed since the last call.
    pub(in crate::commands::agent) async fn changed(&mut self) -> Result<(), Failure> {
        loop {
            let ready = self.events.readable().await;
            let mut ready = ready.map_err(|error| cannot_watch(&self.path, error))?;
            let mut has_changed = false;
            let mut buffer = [MaybeUninit::uninit(); BUFFER_SIZE];
            loop {
                match rustix::io::read(self.events.get_ref(), &mut buffer) {
                    Ok(_) => has_changed = true,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(error) => return Err(cannot_watch(&self.path, error)),
                }
            }
            ready.clear_ready();
            if has_changed {
                return Ok(());
            }
        }
    }
}
