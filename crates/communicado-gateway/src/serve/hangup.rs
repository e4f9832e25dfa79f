//! SIGHUP, which never stops the gateway, and the renewal of its certificate.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::tls::Reloader;

/// Interval of the checks of the files.
///
/// Renewal programs replace files, links or whole folders. A watch on one folder misses some of
/// these changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Catches SIGHUP, which by default kills the process.
///
/// # Errors
///
/// If the system refuses the signal handler.
pub(super) fn hangups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Reads the certificate again after each SIGHUP and each change of its files, forever.
pub(super) async fn follow(mut hangups: Signal, mut reloader: Option<Reloader>) {
    let mut checks = interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = hangups.recv() => match &mut reloader {
                Some(reloader) => reloader.reload(),
                None => tracing::info!(what = "SIGHUP", cause = "there is no certificate to read again"),
            },
            _ = checks.tick(), if reloader.is_some() => {
                if let Some(reloader) = &mut reloader {
                    reloader.reload_if_changed();
                }
            }
        }
    }
}
