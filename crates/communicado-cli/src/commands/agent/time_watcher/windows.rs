//! The watcher on Windows, with a notification about the registry key of the time zone.
//!
//! Windows reports a new clock to windows only, and the agent has none. The agent's timer fires
//! when the clock is set past its end ([`communicado_windows::WakeTimer`]).

use std::future::{pending, poll_fn};

use communicado_cli_support::Failure;
use communicado_windows::{
    ChangeFilter, ChangeNotification, Hive, RegistryKey, RegistryView, WindowsError,
};

use super::cannot_watch;

/// The key of the time zone.
const KEY: &str = r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation";

/// A watcher of the time zone.
pub(in crate::commands::agent) struct TimeWatcher {
    watched: Option<(RegistryKey, ChangeNotification)>,
}

impl TimeWatcher {
    /// Starts to watch the time zone.
    pub(in crate::commands::agent) fn start() -> Result<Self, Failure> {
        let key = RegistryKey::open(Hive::LocalMachine, KEY, RegistryView::Default);
        let watched = key.map_err(cannot_watch)?.map(|key| {
            let notification = key.watch(ChangeFilter::NamesAndValues, false)?;
            Ok((key, notification))
        });
        Ok(Self {
            watched: watched.transpose().map_err(|error: WindowsError| cannot_watch(error))?,
        })
    }

    /// Arms the notification. Call this before each reading of the zone.
    pub(in crate::commands::agent) fn refresh(&mut self) {
        // A key that cannot be watched any more leaves the agent's own checks.
        self.watched = self
            .watched
            .take()
            .filter(|(key, change)| !change.has_changed() || change.rearm(key).is_ok());
    }

    /// Waits until the time zone may have changed.
    pub(in crate::commands::agent) async fn changed(&mut self) -> Result<(), Failure> {
        match &mut self.watched {
            Some((_, change)) => poll_fn(|cx| change.poll_changed(cx)).await.map_err(cannot_watch),
            None => pending().await,
        }
    }
}
