//! Decides what to send to a remote server, and when. Pure: the time is an argument.
//!
//! Status is level-triggered: each message carries every client, and it is renewed before its lease
//! expires. So nothing waits in a queue, and the first message after a failure has the current
//! state.
//!
//! **Invariant:** without permission it sends nothing, and in a pause nothing but a goodbye.
//! **Invariant:** at most one message is in flight.

use std::time::Duration;

use communicado_core::Moment;
use communicado_wire::Client;

use super::message::same_content;
use super::{Message, Retry};

/// The minimum time between two messages, so that rapid changes coalesce.
const SEND_INTERVAL_MIN: Duration = Duration::from_millis(100);
/// The delay before the first success after failures is repeated: a message whose answer was lost
/// may arrive after it.
const REPEAT_DELAY: Duration = Duration::from_secs(3);
/// The first backoff.
const BACKOFF_MIN: Duration = Duration::from_millis(500);
/// The longest backoff, whatever the lease.
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// The delay after an error that somebody has to fix elsewhere.
const SLOW_RETRY: Duration = Duration::from_secs(60);
/// The longest delay that a server can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// The user's permission to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing, not even a goodbye: the user has not consented, or has withdrawn consent.
    Withheld,
    /// Nothing for now. A goodbye makes the server forget the device.
    Paused,
    /// Every client.
    Granted,
}

/// The next action for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublisherAction {
    /// Send the message, then call [`Publisher::completed`].
    Send(Message),
    /// Wait until this moment, or until something changes.
    Wait(Option<Moment>),
    /// Stop.
    End,
}

/// The state machine that publishes to one server.
#[derive(Clone, Debug)]
pub struct Publisher {
    lease: Duration,
    permission: Permission,
    /// `None` until the first snapshot.
    clients: Option<Vec<Client>>,
    remote: RemoteState,
    in_flight: Option<(Message, Moment)>,
    not_before: Moment,
    failures: u32,
    ending: bool,
    over: bool,
    random: u64,
}

/// The last known state of the server for this device.
#[derive(Clone, Debug)]
enum RemoteState {
    /// Unknown: the server may have received the last message or not.
    Unknown,
    /// Nothing. If there is a moment, the goodbye is due again then.
    Removed(Option<Moment>),
    /// These clients, to be renewed at that moment.
    Clients(Vec<Client>, Moment),
}

impl Publisher {
    /// A publisher without permission. The server believes a message for `lease`; `seed` sets the
    /// jitter, which differs between publishers.
    #[must_use]
    pub const fn new(lease: Duration, seed: u64) -> Self {
        Self {
            lease,
            permission: Permission::Withheld,
            clients: None,
            remote: RemoteState::Unknown,
            in_flight: None,
            not_before: Moment::START,
            failures: 0,
            ending: false,
            over: false,
            random: seed,
        }
    }

    /// Sets the user's permission.
    pub const fn set_permission(&mut self, permission: Permission) {
        self.permission = permission;
    }

    /// Sets the current state of every client, as it is to be published.
    pub fn set_clients(&mut self, clients: Vec<Client>) {
        self.clients = Some(clients);
    }

    /// Starts the shutdown: the last action before the end is a goodbye, if permitted.
    pub const fn shut_down(&mut self) {
        self.ending = true;
    }

    /// The next action at the moment `now`.
    #[must_use]
    pub fn next_action(&mut self, now: Moment) -> PublisherAction {
        if self.in_flight.is_some() {
            return PublisherAction::Wait(None);
        }
        if self.over {
            return PublisherAction::End;
        }
        let Some((message, due)) = self.due() else {
            return if self.ending { PublisherAction::End } else { PublisherAction::Wait(None) };
        };
        // A shutdown does not wait for a server that is unreachable.
        let due = if self.ending { due } else { due.max(self.not_before) };
        if due > now {
            return PublisherAction::Wait(Some(due));
        }
        self.in_flight = Some((message.clone(), now));
        PublisherAction::Send(message)
    }

    /// Records the result of the message in flight. Returns the delay before the retry, if it
    /// failed and there is a retry.
    pub fn completed(&mut self, now: Moment, result: Result<(), Retry>) -> Option<Duration> {
        let (message, sent) = self.in_flight.take()?;
        let Err(retry) = result else {
            let had_failed = std::mem::take(&mut self.failures) > 0;
            self.not_before = sent.after(SEND_INTERVAL_MIN);
            self.remote = match message {
                Message::Goodbye => {
                    RemoteState::Removed(had_failed.then(|| sent.after(REPEAT_DELAY)))
                }
                // The server may count the lease from when it was sent.
                Message::Clients(clients) => {
                    let third = self.lease / 3;
                    let third = if had_failed { third.min(REPEAT_DELAY) } else { third };
                    let renewal = self.jitter(third, 90..=100);
                    RemoteState::Clients(clients, sent.after(renewal))
                }
            };
            return None;
        };
        self.remote = RemoteState::Unknown;
        let wait = match retry {
            Retry::Soon => self.next_backoff(),
            Retry::Slowly => self.jitter(SLOW_RETRY, 75..=125),
            Retry::After(span) => span.clamp(BACKOFF_MIN, RETRY_AFTER_MAX),
            Retry::Never => Duration::ZERO,
        };
        self.not_before = now.after(wait);
        self.over = retry == Retry::Never || self.ending;
        (!self.over).then_some(wait)
    }

    /// The next message, and when it is due.
    fn due(&self) -> Option<(Message, Moment)> {
        let goodbye = match self.permission {
            Permission::Withheld => return None,
            Permission::Paused => true,
            Permission::Granted => self.ending,
        };
        if goodbye {
            let due = match self.remote {
                RemoteState::Removed(again) => again.filter(|_| !self.ending)?,
                RemoteState::Unknown | RemoteState::Clients(..) => Moment::START,
            };
            return Some((Message::Goodbye, due));
        }
        let clients = self.clients.as_ref()?;
        let due = match &self.remote {
            RemoteState::Clients(sent, renewal) if same_content(sent, clients) => *renewal,
            _ => Moment::START,
        };
        Some((Message::Clients(clients.clone()), due))
    }

    /// Exponential backoff, up to a quarter of the lease.
    fn next_backoff(&mut self) -> Duration {
        let doubled =
            BACKOFF_MIN.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        self.jitter(doubled.min(self.lease / 4).min(BACKOFF_MAX), 75..=125)
    }

    /// A random part of `span` within the range `percent`.
    fn jitter(&mut self, span: Duration, percent: std::ops::RangeInclusive<u32>) -> Duration {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let width = u64::from(percent.end() - percent.start()) + 1;
        let more = u32::try_from((self.random >> 33) % width).unwrap_or(0);
        span * (percent.start() + more) / 100
    }
}

#[cfg(test)]
#[path = "publisher/tests.rs"]
mod tests;
