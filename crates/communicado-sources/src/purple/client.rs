//! What is known of one running libpurple client. Pure: answers and signals in, questions out.
//!
//! A client sends its signals and its answers in one order, so each of them is a fact as of its
//! place in that order, and the facts are right as of the last message. A signal is believed at
//! once and confirmed by asking, which costs the listener no time.
//!
//! Signed in is `PurpleAccountIsConnected` and nothing else: the status, the saved status and the
//! names of signals all say "available" at times when nobody is signed in.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::Failure;

use super::message::{Answer, Call, Handle, Signal};
use crate::bus::{SignIn, View, cut};
use crate::vocabulary;

/// The first so many accounts are looked at; each costs questions and memory.
const ACCOUNTS_MAX: usize = 256;
/// A handful of accounts have a dozen statuses each; more than this is a fault of the client's.
const STATUSES_MAX: usize = 16 * ACCOUNTS_MAX;
/// What a client is called that does not say what it is.
pub(super) const NAMELESS: &str = "libpurple";
/// The vocabulary of a protocol has twenty statuses or so.
const STATUSES_AHEAD_MAX: usize = 64;
/// Who answers nonsense this often is no libpurple client.
const NONSENSE_MAX: u32 = 8;
/// The error for a handle that stands for nothing any more.
const INVALID_HANDLE: &str = "im.pidgin.purple.InvalidHandle";

/// What is known of one running libpurple client.
#[derive(Debug, Default)]
pub(super) struct Client {
    ui: Option<String>,
    accounts: Option<BTreeMap<Handle, Account>>,
    enabled: Option<BTreeSet<Handle>>,
    /// Why sign-ins failed. Said once by a signal, perhaps before the account is known, and never
    /// again: there is no asking for it.
    failures: BTreeMap<Handle, Failure>,
    saved: Saved,
    statuses: BTreeMap<Handle, Status>,
    primitives: BTreeMap<Handle, i32>,
    nonsense: u32,
}

#[derive(Debug, Default)]
struct Account {
    username: Option<String>,
    protocol: Option<String>,
    connected: Option<bool>,
    connecting: Option<bool>,
    has_error: Option<bool>,
    status: Option<Handle>,
    /// Every status that it can have was asked for.
    looked_ahead: bool,
}

#[derive(Debug, Default)]
struct Status {
    id: Option<String>,
    /// Only asked for where the id is not in the vocabulary.
    status_type: Option<Handle>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Saved {
    #[default]
    NotAsked,
    Handle(Handle),
    Primitive(i32),
    None,
}

impl Client {
    /// The questions that begin it.
    pub(super) const FIRST: [Call; 4] = [Call::Ui, Call::Accounts, Call::Enabled, Call::Saved];

    /// The same client, of which all is to be asked anew but what cannot be asked.
    pub(super) fn again(self) -> Self {
        Self { failures: self.failures, ..Self::default() }
    }

    /// The id of the client's user interface, once it is known.
    pub(super) fn ui(&self) -> Option<&str> {
        self.ui.as_deref()
    }

    /// Whether what answers is no libpurple client after all: it answers nonsense again and
    /// again, or it has answered all that it was asked and nothing came of it.
    pub(super) fn is_foreign(&self, answered_all: bool) -> bool {
        self.nonsense >= NONSENSE_MAX
            || (self.nonsense > 0 && answered_all && self.view().is_none())
    }

    /// What to ask when there is nothing else to: every status that an account can have, so that
    /// a change to one that it never had can be told without asking.
    pub(super) fn ahead(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        for (handle, account) in self.accounts.iter_mut().flatten() {
            if !std::mem::replace(&mut account.looked_ahead, true) {
                calls.push(Call::Presence(*handle));
            }
        }
        calls
    }

    /// Forgives nonsense, once all that was asked was answered.
    pub(super) const fn makes_sense(&mut self) {
        self.nonsense = 0;
    }

    /// Takes in a signal and returns what is to be asked.
    pub(super) fn signal(&mut self, signal: Signal) -> Vec<Call> {
        match signal {
            Signal::Quitting => Vec::new(),
            Signal::Accounts | Signal::Garbled => Self::FIRST.to_vec(),
            Signal::Saved(saved) => {
                self.saved = Saved::Handle(saved);
                vec![Call::SavedType(saved)]
            }
            Signal::Enabled(account) => {
                self.enabled.get_or_insert_default().insert(account);
                self.happened(account, |_| ())
            }
            Signal::Disabled(account) => {
                self.enabled.get_or_insert_default().remove(&account);
                self.happened(account, |_| ())
            }
            Signal::Connecting(account) => self.happened(account, |known| {
                (known.connected, known.connecting) = (Some(false), Some(true));
            }),
            Signal::SignedOn(account) => {
                self.failures.remove(&account);
                self.happened(account, |known| {
                    (known.connected, known.connecting) = (Some(true), Some(false));
                    known.has_error = Some(false);
                })
            }
            Signal::SignedOff(account) => self.happened(account, |known| {
                (known.connected, known.connecting) = (Some(false), Some(false));
            }),
            Signal::ErrorChanged { account, error } => {
                self.set_error(account, error != 0);
                self.happened(account, |_| ())
            }
            Signal::ConnectionError { account, reason } => {
                if self.failures.len() < ACCOUNTS_MAX {
                    self.failures.insert(account, failure(reason));
                }
                self.happened(account, |known| known.has_error = Some(true))
            }
            Signal::StatusChanged { account, status } => {
                // A mood or a tune is a status beside the active one, and an unknown one may be.
                let active = self.is_presence(status);
                let mut calls = self.happened(account, |known| {
                    known.status = if active { Some(status) } else { known.status };
                });
                calls.extend(self.unknown_of(status));
                calls
            }
        }
    }

