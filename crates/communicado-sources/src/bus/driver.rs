//! Driver of a protocol on the bus: the part of a source that waits.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use communicado_core::{Life, UnknownReason};
use communicado_runtime::{SourceError, SourceHandle};

use super::client_handles::ClientHandles;
use super::connection::{BusConnection, BusProtocol, yield_once};
use super::effects::Requests;
use crate::keepalive::Keepalive;

/// Protocol that watches clients by name.
pub(crate) trait ClientProtocol: BusProtocol {
    /// The names of the clients on the bus.
    fn names(&self) -> impl Iterator<Item = &str> + Clone;
}

/// Clients that run and are not on the bus.
pub(crate) trait OffBusClients {
    /// Searches once for clients of the bus at `address`, except those that `is_on_bus` holds for.
    fn search(&mut self, address: &str, is_on_bus: impl Fn(&str) -> bool);

    /// The names of the clients that the search found and that still run.
    fn names(&self) -> impl Iterator<Item = &'static str> + Clone;

    /// The next client that has exited.
    fn poll_exited(&mut self, cx: &mut Context<'_>) -> Option<&'static str>;
}

/// For a protocol whose clients are always on the bus.
pub(crate) struct NoOffBusClients;

impl OffBusClients for NoOffBusClients {
    fn search(&mut self, _address: &str, _is_on_bus: impl Fn(&str) -> bool) {}

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        std::iter::empty()
    }

    fn poll_exited(&mut self, _cx: &mut Context<'_>) -> Option<&'static str> {
        None
    }
}

/// The lease of a client's status: two checks, the second with its full timeout.
pub(crate) fn lease(keepalive: Keepalive) -> Duration {
    keepalive.interval * 2 + keepalive.timeout
}

struct Driver<P, O> {
    handle: SourceHandle,
    connection: BusConnection<P>,
    clients: ClientHandles,
    off_bus: O,
}

/// Watches the clients of a protocol until the connection fails.
pub(crate) async fn watch<P: ClientProtocol, O: OffBusClients>(
    handle: SourceHandle,
    connection: BusConnection<P>,
    keepalive: Keepalive,
    off_bus: O,
) -> SourceError {
    let clients = ClientHandles::new(handle.clone(), lease(keepalive));
    let mut driver = Driver { handle, connection, clients, off_bus };
    loop {
        let requests = match poll_fn(|cx| driver.poll(cx)).await {
            Ok(requests) => requests,
            Err(error) => return error,
        };
        if !requests.is_empty() {
            // The sinks go first: the requests only confirm what the source has reported.
            yield_once().await;
        }
        if let Err(error) = driver.connection.send(requests).await {
            return error;
        }
    }
}

impl<P: ClientProtocol, O: OffBusClients> Driver<P, O> {
    /// Waits for a change, reports it and returns the requests to send.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Requests<P::Request>, SourceError>> {
        while let Some(client) = self.off_bus.poll_exited(cx) {
            if !self.connection.protocol.names().any(|name| name == client) {
                self.clients.report_life(client, Life::Absent);
            }
        }
        let mut reports = Vec::new();
        let polled = self.connection.poll(cx, self.handle.clock(), &mut reports);
        if self.clients.report(&mut reports) {
            let protocol = &self.connection.protocol;
            let is_on_bus = |client: &str| protocol.names().any(|name| name == client);
            self.off_bus.search(&self.connection.address, is_on_bus);
            for client in self.off_bus.names() {
                self.clients.report_life(client, Life::Unknown(UnknownReason::SourceLost));
            }
            let off_bus = self.off_bus.names().map(|client| -> &str { client });
            self.clients.report_rest_absent(protocol.names().chain(off_bus));
            self.handle.ready();
        }
        polled
    }
}
