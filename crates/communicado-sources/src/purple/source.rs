//! The source: the watcher on the session bus, and the clients that are not on it.

use communicado_runtime::{Clock, ProbeFuture, Source, SourceHandle, WatchFuture};

use super::off_bus::PurpleOffBus;
use super::watcher::PurpleWatcher;
use super::{OTHER_BUSES, probe, protocol};
use crate::bus;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::keepalive::Keepalive;

/// Source for libpurple clients.
pub(super) struct PurpleSource {
    keepalive: Keepalive,
    trace: String,
    includes_other_buses: bool,
    /// True if an earlier run reached the bus.
    was_connected: bool,
}

pub(super) fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let keepalive = Keepalive::from_options(options)?;
    let trace = options.path("trace");
    let includes_other_buses = options.bool(OTHER_BUSES)?;
    Ok(Box::new(PurpleSource { keepalive, trace, includes_other_buses, was_connected: false }))
}

impl Source for PurpleSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            let watcher = PurpleWatcher::new(self.keepalive, self.was_connected);
            match protocol::open(watcher, self.keepalive, &self.trace, handle.clock()).await {
                Ok(connection) => {
                    self.was_connected = true;
                    let interval = self.keepalive.interval;
                    let off_bus = PurpleOffBus::new(self.includes_other_buses, interval);
                    bus::watch(handle, connection, self.keepalive, off_bus).await
                }
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(probe::probe(self.keepalive, self.includes_other_buses, clock))
    }
}
