//! A watcher of the time zone and the clock of this computer.
//!
//! The system does not report every change, so the agent also checks now and then
//! ([`super::policy`]).

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use communicado_cli_support::{Failure, Outcome};
use jiff::tz::TimeZone;

#[cfg(target_os = "linux")]
pub(super) use self::linux::TimeWatcher;
#[cfg(windows)]
pub(super) use self::windows::TimeWatcher;

/// The current time zone of this computer, or `None` if it cannot be read.
pub(super) fn local_zone() -> Option<TimeZone> {
    // Without this, jiff returns the zone of up to five minutes ago.
    jiff::tz::reset_system_time_zone_cache();
    let zone = TimeZone::try_system().ok();
    #[cfg(target_os = "linux")]
    let zone = zone.or_else(linux::default_zone);
    zone
}

fn cannot_watch(error: impl ToString) -> Failure {
    let help = "close programs that watch many files, or raise the system's limit of watches";
    Failure::new(Outcome::Failed, "cannot watch the time zone").cause(error).help(help)
}
