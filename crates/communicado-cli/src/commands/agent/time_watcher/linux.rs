//! The watcher on Linux, with inotify(7) and a timer that the kernel cancels when the clock is set
//! (timerfd_create(2)).

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;

use communicado_cli_support::Failure;
use communicado_runtime::async_fd;
use futures_util::future::select;
use jiff::tz::TimeZone;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::cannot_watch;

/// The link to the file of the time zone, or the file (localtime(5)).
const LOCAL_TIME: &str = "/etc/localtime";
/// The maximum number of links to the file of the time zone.
const LINKS_MAX: usize = 8;
/// The size of the buffer for events.
const BUFFER_SIZE: usize = 4096;

/// A watcher of the time zone and the clock.
pub(in crate::commands::agent) struct TimeWatcher {
    zone: AsyncFd<OwnedFd>,
    clock: AsyncFd<OwnedFd>,
    links: Vec<PathBuf>,
}

impl TimeWatcher {
    /// Starts to watch the clock.
    pub(in crate::commands::agent) fn start() -> Result<Self, Failure> {
        let zone =
            inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(cannot_watch)?;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let clock = timerfd_create(TimerfdClockId::Realtime, flags).map_err(cannot_watch)?;
        let never = Timespec { tv_sec: i64::MAX, tv_nsec: 0 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: never };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        timerfd_settime(&clock, flags, &once).map_err(cannot_watch)?;
        Ok(Self {
            zone: async_fd(zone, Interest::READABLE).map_err(cannot_watch)?,
            clock: async_fd(clock, Interest::READABLE).map_err(cannot_watch)?,
            links: Vec::new(),
        })
    }

    /// Watches the current files of the time zone. Call this before each reading of the zone.
    pub(in crate::commands::agent) fn refresh(&mut self) {
        self.links = zone_path().map(links).unwrap_or_default();
        let flags = WatchFlags::CREATE | WatchFlags::CLOSE_WRITE | WatchFlags::DELETE;
        let flags = flags | WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM | WatchFlags::ONLYDIR;
        for folder in self.links.iter().filter_map(|link| link.parent()) {
            // A folder that cannot be watched leaves the agent's own checks.
            let _ = inotify::add_watch(self.zone.get_ref(), folder, flags);
        }
    }

    /// Waits until the time zone may have changed, or the clock was set.
    pub(in crate::commands::agent) async fn changed(&mut self) -> Result<(), Failure> {
        let Self { zone, clock, links } = self;
        let clock_set = wait(clock, |fd| {
            let mut ticks = [MaybeUninit::uninit(); size_of::<u64>()];
            match rustix::io::read(fd, &mut ticks) {
                Ok(_) | Err(Errno::CANCELED) => Ok(true),
                Err(error) => Err(error),
            }
        });
        let zone_changed = wait(zone, |fd| {
            let mut buffer = [MaybeUninit::uninit(); BUFFER_SIZE];
            let mut events = inotify::Reader::new(fd, &mut buffer);
            let mut has_changed = false;
            loop {
                let event = events.next()?;
                // An event without a name is about a lost watch or lost events.
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                has_changed |= name.is_none_or(|name| {
                    links.iter().any(|link| link.file_name().is_some_and(|known| known == name))
                });
                if events.is_buffer_empty() {
                    return Ok(has_changed);
                }
            }
        });
        select(pin!(clock_set), pin!(zone_changed)).await.factor_first().0
    }
}

/// The time zone of a computer without a setting: UTC (localtime(5)).
pub(super) fn default_zone() -> Option<TimeZone> {
    let is_unset = std::env::var_os("TZ").is_none();
    let is_missing =
        fs::symlink_metadata(LOCAL_TIME).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    (is_unset && is_missing).then_some(TimeZone::UTC)
}

/// The file of the time zone, or `None` if `TZ` contains a rule or a name, which never changes.
fn zone_path() -> Option<PathBuf> {
    let Some(variable) = std::env::var_os("TZ") else { return Some(LOCAL_TIME.into()) };
    let value = variable.as_bytes();
    let path = Path::new(OsStr::from_bytes(value.strip_prefix(b":").unwrap_or(value)));
    path.is_absolute().then(|| path.to_owned())
}

/// A path, and the paths to which its links lead.
fn links(path: PathBuf) -> Vec<PathBuf> {
    let next = |link: &PathBuf| {
        let target = fs::read_link(link).ok()?;
        Some(link.parent()?.join(target))
    };
    std::iter::successors(Some(path), next).take(LINKS_MAX).collect()
}

/// Waits until `read` returns true.
async fn wait(
    file: &AsyncFd<OwnedFd>,
    mut read: impl FnMut(BorrowedFd<'_>) -> Result<bool, Errno>,
) -> Result<(), Failure> {
    loop {
        let mut ready = file.readable().await.map_err(cannot_watch)?;
        match read(file.get_ref().as_fd()) {
            Ok(true) => return Ok(()),
            Ok(false) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => ready.clear_ready(),
            Err(error) => return Err(cannot_watch(error)),
        }
    }
}
