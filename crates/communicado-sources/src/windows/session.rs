//! Session with one client, from its start to its exit.
//!
//! Pure: inputs go in with their moment, actions come out. Only one read is pending at a time. The
//! caller reads on a separate thread, because the client may hang.
//!
//! **Know:** an event is no proof. Clients send its arguments in the wrong order, or the status
//! before the change. So the session reads the client after each event. It reports at once only a
//! sign-out, a failed sign-in, and the presence of a user who is known to be signed in.

use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use communicado_core::{Life, Moment, SignInFailure, UnknownReason};
use communicado_windows::HResult;

use super::event_trust::EventTrust;
use super::reading::{ClientReading, ReadFailure, ReportedStatus, read_failure};
use crate::keepalive::Keepalive;
use crate::sign_in::AccountSignIn;

/// The shortest wait before a failed read is repeated.
const WAIT_MIN: Duration = Duration::from_millis(250);
/// The longest wait after a failure that may end at any moment.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// The time after a sign-out event in which a signed-in status counts as older than the event.
const SIGN_OUT_HOLD: Duration = Duration::from_secs(1);
/// The time after which a read that contradicts the last event is repeated.
const CONTRADICTION_RETRY: Duration = Duration::from_secs(1);
/// The time that a client has to shut down before the session reads it again.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// State of the client's process, from its flag and the list of processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// The client accepts no calls, and has this life.
    Closed(Life),
    /// The client accepts calls.
    Open {
        /// Its process IDs.
        processes: BTreeSet<u32>,
        /// The time since its start or its flag, the later one; `None` if it is not readable.
        age: Option<Duration>,
    },
}

/// Input to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionInput {
    /// The state of the process, after each change in the registry or the list of processes.
    Process(ProcessState),
    /// The result of a read.
    ReadDone {
        /// The number of the read.
        read: u32,
        /// The reading or the error code.
        result: Result<ClientReading, HResult>,
        /// True if this process and the client have the same integrity level, where known.
        same_level: Option<bool>,
    },
    /// An event of the client.
    Event(ClientEvent),
}

/// Event of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// A sign-in has succeeded or failed.
    SignIn(HResult),
    /// The user has signed out.
    SignOut,
    /// The presence of the user has changed to this one.
    Presence(AccountSignIn),
    /// Another change.
    Changed,
    /// The client shuts down.
    ShuttingDown,
}

/// Action for the caller of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionAction {
    /// Create the object, subscribe to its events and read it, with this number.
    Connect(u32),
    /// Read the client, with this number.
    Read(u32),
    /// Drop the connection and its pending read without a call: the client exits or has exited.
    Disconnect,
    /// Report the state.
    Report(SessionState),
}

/// State of a client, as the session reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// True if the client runs.
    pub life: Life,
    /// Its account.
    pub account: Option<SessionAccount>,
}

/// Account of a client, as the session reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAccount {
    /// The name that the user signs in with.
    pub account: String,
    /// The display name of the user.
    pub name: Option<String>,
    /// The sign-in state.
    pub sign_in: AccountSignIn,
}

/// The name of an account whose name is unknown.
const NOT_NAMED: &str = "(not named)";

