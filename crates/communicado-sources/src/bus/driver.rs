//! Driver of a protocol on the bus: the part of a source that waits.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use communicado_core::{Life, Moment, StatusStart};
use communicado_runtime::{SourceError, SourceHandle, Timer};

use super::client_handles::ClientHandles;
use super::connection::{BusConnection, BusProtocol, no_timer, yield_once};
use super::effects::Requests;
use crate::dbus_address::BusAddress;
use crate::keepalive::Keepalive;

/// Protocol that watches clients by name.
pub(crate) trait ClientProtocol: BusProtocol {
    /// The names of the clients on the bus.
    fn names(&self) -> impl Iterator<Item = &str> + Clone;
}

/// Clients that run and are not on the bus.
pub(crate) trait OffBusClients {
    /// Searches for clients that are not on the bus at `address`, except those that `is_on_bus`
    /// holds for. Returns the names of the clients that no earlier search found.
    fn search(
        &mut self,
        now: Moment,
        address: &BusAddress,
        is_on_bus: impl Fn(&str) -> bool,
    ) -> BTreeSet<&'static str>;

    /// Returns whether it is time for another search.
    fn is_search_due(&self, now: Moment) -> bool;

    /// The names of the clients that the search found and that still run.
    fn names(&self) -> impl Iterator<Item = &'static str> + Clone;

    /// Notes that a client has joined the bus: the one that was starting.
    fn note_joined(&mut self, client: &str);

    /// The life of a client, if the search found it and it has not exited, and the start of this
    /// life, if it is known.
    fn life(&self, client: &str) -> Option<(Life, Option<StatusStart>)>;

    /// The moment of the next search or of the next change without an exit.
    fn deadline(&self) -> Option<Moment>;

    /// The next client that has exited, or that has not joined the bus in time.
    fn poll_changed(&mut self, cx: &mut Context<'_>, now: Moment) -> Option<&'static str>;
}

/// For a protocol whose clients are always on the bus.
pub(crate) struct NoOffBusClients;

impl OffBusClients for NoOffBusClients {
    fn search(
        &mut self,
        _now: Moment,
        _address: &BusAddress,
        _is_on_bus: impl Fn(&str) -> bool,
    ) -> BTreeSet<&'static str> {
        BTreeSet::new()
    }

    fn is_search_due(&self, _now: Moment) -> bool {
        false
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        std::iter::empty()
    }

    fn note_joined(&mut self, _client: &str) {}

    fn life(&self, _client: &str) -> Option<(Life, Option<StatusStart>)> {
        None
    }

    fn deadline(&self) -> Option<Moment> {
        None
    }

    fn poll_changed(&mut self, _cx: &mut Context<'_>, _now: Moment) -> Option<&'static str> {
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
    /// Due at the deadline of the clients that are not on the bus.
    timer: Box<dyn Timer>,
}

/// Watches the clients of a protocol until the connection fails.
pub(crate) async fn watch<P: ClientProtocol, O: OffBusClients>(
    handle: SourceHandle,
    connection: BusConnection<P>,
    keepalive: Keepalive,
    off_bus: O,
) -> SourceError {
    let clients = ClientHandles::new(handle.clone(), lease(keepalive));
    let timer = match handle.clock().timer() {
        Ok(timer) => timer,
        Err(error) => return no_timer(&error),
    };
    let mut driver = Driver { handle, connection, clients, off_bus, timer };
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
        let now = self.handle.clock().now();
        // The timer wakes this task again. The deadline itself decides.
        let _ = self.timer.poll_due(cx);
        while let Some(client) = self.off_bus.poll_changed(cx, now) {
            if !self.connection.protocol.names().any(|name| name == client) {
                let (life, began) = self.off_bus.life(client).unwrap_or((Life::Absent, None));
                self.clients.report_life(client, life, began);
            }
        }
        let were_on_bus = self.off_bus_clients_on_bus();
        let mut reports = Vec::new();
        let polled = self.connection.poll(cx, self.handle.clock(), &mut reports);
        let is_ready = self.clients.report(&mut reports);
        let are_on_bus = self.off_bus_clients_on_bus();
        for client in are_on_bus.iter().filter(|client| !were_on_bus.contains(client)) {
            self.off_bus.note_joined(client);
        }
        for client in were_on_bus.iter().filter(|client| !are_on_bus.contains(client)) {
            if let Some((life, began)) = self.off_bus.life(client) {
                self.clients.report_life(client, life, began);
            }
        }
        if is_ready || self.off_bus.is_search_due(now) {
            self.search(now);
            if is_ready {
                let off_bus = self.off_bus.names().map(|client| -> &str { client });
                let on_bus = self.connection.protocol.names();
                self.clients.report_rest_absent(on_bus.chain(off_bus));
                self.handle.ready();
            }
            // The exits and the deadline of the clients found have to wake this task.
            cx.waker().wake_by_ref();
        }
        self.timer.set(self.off_bus.deadline());
        let _ = self.timer.poll_due(cx);
        polled
    }

    /// Searches for clients that are not on the bus, and reports the new ones.
    fn search(&mut self, now: Moment) {
        let protocol = &self.connection.protocol;
        let is_on_bus = |client: &str| protocol.names().any(|name| name == client);
        for client in self.off_bus.search(now, &self.connection.address, is_on_bus) {
            if let Some((life, began)) = self.off_bus.life(client) {
                self.clients.report_life(client, life, began);
            }
        }
    }

    /// The clients that the search found and that the bus shows too.
    fn off_bus_clients_on_bus(&self) -> Vec<&'static str> {
        let is_on_bus =
            |client: &&str| self.connection.protocol.names().any(|name| name == *client);
        self.off_bus.names().filter(is_on_bus).collect()
    }
}
