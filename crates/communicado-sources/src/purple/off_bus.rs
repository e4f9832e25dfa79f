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
struct FoundClient {
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
/// The kernel does not notify a program of a process that starts. So the search repeats. It happens
/// with a liveness check, if there is one, and has its own wake-up only otherwise.
pub(super) struct PurpleOffBus {
    found: Vec<FoundClient>,
    includes_other_buses: bool,
    /// The interval of the liveness checks.
    interval: Duration,
    last_search: Option<Moment>,
}

impl PurpleOffBus {
    pub(super) const fn new(includes_other_buses: bool, interval: Duration) -> Self {
        Self { found: Vec::new(), includes_other_buses, interval, last_search: None }
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
        self.last_search = Some(now);
        for found in search(address, self.includes_other_buses, is_on_bus) {
            let (client, process, cause) = (found.client, found.process, found.cause);
            if self.found.iter().any(|known| known.process == process) {
                continue;
            }
            if let Ok(exited) = async_fd(found.exited, Interest::READABLE) {
                let left = START_MAX.saturating_sub(found.age);
                let starting_until = (cause == OffBusCause::Starting).then(|| now.after(left));
                let started = StatusStart::from(now).before(found.age);
                self.found.push(FoundClient {
                    client,
                    process,
                    cause,
                    started,
                    starting_until,
                    exited,
                });
                new.insert(client);
            }
        }
        new
    }

    fn is_search_due(&self, now: Moment) -> bool {
        let earliest = self.interval * 3 / 4;
        self.last_search.is_some_and(|last| last.after(earliest) <= now)
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
        // A little later than a liveness check, which then does the search.
        let latest = self.interval + self.interval / 12;
        starting.chain(self.last_search.map(|last| last.after(latest))).min()
    }

    fn poll_changed(&mut self, cx: &mut Context<'_>, now: Moment) -> Option<&'static str> {
        let mut has_exited = |found: &FoundClient| found.exited.poll_read_ready(cx).is_ready();
        if let Some(index) = self.found.iter().position(&mut has_exited) {
            return Some(self.found.swap_remove(index).client);
        }
        let is_late =
            |found: &&mut FoundClient| found.starting_until.is_some_and(|until| until <= now);
        let late = self.found.iter_mut().find(is_late)?;
        (late.cause, late.starting_until) = (OffBusCause::Lost, None);
        Some(late.client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_happens_with_a_liveness_check_and_has_its_own_wake_up_only_without_one() {
        let interval = Duration::from_secs(30);
        let mut off_bus = PurpleOffBus::new(false, interval);
        let start = Moment::new(Duration::from_secs(1000));
        assert!(!off_bus.is_search_due(start));
        assert_eq!(off_bus.deadline(), None);
        let address = BusAddress::new("unix:path=/nowhere", "");
        assert!(off_bus.search(start, &address, |_| true).is_empty());
        assert!(!off_bus.is_search_due(start.after(Duration::from_secs(5))));
        // The answer to the last check came a little later than the search.
        let check = start.after(interval + Duration::from_millis(500));
        assert!(off_bus.is_search_due(check));
        assert!(off_bus.deadline().is_some_and(|deadline| deadline > check));
        assert!(off_bus.deadline().is_some_and(|deadline| deadline < check.after(interval / 2)));
    }
}
