//! Clients that run and are not on the bus.
//!
//! A libpurple client does not reconnect to a bus that restarts, and a client may have been started
//! for another bus, for none, or in a sandbox. It runs, perhaps signed in, and the bus does not
//! show it. To report it as absent would be wrong.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::task::Context;
use std::time::Duration;

use communicado_core::{Life, Moment, StatusStart};
use communicado_runtime::async_fd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::client_process;
use super::off_bus_cause::{OffBusCause, START_MAX};
use crate::bus::OffBusClients;
use crate::dbus_address::BusAddress;

/// A client that the search found, with its process.
struct Found {
    client: &'static str,
    process: u32,
    cause: OffBusCause,
    /// The start of the process.
    started: StatusStart,
    /// The end of the time to start.
    starting_until: Option<Moment>,
    exited: AsyncFd<OwnedFd>,
}

/// The clients that the search found.
///
/// The kernel does not notify a program of a process that starts. So the search repeats.
pub(super) struct PurpleOffBus {
    found: Vec<Found>,
    includes_other_buses: bool,
    /// The time between two searches.
    interval: Duration,
    next_search: Option<Moment>,
}

impl PurpleOffBus {
    pub(super) const fn new(includes_other_buses: bool, interval: Duration) -> Self {
        Self { found: Vec::new(), includes_other_buses, interval, next_search: None }
    }
}

/// The clients that are not on the bus at `address`.
pub(super) fn search(
    address: &BusAddress,
    includes_other_buses: bool,
    is_on_bus: impl Fn(&str) -> bool,
) -> Vec<client_process::OffBusClient> {
    let mut found = client_process::find(address);
    found.retain(|found| {
        !is_on_bus(found.client) && (includes_other_buses || !found.cause.is_elsewhere())
    });
    found
}

impl OffBusClients for PurpleOffBus {
    fn search(
        &mut self,
        now: Moment,
        address: &BusAddress,
        is_on_bus: impl Fn(&str) -> bool,
    ) -> BTreeSet<&'static str> {
        let mut new = BTreeSet::new();
        self.next_search = Some(now.after(self.interval));
        for found in search(address, self.includes_other_buses, is_on_bus) {
            let (client, process, cause) = (found.client, found.process, found.cause);
            if self.found.iter().any(|known| known.process == process) {
                continue;
            }
            if let Ok(exited) = async_fd(found.exited, Interest::READABLE) {
                let left = START_MAX.saturating_sub(found.age);
                let starting_until = (cause == OffBusCause::Starting).then(|| now.after(left));
                let started = StatusStart::from(now).before(found.age);
                self.found.push(Found { client, process, cause, started, starting_until, exited });
                new.insert(client);
            }
        }
        new
    }

    fn is_search_due(&self, now: Moment) -> bool {
        self.next_search.is_some_and(|next| next <= now)
    }

    fn note_joined(&mut self, client: &str) {
        self.found.retain(|found| found.client != client || found.cause != OffBusCause::Starting);
    }

    fn life(&self, client: &str) -> Option<(Life, Option<StatusStart>)> {
        let mut found = self.found.iter().filter(|found| found.client == client);
        let starting = found.clone().find(|found| found.cause == OffBusCause::Starting);
        let first = starting.or_else(|| found.next())?;
        let began = first.cause.begins_with_process().then_some(first.started);
        Some((first.cause.life(), began))
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.found.iter().map(|found| found.client)
    }

    fn deadline(&self) -> Option<Moment> {
        let starting = self.found.iter().filter_map(|found| found.starting_until);
        starting.chain(self.next_search).min()
    }

    fn poll_changed(&mut self, cx: &mut Context<'_>, now: Moment) -> Option<&'static str> {
        let mut has_exited = |found: &Found| found.exited.poll_read_ready(cx).is_ready();
        if let Some(index) = self.found.iter().position(&mut has_exited) {
            return Some(self.found.swap_remove(index).client);
        }
        let is_late = |found: &&mut Found| found.starting_until.is_some_and(|until| until <= now);
        let late = self.found.iter_mut().find(is_late)?;
        (late.cause, late.starting_until) = (OffBusCause::Lost, None);
        Some(late.client)
    }
}
