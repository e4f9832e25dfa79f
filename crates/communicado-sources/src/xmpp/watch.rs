//! One connection to the server: what the source asks for, and when it reports.

use std::convert::Infallible;
use std::time::Duration;

use communicado_core::Moment;
use communicado_net::NetError;
use communicado_net::xmpp::{XmppConnection, XmppEvent};
use communicado_runtime::Clock;

use super::watched::{WatchEffect, WatchedAccounts};
use crate::state_reporter::StateReporter;

/// The time for presence that a server sends after its answer to a later request: ejabberd asks
/// each client of a contact for it.
const GRACE: Duration = Duration::from_secs(1);

/// The report of one connection.
pub(super) struct Watch<'a> {
    connection: XmppConnection,
    accounts: WatchedAccounts,
    reporter: &'a mut StateReporter,
    clock: &'a dyn Clock,
    /// The requests for an ordered answer that the server has yet to answer.
    open_orders: usize,
    settling: Settling,
}

/// The end of the snapshot, and of what a newly visible account already was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settling {
    /// An ordered answer comes first.
    First,
    /// Then there is time for late presence.
    Grace(Moment),
    /// A second ordered answer comes last.
    Last,
    /// All accounts are settled.
    Done,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        mut connection: XmppConnection,
        mut accounts: WatchedAccounts,
        reporter: &'a mut StateReporter,
        clock: &'a dyn Clock,
    ) -> Self {
        accounts.set_connection(connection.session().address());
        let (open_orders, settling) = (0, Settling::First);
        Self { connection, accounts, reporter, clock, open_orders, settling }
    }

    /// Reports the accounts until the connection ends, which is always an error.
    pub(super) async fn follow(&mut self) -> Result<Infallible, NetError> {
        // The roster comes before the presence, so each presence has its permission.
        if self.accounts.has_contacts() {
            self.connection.session().request_roster();
        }
        self.connection.session().send_presence();
        self.request_order();
        loop {
            let until = match self.settling {
                Settling::Grace(end) => Some(end),
                Settling::First | Settling::Last | Settling::Done => None,
            };
            for event in self.connection.next(until).await? {
                self.handle(event);
            }
            self.continue_settling();
        }
    }

    fn handle(&mut self, event: XmppEvent) {
        match event {
            XmppEvent::Presence(presence) => {
                let effect = self.accounts.take_presence(presence);
                effect.into_iter().for_each(|effect| self.apply(effect));
            }
            XmppEvent::Roster(items) => {
                let effects = self.accounts.take_roster(&items);
                effects.into_iter().for_each(|effect| self.apply(effect));
            }
            XmppEvent::Ordered => self.open_orders = self.open_orders.saturating_sub(1),
        }
    }

    fn apply(&mut self, effect: WatchEffect) {
        match effect {
            WatchEffect::Changed(address) => {
                if self.reporter.is_ready() {
                    self.report(&address);
                }
            }
            WatchEffect::Asked(address) => self.connection.session().accept(&address),
            WatchEffect::Unsettled => {
                self.settling = Settling::First;
                self.request_order();
            }
        }
    }

    fn request_order(&mut self) {
        self.open_orders += 1;
        self.connection.request_order();
    }

    fn continue_settling(&mut self) {
        if self.settling == Settling::Done || self.open_orders > 0 {
            return;
        }
        let now = self.clock.now();
        match self.settling {
            _ if self.accounts.is_complete() => self.settle(),
            Settling::First => self.settling = Settling::Grace(now.after(GRACE)),
            Settling::Grace(end) if end <= now => {
                self.settling = Settling::Last;
                self.request_order();
            }
            Settling::Last => self.settle(),
            Settling::Grace(_) | Settling::Done => {}
        }
    }

    fn settle(&mut self) {
        self.settling = Settling::Done;
        self.accounts.settle();
        let addresses: Vec<String> =
            self.accounts.clients().map(|(address, _)| address.to_owned()).collect();
        for address in addresses {
            self.report(&address);
        }
        self.reporter.end_snapshot();
    }

    fn report(&mut self, address: &str) {
        if let Some((client, life, details)) = self.accounts.state(address) {
            self.reporter.report(client, life, details);
        }
    }
}
