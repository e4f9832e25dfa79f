//! The source: waits for new connections and for the ends of processes, and reports the clients.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use communicado_core::{Life, StatusStart, UnknownReason};
use communicado_runtime::{Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture};

use super::connections::{ConnectionEvent, Connections};
use super::message::{ConnectionCredentials, DesktopRequest};
use super::program_table::ProgramTable;
use super::running_clients::RunningClients;
use super::search::{self, ClientProcess};
use super::{IGNORE, PROGRAMS, probe};
use crate::bus::{BusConnection, ClientHandles, Requests};
use crate::descriptor::{OptionError, ValidatedOptions};

/// The status of a client that runs and whose sign-in cannot be read.
const RUNS: Life = Life::Unknown(UnknownReason::NotSupported);

struct DesktopSource {
    table: ProgramTable,
    /// The clients that have run. They are absent when no search finds them.
    seen: BTreeSet<String>,
}

pub(super) fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let programs = options.optional_list(&PROGRAMS)?;
    let ignored = options.optional_list(&IGNORE)?;
    let table = ProgramTable::new(&programs, &ignored).map_err(|error| {
        let option = if ignored.contains(&error.entry) { &IGNORE } else { &PROGRAMS };
        options.refused(option, error.to_string())
    })?;
    if let Some(name) = table.names().find(|name| options.is_local_client(name)) {
        let cause = format!("another source reads `{name}`");
        return Err(options.refused(&PROGRAMS, cause));
    }
    Ok(Box::new(DesktopSource { table, seen: BTreeSet::new() }))
}

impl Source for DesktopSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            let own = ConnectionCredentials::of_this_process();
            let connection = match BusConnection::open(Connections::new(own), handle.clock()).await
            {
                Ok(connection) => connection,
                Err(error) => return error,
            };
            let driver = DesktopWatch {
                // The reports of this source do not expire: a `pidfd` shows the end.
                clients: ClientHandles::new(handle.clone(), Duration::ZERO),
                handle,
                connection,
                running: RunningClients::default(),
                table: &self.table,
                seen: &mut self.seen,
                user: own.user,
            };
            driver.watch().await
        })
    }

    fn probe<'a>(&'a mut self, clock: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(probe::probe(&self.table, clock))
    }
}

struct DesktopWatch<'a> {
    handle: SourceHandle,
    connection: BusConnection<Connections>,
    clients: ClientHandles,
    running: RunningClients,
    table: &'a ProgramTable,
    seen: &'a mut BTreeSet<String>,
    user: u32,
}

impl DesktopWatch<'_> {
    /// Reports the clients until the connection fails.
    async fn watch(mut self) -> SourceError {
        loop {
            let requests = match poll_fn(|cx| self.poll(cx)).await {
                Ok(requests) => requests,
                Err(error) => return error,
            };
            if let Err(error) = self.connection.send(requests).await {
                return error;
            }
        }
    }

    /// Waits for a message, reports what it shows, and returns the requests to send.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Requests<DesktopRequest>, SourceError>> {
        let polled = self.connection.poll(cx, self.handle.clock(), &mut Vec::new());
        for event in self.connection.protocol.take_events() {
            if let Err(error) = self.handle_event(event) {
                return Poll::Ready(Err(error));
            }
        }
        // The new processes are polled too, so their ends wake this task.
        while let Some(client) = self.running.poll_ended(cx) {
            // A second process may run that the bus did not show.
            if let Err(error) = self.search() {
                return Poll::Ready(Err(error));
            }
            if !self.running.has_client(&client) {
                self.clients.report_life(&client, Life::Absent, None);
            }
        }
        polled
    }

    fn handle_event(&mut self, event: ConnectionEvent) -> Result<(), SourceError> {
        match event {
            ConnectionEvent::Subscribed => {
                self.search()?;
                self.clients.report_rest_absent(self.running.names());
                for client in self.seen.iter().filter(|client| !self.running.has_client(client)) {
                    self.clients.report_life(client, Life::Absent, None);
                }
                self.handle.ready();
            }
            ConnectionEvent::Joined { process, joined } => {
                let connected = self.handle.now().since(joined);
                if !self.running.has_process(process)
                    && let Some(found) =
                        search::find(self.table, process, self.user, Some(connected))
                {
                    self.add(found);
                }
            }
            ConnectionEvent::Missed => self.search()?,
            ConnectionEvent::Blind(error) => return Err(error),
        }
        Ok(())
    }

    fn search(&mut self) -> Result<(), SourceError> {
        for found in search::find_all(self.table, self.user)? {
            self.add(found);
        }
        Ok(())
    }

    fn add(&mut self, found: ClientProcess) {
        let (client, age) = (found.client.clone(), found.age);
        if self.running.add(found) {
            let began = StatusStart::from(self.handle.now()).before(age);
            self.clients.report_life(&client, RUNS, Some(began));
            self.seen.insert(client);
        }
    }
}
