//! The source: the provider's protocol on the session bus.

use communicado_runtime::{Clock, ProbeFuture, Source, SourceHandle, WatchFuture};

use super::probe;
use super::protocol::ProviderProtocol;
use crate::bus::{self, BusConnection, NoOffBusClients};
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::keepalive::Keepalive;

/// Source for the provider.
struct ProviderSource {
    keepalive: Keepalive,
    /// True if an earlier run reached the bus.
    was_connected: bool,
}

pub(super) fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let keepalive = Keepalive::from_options(options)?;
    Ok(Box::new(ProviderSource { keepalive, was_connected: false }))
}

impl Source for ProviderSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            let protocol = ProviderProtocol::new(self.keepalive, self.was_connected);
            match BusConnection::open(protocol, handle.clock()).await {
                Ok(connection) => {
                    self.was_connected = true;
                    bus::watch(handle, connection, self.keepalive, NoOffBusClients).await
                }
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(probe::probe(self.keepalive, clock))
    }
}
