//! What is told to a gateway, and when: pure, with the time as an argument.
//!
//! A gateway is told the whole list of clients at once on a change, and again before its lease
//! ends; so nothing waits in a queue, and what goes first after a failure is what is now.
//!
//! **Invariant:** without permission nothing is sent, and while paused nothing but a goodbye.
//! **Invariant:** one message is under way at a time.

use std::time::Duration;

use communicado_core::Moment;
use communicado_wire::Client;

use super::Retry;
use super::publication::same;

/// After a message, the next one waits for so long, so that a client that flutters is no flood.
const GAP: Duration = Duration::from_millis(100);
/// After failures the first message that is answered is said again so soon: one that nobody
/// answered may arrive after it.
const AGAIN: Duration = Duration::from_secs(3);
/// The first wait after a failure.
const WAIT_MIN: Duration = Duration::from_millis(500);
/// No wait for a gateway that is away is longer, whatever the lease.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// The wait after what a person has to mend elsewhere.
const SLOWLY: Duration = Duration::from_secs(60);
/// A gateway that wants to be left alone is, but not for ever.
const AFTER_MAX: Duration = Duration::from_secs(300);

/// What may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing: nobody said that it may, or it was taken back. Not even a goodbye is sent.
    Withheld,
    /// Nothing for now. The gateway is told goodbye, and forgets the device.
    Paused,
    /// Everything.
    Granted,
}

/// Something for the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// What every client of this device is now.
    Clients(Vec<Client>),
    /// This device says no more.
    Goodbye,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this, and say how it went.
    Send(Message),
    /// Nothing, until this moment or until something changes.
    Wait(Option<Moment>),
    /// Nothing any more.
    End,
}

/// Decides what is told to one gateway.
#[derive(Clone, Debug)]
pub struct Publisher {
    lease: Duration,
    permission: Permission,
    /// Nothing before the first look.
    clients: Option<Vec<Client>>,
    believed: Believed,
    under_way: Option<(Message, Moment)>,
    not_before: Moment,
    failures: u32,
    ending: bool,
    over: bool,
    random: u64,
}

/// What the gateway is known to believe of this device.
#[derive(Clone, Debug)]
enum Believed {
    /// That is not known: it may have heard what was sent last, or not.
    Unknown,
    /// There is no such device; perhaps that is to be said once more at that moment.
    Gone(Option<Moment>),
    /// This, to be renewed at that moment.
    Clients(Vec<Client>, Moment),
}

impl Publisher {
    /// A publisher that may tell nothing yet. Its messages are believed for `lease`; `random`
    /// sets it apart from all others, which must not come at the same moment.
    #[must_use]
    pub const fn new(lease: Duration, random: u64) -> Self {
        Self {
            lease,
            permission: Permission::Withheld,
            clients: None,
            believed: Believed::Unknown,
            under_way: None,
            not_before: Moment::START,
            failures: 0,
            ending: false,
            over: false,
            random,
        }
    }

    /// Changes what may be told.
    pub const fn permit(&mut self, permission: Permission) {
        self.permission = permission;
    }

    /// Takes in what every client is now, as it would be told.
    pub fn clients(&mut self, clients: Vec<Client>) {
        self.clients = Some(clients);
    }

    /// Says goodbye, if anything may be said, and ends.
    pub const fn end(&mut self) {
        self.ending = true;
    }

    /// What is to be done at `at`.
    #[must_use]
    pub fn step(&mut self, at: Moment) -> Step {
        if self.under_way.is_some() {
            return Step::Wait(None);
        }
        if self.over {
            return Step::End;
        }
        let Some((message, due)) = self.due() else {
            return if self.ending { Step::End } else { Step::Wait(None) };
        };
        // Who ends has no time to wait for a gateway that is away.
        let due = if self.ending { due } else { due.max(self.not_before) };
        if due > at {
            return Step::Wait(Some(due));
        }
        self.under_way = Some((message.clone(), at));
        Step::Send(message)
    }

    /// Takes in how the message that is under way went, and returns how long it waits after a
    /// failure that is not the last.
    pub fn answered(&mut self, at: Moment, answer: Result<(), Retry>) -> Option<Duration> {
        let (message, sent) = self.under_way.take()?;
        let Err(retry) = answer else {
            let had_failed = std::mem::take(&mut self.failures) > 0;
            self.not_before = sent.after(GAP);
            self.believed = match message {
                Message::Goodbye => Believed::Gone(had_failed.then(|| sent.after(AGAIN))),
                // From when it was sent: the gateway may count from then.
                Message::Clients(clients) => {
                    let third = self.lease / 3;
                    let third = if had_failed { third.min(AGAIN) } else { third };
                    let renewal = self.spread(third, 90..=100);
                    Believed::Clients(clients, sent.after(renewal))
                }
            };
            return None;
        };
        self.believed = Believed::Unknown;
        let wait = match retry {
            Retry::Soon => self.next_wait(),
            Retry::Slowly => self.spread(SLOWLY, 75..=125),
            Retry::After(span) => span.clamp(WAIT_MIN, AFTER_MAX),
            Retry::Never => Duration::ZERO,
        };
        self.not_before = at.after(wait);
        self.over = retry == Retry::Never || self.ending;
        (!self.over).then_some(wait)
    }

    /// The message that is wanted next, and when it is due.
    fn due(&self) -> Option<(Message, Moment)> {
        let goodbye = match self.permission {
            Permission::Withheld => return None,
            Permission::Paused => true,
            Permission::Granted => self.ending,
        };
        if goodbye {
            let due = match self.believed {
                Believed::Gone(again) => again.filter(|_| !self.ending)?,
                Believed::Unknown | Believed::Clients(..) => Moment::START,
            };
            return Some((Message::Goodbye, due));
        }
        let clients = self.clients.as_ref()?;
        let due = match &self.believed {
            Believed::Clients(told, renewal) if same(told, clients) => *renewal,
            _ => Moment::START,
        };
        Some((Message::Clients(clients.clone()), due))
    }

    /// Doubled with each failure, up to a quarter of the lease.
    fn next_wait(&mut self) -> Duration {
        let doubled = WAIT_MIN.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        self.spread(doubled.min(self.lease / 4).min(WAIT_MAX), 75..=125)
    }

    /// So many percent of `span`, at random, so that many do not come at once.
    fn spread(&mut self, span: Duration, percent: std::ops::RangeInclusive<u32>) -> Duration {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let width = u64::from(percent.end() - percent.start()) + 1;
        let more = u32::try_from((self.random >> 33) % width).unwrap_or(0);
        span * (percent.start() + more) / 100
    }
}

#[cfg(test)]
#[path = "publisher/tests.rs"]
mod tests;
