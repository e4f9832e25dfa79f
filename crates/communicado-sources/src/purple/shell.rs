//! What waits: for the bus, for the time, and for the ends of processes.

use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use communicado_core::{Life, UnknownReason};
use communicado_runtime::{
    Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture, async_fd,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::protocol::{self, PurpleProtocol};
use super::todo::Ask;
use super::watcher::Watcher;
use super::{probe, stray};
use crate::bus::{Asks, BusConnection, ClientHandles, Pace, Tell, yield_once};

/// The source.
pub(super) struct Purple {
    pace: Pace,
    trace: String,
    /// Whether it was on a bus before.
    was_on_bus: bool,
}

impl Purple {
    pub(super) const fn new(pace: Pace, trace: String) -> Self {
        Self { pace, trace, was_on_bus: false }
    }
}

impl Source for Purple {
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
    connection: BusConnection<PurpleProtocol>,
    clients: ClientHandles,
    strays: Vec<(&'static str, AsyncFd<OwnedFd>)>,
}

impl Purple {
    async fn open(&mut self, handle: SourceHandle) -> Result<Shell, SourceError> {
        let watcher = Watcher::new(self.pace);
        let watcher = if self.was_on_bus { watcher.again() } else { watcher };
        let connection = protocol::open(watcher, self.pace, &self.trace, handle.clock()).await?;
        self.was_on_bus = true;
        let clients = ClientHandles::new(handle.clone(), self.pace.lease());
        Ok(Shell { connection, clients, strays: Vec::new(), handle })
    }
}

impl Shell {
    async fn watch(&mut self) -> SourceError {
        loop {
            let asks = match poll_fn(|cx| self.poll(cx)).await {
                Ok(asks) => asks,
                Err(error) => return error,
            };
            if !asks.is_empty() {
                // Whoever was told of it goes first; the questions only confirm it.
                yield_once().await;
            }
            if let Err(error) = self.connection.send(asks).await {
                return error;
            }
        }
    }

    /// Waits for something to happen, tells of it, and returns what to ask.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Asks<Ask>, SourceError>> {
        while let Some(client) = self.poll_strays(cx) {
            if !self.connection.protocol.names().any(|name| name == client) {
                self.clients.life_of(client, Life::Absent);
            }
        }
        let mut tell: Vec<Tell> = Vec::new();
        let polled = self.connection.poll(cx, self.handle.clock(), &mut tell);
        if self.clients.tell(&mut tell) {
            self.look_for_strays();
            let strays = self.strays.iter().map(|(client, _)| *client);
            self.clients.rest_is_absent(self.connection.protocol.names().chain(strays));
            self.handle.ready();
        }
        polled
    }

    /// Looks, once, for clients that are not on the bus; the system tells of their ends.
    fn look_for_strays(&mut self) {
        for found in stray::find(&self.connection.address) {
            if self.connection.protocol.names().any(|name| name == found.client) {
                continue;
            }
            if let Ok(ended) = async_fd(found.ended, Interest::READABLE) {
                let life = Life::Unknown(UnknownReason::SourceLost);
                self.clients.life_of(found.client, life);
                self.strays.push((found.client, ended));
            }
        }
    }

    /// The name of a client that was not on the bus and has ended.
    fn poll_strays(&mut self, cx: &mut Context<'_>) -> Option<&'static str> {
        let mut has_ended = |file: &AsyncFd<_>| file.poll_read_ready(cx).is_ready();
        let index = self.strays.iter().position(|(_, file)| has_ended(file))?;
        Some(self.strays.swap_remove(index).0)
    }
}
