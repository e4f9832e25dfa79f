//! The new connections on one bus. Pure: messages and the time go in, requests and processes come
//! out.

use std::collections::BTreeMap;

use communicado_core::Moment;
use communicado_runtime::SourceError;
use zbus::Message;
use zbus::message::Type;

use super::message::{ConnectionCredentials, DesktopRequest, new_connection};
use crate::bus::{self, BusProtocol};

/// The maximum number of connections whose process is requested at once.
const PENDING_MAX: usize = 256;

type DesktopEffects = bus::Effects<DesktopRequest>;

/// The connections whose processes are not known yet.
pub(super) struct Connections {
    /// The number of this process, and its user.
    own: ConnectionCredentials,
    pending: BTreeMap<u32, Pending>,
    last_request: u32,
    /// True if a connection had no place among the pending ones.
    has_missed: bool,
    events: Vec<ConnectionEvent>,
}

/// A request that awaits a reply.
#[derive(Debug)]
enum Pending {
    Match,
    OwnProcess,
    Process { joined: Moment },
}

/// A result for the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ConnectionEvent {
    /// The subscription is complete: it is time to search for all clients.
    Subscribed,
    /// A process of this user has connected to the bus.
    Joined { process: u32, joined: Moment },
    /// There were too many connections, so only a search finds all clients.
    Missed,
    /// The bus does not show other programs.
    Blind(SourceError),
}

impl Connections {
    pub(super) const fn new(own: ConnectionCredentials) -> Self {
        Self {
            own,
            pending: BTreeMap::new(),
            last_request: 0,
            has_missed: false,
            events: Vec::new(),
        }
    }

    /// The events since the last call.
    pub(super) fn take_events(&mut self) -> Vec<ConnectionEvent> {
        std::mem::take(&mut self.events)
    }

    fn request(&mut self, request: DesktopRequest, pending: Pending, effects: &mut DesktopEffects) {
        self.last_request = self.last_request.wrapping_add(1);
        self.pending.insert(self.last_request, pending);
        effects.requests.push((self.last_request, request));
    }

    fn handle_joined(&mut self, unique: String, joined: Moment, effects: &mut DesktopEffects) {
        if self.pending.len() < PENDING_MAX {
            let request = DesktopRequest::Credentials(unique);
            self.request(request, Pending::Process { joined }, effects);
        } else {
            self.has_missed = true;
        }
    }

    fn handle_reply(&mut self, reply: &Message, pending: &Pending, effects: &mut DesktopEffects) {
        let is_error = reply.message_type() == Type::Error;
        match pending {
            Pending::Match => match reply.header().destination() {
                Some(own) if !is_error => {
                    let request = DesktopRequest::Credentials(own.to_string());
                    self.request(request, Pending::OwnProcess, effects);
                }
                Some(_) | None => self.events.push(ConnectionEvent::Blind(refused())),
            },
            Pending::OwnProcess => {
                let found = ConnectionCredentials::decode(reply);
                self.events.push(match found {
                    Some(own) if own == self.own => ConnectionEvent::Subscribed,
                    Some(_) | None => ConnectionEvent::Blind(behind_proxy(found)),
                });
            }
            // A connection that has ended meanwhile has no process.
            Pending::Process { joined } => {
                if let Some(ConnectionCredentials { process, user }) =
                    ConnectionCredentials::decode(reply)
                    && user == self.own.user
                {
                    self.events.push(ConnectionEvent::Joined { process, joined: *joined });
                }
            }
        }
    }
}

impl BusProtocol for Connections {
    type Request = DesktopRequest;

    fn start(&mut self) -> DesktopEffects {
        let mut effects = DesktopEffects::default();
        self.request(DesktopRequest::Match, Pending::Match, &mut effects);
        effects
    }

    fn handle_message(
        &mut self,
        now: Moment,
        message: &Message,
        to: Option<u32>,
    ) -> DesktopEffects {
        let mut effects = DesktopEffects::default();
        if let Some(pending) = to.and_then(|to| self.pending.remove(&to)) {
            self.handle_reply(message, &pending, &mut effects);
            // One search for all of a flood.
            if self.pending.is_empty() && std::mem::take(&mut self.has_missed) {
                self.events.push(ConnectionEvent::Missed);
            }
        } else if let Some(unique) = new_connection(message) {
            self.handle_joined(unique, now, &mut effects);
        }
        effects
    }

    fn advance(&mut self, _now: Moment) -> (DesktopEffects, Option<Moment>) {
        (DesktopEffects::default(), None)
    }
}

fn refused() -> SourceError {
    SourceError {
        cause: "the session bus refuses the subscription to new connections".into(),
        help: "check the limit `max_match_rules_per_connection` and the policy of the bus".into(),
    }
}

/// The error for a bus that does not know this process by its number.
fn behind_proxy(found: Option<ConnectionCredentials>) -> SourceError {
    let cause = match found {
        Some(ConnectionCredentials { process, .. }) => format!(
            "the session bus takes Communicado for process {process}, so a proxy or a sandbox \
             hides other programs"
        ),
        None => "the session bus does not know the processes of its connections".to_owned(),
    };
    SourceError {
        cause: cause.into(),
        help: "run communicado outside the sandbox, with the address of the bus itself".into(),
    }
}

#[cfg(test)]
mod tests;