    /// Takes in an answer and returns what is to be asked next.
    pub(super) fn answer(&mut self, call: Call, answer: Answer) -> Vec<Call> {
        match (call, answer) {
            (Call::Ui, Answer::Text(ui)) if ui.is_empty() => self.ui = Some(NAMELESS.to_owned()),
            (Call::Ui, Answer::Text(ui)) => self.ui = Some(cut(ui)),
            (Call::Accounts, Answer::Numbers(handles)) => return self.set_accounts(&handles),
            (Call::Enabled, Answer::Numbers(handles)) => {
                self.enabled = Some(handles.into_iter().collect());
            }
            (Call::Saved, Answer::Number(0)) => self.saved = Saved::None,
            (Call::Saved, Answer::Number(saved)) => {
                self.saved = Saved::Handle(saved);
                return vec![Call::SavedType(saved)];
            }
            (Call::SavedType(saved), Answer::Number(primitive)) => {
                if self.saved == Saved::Handle(saved) {
                    self.saved = Saved::Primitive(primitive);
                }
            }
            (Call::Username(account), Answer::Text(name)) => {
                self.learn(account, |known| known.username = Some(cut(name)));
            }
            (Call::Protocol(account), Answer::Text(protocol)) => {
                self.learn(account, |known| known.protocol = Some(cut(protocol)));
            }
            (Call::IsConnected(account), Answer::Number(yes)) => {
                self.learn(account, |known| known.connected = Some(yes != 0));
            }
            (Call::IsConnecting(account), Answer::Number(yes)) => {
                self.learn(account, |known| known.connecting = Some(yes != 0));
            }
            (Call::Error(account), Answer::Number(error)) => {
                self.set_error(account, error != 0);
            }
            (Call::Status(account), Answer::Number(status)) => {
                self.learn(account, |known| known.status = Some(status));
                return self.unknown_of(status);
            }
            (Call::Presence(_), Answer::Number(presence)) => return vec![Call::Statuses(presence)],
            (Call::Statuses(_), Answer::Numbers(statuses)) => {
                let statuses = statuses.into_iter().take(STATUSES_AHEAD_MAX);
                return statuses.flat_map(|status| self.unknown_of(status)).collect();
            }
            // Without an answer to these, it is asked when it matters.
            (Call::Presence(_) | Call::Statuses(_), _) => {}
            (Call::StatusId(status), Answer::Text(id)) => {
                let known = vocabulary::purple_status(&id).is_some();
                self.status(status).id = Some(cut(id));
                if !known {
                    return vec![Call::StatusType(status)];
                }
            }
            (Call::StatusType(status), Answer::Number(status_type)) => {
                self.status(status).status_type = Some(status_type);
                return vec![Call::Primitive(status_type)];
            }
            (Call::Primitive(status_type), Answer::Number(primitive)) => {
                self.primitives.insert(status_type, primitive);
            }
            (call, Answer::Error(name)) if name == INVALID_HANDLE => return self.forget(call),
            (_, _) => self.nonsense = self.nonsense.saturating_add(1),
        }
        Vec::new()
    }

    /// All that is known, or nothing while too little is.
    pub(super) fn view(&self) -> Option<View> {
        let enabled = self.enabled.as_ref()?;
        let mut view = View::default();
        for (handle, account) in self.accounts.as_ref()? {
            let connected = account.connected?;
            let connecting = account.connecting?;
            let has_error = account.has_error?;
            let shown = enabled.contains(handle) || connected || connecting || has_error;
            let name = (account.username.clone()?, account.protocol.clone()?);
            let sign_in = if connected {
                self.signed_in(account.status?)?
            } else if connecting {
                SignIn::SigningIn
            } else {
                let failure = self.failures.get(handle).copied().unwrap_or(Failure::Unstated);
                SignIn::SignedOut(has_error.then_some(failure))
            };
            if shown {
                view.accounts.insert(name, sign_in);
            }
        }
        view.saved = match self.saved {
            Saved::NotAsked | Saved::Handle(_) => return None,
            Saved::None => None,
            Saved::Primitive(primitive) => Some(vocabulary::purple_primitive_id(primitive)),
        };
        Some(view)
    }