/// Session state machine of one client.
#[derive(Debug)]
pub struct ClientSession {
    keepalive: Keepalive,
    phase: SessionPhase,
    processes: BTreeSet<u32>,
    last_read: u32,
    pending: Option<PendingRead>,
    /// The next moment to act without an input.
    next: Option<Moment>,
    /// The moment after which a client that is not ready is not starting any more.
    ready_by: Moment,
    /// The number of failures in a row.
    failures: u32,
    /// The end of the time in which no signed-in status counts.
    signed_out_until: Option<Moment>,
    /// The failure of the last sign-in.
    sign_in_failure: Option<SignInFailure>,
    trust: EventTrust,
    account: Option<String>,
    name: Option<String>,
    actions: Vec<SessionAction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionPhase {
    /// The client does not run, or is starting.
    Down,
    /// The session has no connection yet.
    Disconnected,
    /// The session has a connection.
    Connected,
    /// The client has announced that it shuts down.
    ShuttingDown,
}

#[derive(Clone, Copy, Debug)]
struct PendingRead {
    number: u32,
    sent_at: Moment,
    /// A later event needs another read.
    repeat: bool,
    /// The result may be older than a sign-out.
    is_outdated: bool,
    /// The result may be older than a reported presence.
    precedes_presence: bool,
    /// The timeout has elapsed.
    is_late: bool,
}

impl ClientSession {
    /// A session with a client that does not run.
    ///
    /// `trusts_events` is false for a client whose events are known to carry a wrong presence.
    #[must_use]
    pub const fn new(keepalive: Keepalive, trusts_events: bool) -> Self {
        Self {
            keepalive,
            phase: SessionPhase::Down,
            processes: BTreeSet::new(),
            last_read: 0,
            pending: None,
            next: None,
            ready_by: Moment::START,
            failures: 0,
            signed_out_until: None,
            sign_in_failure: None,
            trust: EventTrust::new(trusts_events),
            account: None,
            name: None,
            actions: Vec::new(),
        }
    }

    /// Handles an input, and returns the actions in order.
    #[must_use = "the session expects the caller to perform each action once"]
    pub fn handle(&mut self, now: Moment, input: SessionInput) -> Vec<SessionAction> {
        let mut actions = self.advance(now);
        match input {
            SessionInput::Process(process) => self.handle_process(now, process),
            SessionInput::ReadDone { read, result, same_level } => {
                self.handle_result(now, read, result, same_level);
            }
            SessionInput::Event(event) => self.handle_event(now, event),
        }
        actions.append(&mut self.actions);
        actions
    }

    /// Handles elapsed deadlines, and returns the actions in order.
    #[must_use = "the session expects the caller to perform each action once"]
    pub fn advance(&mut self, now: Moment) -> Vec<SessionAction> {
        if let Some(read) = &mut self.pending
            && !read.is_late
            && read.sent_at.after(self.keepalive.timeout) <= now
        {
            read.is_late = true;
            self.report(Life::Unknown(UnknownReason::NotResponding), None);
        }
        if self.next.is_some_and(|next| next <= now) {
            self.next = None;
            match self.phase {
                SessionPhase::Down => {}
                SessionPhase::Disconnected => self.connect(now),
                SessionPhase::ShuttingDown => {
                    self.phase = SessionPhase::Disconnected;
                    self.connect(now);
                }
                SessionPhase::Connected => self.read(now),
            }
        }
        mem::take(&mut self.actions)
    }

    /// Returns whether no read is pending, except one whose timeout has elapsed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.pending.is_none_or(|read| read.is_late)
    }

