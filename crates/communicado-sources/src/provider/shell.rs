//! What waits: for the bus and for the time.

use std::future::poll_fn;
use std::task::{Context, Poll};

use communicado_runtime::{Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture};

use super::message::Ask;
use super::probe;
use super::watcher::Watcher;
use crate::bus::{Asks, BusConnection, ClientHandles, Pace, Tell, yield_once};

/// The source.
pub(super) struct Provider {
    pace: Pace,
    /// Whether it was on a bus before.
    was_on_bus: bool,
}

impl Provider {
    pub(super) const fn new(pace: Pace) -> Self {
        Self { pace, was_on_bus: false }
    }

    async fn open(&mut self, handle: SourceHandle) -> Result<Shell, SourceError> {
        let watcher = Watcher::new(self.pace);
        let watcher = if self.was_on_bus { watcher.again() } else { watcher };
        let connection = BusConnection::open(watcher, handle.clock()).await?;
        self.was_on_bus = true;
        let clients = ClientHandles::new(handle.clone(), self.pace.lease());
        Ok(Shell { handle, connection, clients })
    }
}

impl Source for Provider {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            match self.open(handle).await {
                Ok(mut shell) => shell.watch().await,
                Err(error) => error,
            }
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(probe::probe(self.pace, clock))
    }
}

struct Shell {
    handle: SourceHandle,
    connection: BusConnection<Watcher>,
    clients: ClientHandles,
}

impl Shell {
    async fn watch(&mut self) -> SourceError {
        loop {
            let asks = match poll_fn(|cx| self.poll(cx)).await {
                Ok(asks) => asks,
                Err(error) => return error,
            };
            if !asks.is_empty() {
                // Whoever was told of it goes first.
                yield_once().await;
            }
            if let Err(error) = self.connection.send(asks).await {
                return error;
            }
        }
    }

    /// Waits for something to happen, tells of it, and returns what to ask.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Asks<Ask>, SourceError>> {
        let mut tell: Vec<Tell> = Vec::new();
        let polled = self.connection.poll(cx, self.handle.clock(), &mut tell);
        if self.clients.tell(&mut tell) {
            let running = self.connection.protocol.is_there().then_some(super::watcher::CLIENT);
            self.clients.rest_is_absent(running.into_iter());
            self.handle.ready();
        }
        polled
    }
}