    fn signed_in(&self, status: Handle) -> Option<SignIn> {
        let status = self.statuses.get(&status)?;
        let raw = status.id.clone()?;
        let meaning = vocabulary::purple_status(&raw);
        let (availability, activity) = match meaning {
            Some(meaning) => meaning,
            None => vocabulary::purple_primitive(*self.primitives.get(&status.status_type?)?),
        };
        Some(SignIn::SignedIn { availability, activity, raw })
    }

    /// Whether a status is known to say how reachable the user is.
    fn is_presence(&self, status: Handle) -> bool {
        let id = self.statuses.get(&status).and_then(|status| status.id.as_deref());
        id.is_some_and(|id| vocabulary::purple_status(id).is_some())
    }

    fn unknown_of(&self, status: Handle) -> Vec<Call> {
        match self.statuses.get(&status) {
            Some(Status { id: Some(_), .. }) => Vec::new(),
            Some(Status { id: None, .. }) | None => vec![Call::StatusId(status)],
        }
    }

    fn status(&mut self, status: Handle) -> &mut Status {
        if self.statuses.len() >= STATUSES_MAX {
            // Of those that are in use nothing would be asked again.
            let accounts = self.accounts.iter().flat_map(BTreeMap::values);
            let used: BTreeSet<Handle> = accounts.filter_map(|account| account.status).collect();
            self.statuses.retain(|status, _| used.contains(status));
            let types = self.statuses.values().filter_map(|status| status.status_type);
            let types: BTreeSet<Handle> = types.collect();
            self.primitives.retain(|status_type, _| types.contains(status_type));
        }
        self.statuses.entry(status).or_default()
    }

    /// Believes what a signal says of an account, and returns what confirms it.
    fn happened(&mut self, account: Handle, change: impl FnOnce(&mut Account)) -> Vec<Call> {
        if !self.learn(account, change) {
            return vec![Call::Accounts, Call::Enabled];
        }
        vec![
            Call::IsConnected(account),
            Call::IsConnecting(account),
            Call::Error(account),
            Call::Status(account),
        ]
    }

    fn set_error(&mut self, account: Handle, has_error: bool) {
        if !has_error {
            self.failures.remove(&account);
        }
        self.learn(account, |known| known.has_error = Some(has_error));
    }

    fn learn(&mut self, account: Handle, change: impl FnOnce(&mut Account)) -> bool {
        let known = self.accounts.as_mut().and_then(|accounts| accounts.get_mut(&account));
        known.map(change).is_some()
    }

    /// Takes in the list of accounts, and returns what is not known of those that are new.
    fn set_accounts(&mut self, handles: &[Handle]) -> Vec<Call> {
        let handles: BTreeSet<Handle> = handles.iter().copied().take(ACCOUNTS_MAX).collect();
        let accounts = self.accounts.get_or_insert_default();
        accounts.retain(|handle, _| handles.contains(handle));
        self.failures.retain(|handle, _| handles.contains(handle));
        let mut calls = Vec::new();
        for handle in handles {
            if accounts.contains_key(&handle) {
                continue;
            }
            accounts.insert(handle, Account::default());
            calls.extend([
                Call::Username(handle),
                Call::Protocol(handle),
                Call::IsConnected(handle),
                Call::IsConnecting(handle),
                Call::Error(handle),
                Call::Status(handle),
            ]);
        }
        calls
    }

    /// Forgets the object that a question was about and that is no more.
    fn forget(&mut self, call: Call) -> Vec<Call> {
        self.nonsense = self.nonsense.saturating_add(1);
        match call {
            Call::SavedType(_) => {
                self.saved = Saved::NotAsked;
                vec![Call::Saved]
            }
            Call::StatusId(status) | Call::StatusType(status) => {
                self.statuses.remove(&status);
                let accounts = self.accounts.iter().flatten();
                let of = accounts.filter(|(_, account)| account.status == Some(status));
                let again = of.map(|(account, _)| Call::Status(*account));
                std::iter::once(Call::Accounts).chain(again).collect()
            }
            Call::Username(account)
            | Call::Protocol(account)
            | Call::IsConnected(account)
            | Call::IsConnecting(account)
            | Call::Error(account)
            | Call::Status(account) => {
                if let Some(accounts) = &mut self.accounts {
                    accounts.remove(&account);
                }
                vec![Call::Accounts]
            }
            Call::Ui
            | Call::Accounts
            | Call::Enabled
            | Call::Saved
            | Call::Presence(_)
            | Call::Statuses(_)
            | Call::Primitive(_) => Vec::new(),
        }
    }
}

/// The kind of a `PurpleConnectionError` (`connection.h` of libpurple 2.14).
const fn failure(reason: i32) -> Failure {
    match reason {
        0 => Failure::NetworkError,
        1 => Failure::InvalidUsername,
        2 => Failure::AuthenticationFailed,
        3 => Failure::AuthenticationImpossible,
        4 => Failure::NoEncryption,
        5 => Failure::EncryptionError,
        6 => Failure::SignedInElsewhere,
        7 => Failure::InvalidSettings,
        8..=15 => Failure::CertificateError,
        _ => Failure::OtherError,
    }
}