    /// The moment of the next call to [`ClientSession::advance`], if no input comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let read = self.pending.filter(|read| !read.is_late);
        let timeout = read.map(|read| read.sent_at.after(self.keepalive.timeout));
        [timeout, self.next].into_iter().flatten().min()
    }

    fn handle_process(&mut self, now: Moment, process: ProcessState) {
        match process {
            ProcessState::Closed(life) => self.end(life),
            ProcessState::Open { processes, age } => {
                // Other processes than before mean a restart without a notice.
                if self.phase != SessionPhase::Down && self.processes.is_disjoint(&processes) {
                    self.end(Life::Absent);
                }
                self.processes = processes;
                // A client of unknown age may have run for long.
                let left = age.map(|age| self.keepalive.timeout.saturating_sub(age));
                self.ready_by = left.map_or(now, |left| now.after(left));
                match self.phase {
                    SessionPhase::Down => {
                        self.phase = SessionPhase::Disconnected;
                        self.report(Life::Starting, None);
                        self.connect(now);
                    }
                    // A change in the registry may end the failure.
                    SessionPhase::Disconnected if self.pending.is_none() => self.connect(now),
                    SessionPhase::Disconnected
                    | SessionPhase::Connected
                    | SessionPhase::ShuttingDown => {}
                }
            }
        }
    }

    /// Resets the session after the client has exited.
    fn end(&mut self, life: Life) {
        if self.phase != SessionPhase::Down {
            self.actions.push(SessionAction::Disconnect);
        }
        self.report(life, None);
        let (keepalive, last_read) = (self.keepalive, self.last_read);
        let (trust, actions) = (self.trust.clone(), mem::take(&mut self.actions));
        *self = Self { last_read, trust, actions, ..Self::new(keepalive, true) };
    }

    fn connect(&mut self, now: Moment) {
        self.start_read(now, SessionAction::Connect);
    }

    /// Reads the client, or repeats the pending read once it is done.
    fn read(&mut self, now: Moment) {
        match &mut self.pending {
            Some(read) => read.repeat = true,
            None => self.start_read(now, SessionAction::Read),
        }
    }

    fn start_read(&mut self, now: Moment, action: fn(u32) -> SessionAction) {
        self.last_read = self.last_read.wrapping_add(1);
        let number = self.last_read;
        self.pending = Some(PendingRead {
            number,
            sent_at: now,
            repeat: false,
            is_outdated: false,
            precedes_presence: false,
            is_late: false,
        });
        self.next = None;
        self.actions.push(action(number));
    }

    fn handle_result(
        &mut self,
        now: Moment,
        number: u32,
        result: Result<ClientReading, HResult>,
        same_level: Option<bool>,
    ) {
        let Some(read) = self.pending.filter(|read| read.number == number) else {
            return;
        };
        self.pending = None;
        match result {
            Ok(reading) => {
                self.phase = SessionPhase::Connected;
                self.failures = 0;
                self.next = Some(now.after(self.keepalive.interval));
                self.apply(now, reading, read);
                if read.repeat && self.phase == SessionPhase::Connected {
                    self.read(now);
                }
            }
            Err(code) => self.handle_failure(now, code, same_level),
        }
    }

    fn apply(&mut self, now: Moment, reading: ClientReading, read: PendingRead) {
        self.account = reading.account.or(self.account.take());
        self.name = reading.name.or(self.name.take());
        let sign_in = match reading.status {
            ReportedStatus::Starting => return self.report(Life::Starting, None),
            ReportedStatus::ShuttingDown => return self.shut_down(now),
            ReportedStatus::NotReported => {
                return self.report(Life::Unknown(UnknownReason::NotSupported), None);
            }
            ReportedStatus::SignIn(AccountSignIn::SignedOut(_)) => return self.report_signed_out(),
            ReportedStatus::SignIn(sign_in) => sign_in,
        };
        let is_signed_in = matches!(sign_in, AccountSignIn::SignedIn { .. });
        if is_signed_in && (read.is_outdated || self.is_sign_out_held(now)) {
            // The client has reported a sign-out. A later read shows it.
            self.next = Some(self.signed_out_until.unwrap_or(now.after(SIGN_OUT_HOLD)));
            return self.report_signed_out();
        }
        self.sign_in_failure = None;
        self.signed_out_until = None;
        // The next read is pending.
        if is_signed_in && read.precedes_presence {
            return;
        }
        if is_signed_in && self.trust.is_contradicted_by(&sign_in) {
            self.next = Some(now.after(CONTRADICTION_RETRY));
        }
        self.report(Life::Running, Some(sign_in));
    }

    fn is_sign_out_held(&self, now: Moment) -> bool {
        self.signed_out_until.is_some_and(|until| now < until)
    }

    fn report_signed_out(&mut self) {
        self.report(Life::Running, Some(AccountSignIn::SignedOut(self.sign_in_failure)));
    }

    fn handle_failure(&mut self, now: Moment, code: HResult, same_level: Option<bool>) {
        let was_connected =
            mem::replace(&mut self.phase, SessionPhase::Disconnected) == SessionPhase::Connected;
        if was_connected {
            self.actions.push(SessionAction::Disconnect);
        }
        let times = self.failures;
        self.failures = times.saturating_add(1);
        let mut wait = WAIT_MIN.saturating_mul(1 << times.min(8)).min(WAIT_MAX);
        match read_failure(code, same_level) {
            ReadFailure::SignedOut => self.report_signed_out(),
            ReadFailure::Busy => self.report(Life::Unknown(UnknownReason::NotResponding), None),
            ReadFailure::Denied => {
                wait = self.keepalive.interval;
                self.report(Life::Unknown(UnknownReason::AccessDenied), None);
            }
            ReadFailure::NotSupported => {
                wait = self.keepalive.interval;
                self.report(Life::Unknown(UnknownReason::NotSupported), None);
            }
            ReadFailure::NotReady(_) if now < self.ready_by => {
                wait = wait.min(self.ready_by.since(now));
                self.report(Life::Starting, None);
            }
            ReadFailure::NotReady(reason) => self.report(Life::Unknown(reason), None),
        }
        self.next = Some(now.after(wait));
    }

    fn handle_event(&mut self, now: Moment, event: ClientEvent) {
        // The subscription precedes the first read, so an event may precede the result.
        let is_subscribed = match self.phase {
            SessionPhase::Connected => true,
            SessionPhase::Disconnected => self.pending.is_some(),
            SessionPhase::Down | SessionPhase::ShuttingDown => false,
        };
        if !is_subscribed {
            return;
        }
        match event {
            ClientEvent::ShuttingDown => return self.shut_down(now),
            ClientEvent::SignIn(code) if code.is_failure() => {
                self.sign_in_failure = Some(crate::vocabulary::failure(code));
                self.report_signed_out();
            }
            ClientEvent::SignIn(_) => {
                self.sign_in_failure = None;
                self.signed_out_until = None;
            }
            ClientEvent::SignOut => {
                self.signed_out_until = Some(now.after(SIGN_OUT_HOLD));
                if let Some(read) = &mut self.pending {
                    read.is_outdated = true;
                }
                self.report_signed_out();
            }
            ClientEvent::Presence(presence) => self.handle_presence(now, presence),
            ClientEvent::Changed => {}
        }
        self.read(now);
    }

    /// Reports the presence of an event, if it counts before the next read.
    fn handle_presence(&mut self, now: Moment, presence: AccountSignIn) {
        let is_late = self.pending.is_some_and(|read| read.is_late);
        if is_late || self.is_sign_out_held(now) || !self.trust.accepts(&presence) {
            return;
        }
        if let Some(read) = &mut self.pending {
            read.precedes_presence = true;
        }
        self.report(Life::Running, Some(presence));
    }

    fn shut_down(&mut self, now: Moment) {
        self.phase = SessionPhase::ShuttingDown;
        self.pending = None;
        self.actions.push(SessionAction::Disconnect);
        self.report(Life::ShuttingDown, None);
        self.next = Some(now.after(SHUTDOWN_MAX));
    }

    fn report(&mut self, life: Life, sign_in: Option<AccountSignIn>) {
        if !matches!(sign_in, Some(AccountSignIn::SignedIn { .. })) {
            self.trust.forget();
        }
        let has_failed = matches!(sign_in, Some(AccountSignIn::SignedOut(Some(_))));
        let is_in = !matches!(sign_in, None | Some(AccountSignIn::SignedOut(_)));
        // A substitute name only where the account says more than the client alone.
        let substitute = (has_failed || is_in).then(|| NOT_NAMED.to_owned());
        let account = sign_in.and_then(|sign_in| {
            let account = self.account.clone().or(substitute)?;
            Some(SessionAccount { account, name: self.name.clone(), sign_in })
        });
        self.actions.push(SessionAction::Report(SessionState { life, account }));
    }
}
