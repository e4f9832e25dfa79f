//! By inotify(7).

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use communicado_runtime::async_fd;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::cannot;
use crate::failure::Failure;

/// Room for some events with their names; which they are does not matter.
const ROOM: usize = 4096;

/// A folder that is watched.
pub(in crate::commands::agent) struct StateDirWatcher {
    events: AsyncFd<OwnedFd>,
    path: PathBuf,
}

impl StateDirWatcher {
    /// Begins to watch.
    pub(in crate::commands::agent) fn watch(path: &Path) -> Result<Self, Failure> {
        let failed = |error: Errno| cannot(path, error);
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(failed)?;
        // A file is put in its place whole; before, nobody is interested in it.
        let flags = WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM | WatchFlags::DELETE;
        let flags = flags | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
        inotify::add_watch(&events, path, flags).map_err(failed)?;
        let events = async_fd(events, Interest::READABLE).map_err(|error| cannot(path, error))?;
        Ok(Self { events, path: path.to_owned() })
    }

    /// Waits until something has changed since the last time.
    pub(in crate::commands::agent) async fn changed(&mut self) -> Result<(), Failure> {
        loop {
            let ready = self.events.readable().await;
            let mut ready = ready.map_err(|error| cannot(&self.path, error))?;
            let mut has_changed = false;
            let mut room = [MaybeUninit::uninit(); ROOM];
            loop {
                match rustix::io::read(self.events.get_ref(), &mut room) {
                    Ok(_) => has_changed = true,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(error) => return Err(cannot(&self.path, error)),
                }
            }
            ready.clear_ready();
            if has_changed {
                return Ok(());
            }
        }
    }
}
