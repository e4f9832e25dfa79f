//! State of one running libpurple client. Pure: replies and signals go in, calls come out.
//!
//! A client sends its signals and replies in one order, so the state is correct as of the last
//! message. A signal takes effect at once, and calls confirm it afterwards. Sinks do not wait for
//! the confirmation.
//!
//! Only `PurpleAccountIsConnected` means signed in. The status, the saved status and the signals
//! can all say "available" while the account is signed out.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::SignInFailure;

use super::html;
use super::message::{Handle, PurpleCall, PurpleReply, PurpleSignal};
use crate::bus::cut;
use crate::client_reporter::ClientDetails;
use crate::sign_in::AccountSignIn;
use crate::vocabulary;

/// The maximum number of accounts. Each one costs calls and memory.
const ACCOUNTS_MAX: usize = 256;
/// The maximum number of statuses. An account has about a dozen; more is a fault of the client.
const STATUSES_MAX: usize = 16 * ACCOUNTS_MAX;
/// The name of a client that does not identify itself.
pub(super) const NAMELESS: &str = "libpurple";
/// The maximum number of statuses to prefetch for an account. A protocol has about twenty.
const STATUSES_AHEAD_MAX: usize = 64;
/// The number of invalid replies that shows that the program is not a libpurple client.
const INVALID_REPLIES_MAX: u32 = 8;
/// The error for a handle whose object is gone.
const INVALID_HANDLE: &str = "im.pidgin.purple.InvalidHandle";

/// State of one running libpurple client.
#[derive(Debug, Default)]
pub(super) struct PurpleClient {
    ui: Option<String>,
    accounts: Option<BTreeMap<Handle, PurpleAccount>>,
    enabled: Option<BTreeSet<Handle>>,
    /// The failures of sign-ins. A signal reports each one once, perhaps before the account is
    /// known, and no call returns it.
    failures: BTreeMap<Handle, SignInFailure>,
    saved: SavedStatus,
    statuses: BTreeMap<Handle, PurpleStatus>,
    primitives: BTreeMap<Handle, i32>,
    invalid_replies: u32,
}

#[derive(Debug, Default)]
struct PurpleAccount {
    username: Option<String>,
    protocol: Option<String>,
    connected: Option<bool>,
    connecting: Option<bool>,
    has_error: Option<bool>,
    status: Option<Handle>,
    /// True if all its statuses have been requested.
    is_prefetched: bool,
}

#[derive(Debug, Default)]
struct PurpleStatus {
    id: Option<String>,
    /// The message as plain text.
    note: Option<String>,
    /// Requested only if the ID is not in the vocabulary.
    status_type: Option<Handle>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum SavedStatus {
    #[default]
    Unrequested,
    Handle(Handle),
    Primitive(i32),
    None,
}

impl PurpleClient {
    /// The first calls.
    pub(super) const FIRST: [PurpleCall; 4] =
        [PurpleCall::Ui, PurpleCall::Accounts, PurpleCall::Enabled, PurpleCall::Saved];

    /// A client without state, except for the state that no call returns.
    pub(super) fn into_restarted(self) -> Self {
        Self { failures: self.failures, ..Self::default() }
    }

    /// The ID of the client's user interface, once known.
    pub(super) fn ui(&self) -> Option<&str> {
        self.ui.as_deref()
    }

    /// Returns whether the program is not a libpurple client: it sends many invalid replies, or has
    /// replied to all calls without a usable result.
    pub(super) fn is_incompatible(&self, replied_to_all: bool) -> bool {
        self.invalid_replies >= INVALID_REPLIES_MAX
            || (self.invalid_replies > 0 && replied_to_all && self.details().is_none())
    }

    /// Calls for all statuses of all accounts. A later change to one of them needs no call before
    /// its report.
    pub(super) fn prefetch(&mut self) -> Vec<PurpleCall> {
        let mut calls = Vec::new();
        for (handle, account) in self.accounts.iter_mut().flatten() {
            if !std::mem::replace(&mut account.is_prefetched, true) {
                calls.push(PurpleCall::Presence(*handle));
            }
        }
        calls
    }

    /// Forgets invalid replies, once the client's details are known.
    pub(super) const fn reset_invalid_replies(&mut self) {
        self.invalid_replies = 0;
    }

    /// Applies a signal, and returns the calls that confirm it.
    pub(super) fn handle_signal(&mut self, signal: PurpleSignal) -> Vec<PurpleCall> {
        match signal {
            PurpleSignal::Quitting => Vec::new(),
            PurpleSignal::Accounts | PurpleSignal::Malformed => Self::FIRST.to_vec(),
            PurpleSignal::Saved(saved) => {
                self.saved = SavedStatus::Handle(saved);
                vec![PurpleCall::SavedType(saved)]
            }
            PurpleSignal::Enabled(account) => {
                self.enabled.get_or_insert_default().insert(account);
                self.update_account(account, |_| ())
            }
            PurpleSignal::Disabled(account) => {
                self.enabled.get_or_insert_default().remove(&account);
                self.update_account(account, |_| ())
            }
            PurpleSignal::Connecting(account) => self.update_account(account, |known| {
                (known.connected, known.connecting) = (Some(false), Some(true));
            }),
            PurpleSignal::SignedOn(account) => {
                self.failures.remove(&account);
                self.update_account(account, |known| {
                    (known.connected, known.connecting) = (Some(true), Some(false));
                    known.has_error = Some(false);
                })
            }
            PurpleSignal::SignedOff(account) => self.update_account(account, |known| {
                (known.connected, known.connecting) = (Some(false), Some(false));
            }),
            PurpleSignal::ErrorChanged { account, error } => {
                self.set_error(account, error != 0);
                self.update_account(account, |_| ())
            }
            PurpleSignal::ConnectionError { account, reason } => {
                if self.failures.len() < ACCOUNTS_MAX {
                    self.failures.insert(account, failure(reason));
                }
                self.update_account(account, |known| known.has_error = Some(true))
            }
            PurpleSignal::StatusChanged { account, status } => {
                // A mood or a tune is a status beside the active one. An unknown status may be too.
                let is_active = self.is_presence(status);
                let mut is_new = false;
                let mut calls = self.update_account(account, |known| {
                    if is_active {
                        is_new = known.status.replace(status) != Some(status);
                    }
                });
                if is_new {
                    // The status may have had another message the last time.
                    self.status(status).note = None;
                }
                calls.push(PurpleCall::Message(status));
                calls.extend(self.status_calls(status));
                calls
            }
        }
    }

    /// Applies a reply, and returns the next calls.
    pub(super) fn handle_reply(&mut self, call: PurpleCall, reply: PurpleReply) -> Vec<PurpleCall> {
        match (call, reply) {
            (PurpleCall::Ui, PurpleReply::Text(ui)) if ui.is_empty() => {
                self.ui = Some(NAMELESS.to_owned())
            }
            (PurpleCall::Ui, PurpleReply::Text(ui)) => self.ui = Some(cut(ui)),
            (PurpleCall::Accounts, PurpleReply::Numbers(handles)) => {
                return self.set_accounts(&handles);
            }
            (PurpleCall::Enabled, PurpleReply::Numbers(handles)) => {
                self.enabled = Some(handles.into_iter().collect());
            }
            (PurpleCall::Saved, PurpleReply::Number(0)) => self.saved = SavedStatus::None,
            (PurpleCall::Saved, PurpleReply::Number(saved)) => {
                self.saved = SavedStatus::Handle(saved);
                return vec![PurpleCall::SavedType(saved)];
            }
            (PurpleCall::SavedType(saved), PurpleReply::Number(primitive)) => {
                if self.saved == SavedStatus::Handle(saved) {
                    self.saved = SavedStatus::Primitive(primitive);
                }
            }
            (PurpleCall::Username(account), PurpleReply::Text(name)) => {
                self.modify(account, |known| known.username = Some(cut(name)));
            }
            (PurpleCall::Protocol(account), PurpleReply::Text(protocol)) => {
                self.modify(account, |known| known.protocol = Some(cut(protocol)));
            }
            (PurpleCall::IsConnected(account), PurpleReply::Number(yes)) => {
                self.modify(account, |known| known.connected = Some(yes != 0));
            }
            (PurpleCall::IsConnecting(account), PurpleReply::Number(yes)) => {
                self.modify(account, |known| known.connecting = Some(yes != 0));
            }
            (PurpleCall::Error(account), PurpleReply::Number(error)) => {
                self.set_error(account, error != 0);
            }
            (PurpleCall::Status(account), PurpleReply::Number(status)) => {
                let mut is_new = false;
                self.modify(account, |known| {
                    is_new = known.status.replace(status) != Some(status);
                });
                let mut calls = self.status_calls(status);
                if is_new && calls.is_empty() {
                    self.status(status).note = None;
                    calls.push(PurpleCall::Message(status));
                }
                return calls;
            }
            (PurpleCall::Presence(_), PurpleReply::Number(presence)) => {
                return vec![PurpleCall::Statuses(presence)];
            }
            (PurpleCall::Statuses(_), PurpleReply::Numbers(statuses)) => {
                let statuses = statuses.into_iter().take(STATUSES_AHEAD_MAX);
                return statuses.flat_map(|status| self.status_calls(status)).collect();
            }
            // Without a prefetched status, a later change requests it.
            (PurpleCall::Presence(_) | PurpleCall::Statuses(_), _) => {}
            (PurpleCall::Message(status), PurpleReply::Text(message)) => {
                self.status(status).note = html::note(&message);
            }
            (PurpleCall::StatusId(status), PurpleReply::Text(id)) => {
                let known = vocabulary::purple_status(&id).is_some();
                self.status(status).id = Some(cut(id));
                if !known {
                    return vec![PurpleCall::StatusType(status)];
                }
            }
            (PurpleCall::StatusType(status), PurpleReply::Number(status_type)) => {
                self.status(status).status_type = Some(status_type);
                return vec![PurpleCall::Primitive(status_type)];
            }
            (PurpleCall::Primitive(status_type), PurpleReply::Number(primitive)) => {
                self.primitives.insert(status_type, primitive);
            }
            (call, PurpleReply::Error(name)) if name == INVALID_HANDLE => return self.forget(call),
            // The status counts without its message too.
            (PurpleCall::Message(status), _) => self.status(status).note = None,
            (_, _) => self.invalid_replies = self.invalid_replies.saturating_add(1),
        }
        Vec::new()
    }

    /// The accounts and the saved status, once all of them are known.
    pub(super) fn details(&self) -> Option<ClientDetails> {
        let enabled = self.enabled.as_ref()?;
        let mut details = ClientDetails::default();
        for (handle, account) in self.accounts.as_ref()? {
            let connected = account.connected?;
            let connecting = account.connecting?;
            let has_error = account.has_error?;
            let is_shown = enabled.contains(handle) || connected || connecting || has_error;
            let name = (account.username.clone()?, account.protocol.clone()?);
            let sign_in = if connected {
                self.signed_in(account.status?)?
            } else if connecting {
                AccountSignIn::SigningIn
            } else {
                let failure = self.failures.get(handle).copied().unwrap_or(SignInFailure::Unstated);
                AccountSignIn::SignedOut(has_error.then_some(failure))
            };
            if is_shown {
                details.accounts.insert(name, sign_in);
            }
        }
        details.saved = match self.saved {
            SavedStatus::Unrequested | SavedStatus::Handle(_) => return None,
            SavedStatus::None => None,
            SavedStatus::Primitive(primitive) => Some(vocabulary::purple_primitive_id(primitive)),
        };
        Some(details)
    }

    fn signed_in(&self, status: Handle) -> Option<AccountSignIn> {
        let status = self.statuses.get(&status)?;
        let raw = status.id.clone()?;
        let meaning = vocabulary::purple_status(&raw);
        let (availability, activity) = match meaning {
            Some(meaning) => meaning,
            None => vocabulary::purple_primitive(*self.primitives.get(&status.status_type?)?),
        };
        let note = status.note.clone();
        Some(AccountSignIn::SignedIn { availability, activity, raw, note })
    }

    /// Returns whether the vocabulary has a presence for a status.
    fn is_presence(&self, status: Handle) -> bool {
        let id = self.statuses.get(&status).and_then(|status| status.id.as_deref());
        id.is_some_and(|id| vocabulary::purple_status(id).is_some())
    }

    fn status_calls(&self, status: Handle) -> Vec<PurpleCall> {
        match self.statuses.get(&status) {
            Some(PurpleStatus { id: Some(_), .. }) => Vec::new(),
            Some(PurpleStatus { id: None, .. }) | None => {
                vec![PurpleCall::Message(status), PurpleCall::StatusId(status)]
            }
        }
    }

    fn status(&mut self, status: Handle) -> &mut PurpleStatus {
        if self.statuses.len() >= STATUSES_MAX {
            // Statuses in use stay: nothing would request them again.
            let accounts = self.accounts.iter().flat_map(BTreeMap::values);
            let used: BTreeSet<Handle> = accounts.filter_map(|account| account.status).collect();
            self.statuses.retain(|status, _| used.contains(status));
            let types = self.statuses.values().filter_map(|status| status.status_type);
            let types: BTreeSet<Handle> = types.collect();
            self.primitives.retain(|status_type, _| types.contains(status_type));
        }
        self.statuses.entry(status).or_default()
    }

    /// Applies a signal to an account, and returns the calls that confirm it.
    fn update_account(
        &mut self,
        account: Handle,
        change: impl FnOnce(&mut PurpleAccount),
    ) -> Vec<PurpleCall> {
        if !self.modify(account, change) {
            return vec![PurpleCall::Accounts, PurpleCall::Enabled];
        }
        vec![
            PurpleCall::IsConnected(account),
            PurpleCall::IsConnecting(account),
            PurpleCall::Error(account),
            PurpleCall::Status(account),
        ]
    }

    fn set_error(&mut self, account: Handle, has_error: bool) {
        if !has_error {
            self.failures.remove(&account);
        }
        self.modify(account, |known| known.has_error = Some(has_error));
    }

    fn modify(&mut self, account: Handle, change: impl FnOnce(&mut PurpleAccount)) -> bool {
        let known = self.accounts.as_mut().and_then(|accounts| accounts.get_mut(&account));
        known.map(change).is_some()
    }

    /// Applies the list of accounts, and returns the calls for new ones.
    fn set_accounts(&mut self, handles: &[Handle]) -> Vec<PurpleCall> {
        let handles: BTreeSet<Handle> = handles.iter().copied().take(ACCOUNTS_MAX).collect();
        let accounts = self.accounts.get_or_insert_default();
        accounts.retain(|handle, _| handles.contains(handle));
        self.failures.retain(|handle, _| handles.contains(handle));
        let mut calls = Vec::new();
        for handle in handles {
            if accounts.contains_key(&handle) {
                continue;
            }
            accounts.insert(handle, PurpleAccount::default());
            calls.extend([
                PurpleCall::Username(handle),
                PurpleCall::Protocol(handle),
                PurpleCall::IsConnected(handle),
                PurpleCall::IsConnecting(handle),
                PurpleCall::Error(handle),
                PurpleCall::Status(handle),
            ]);
        }
        calls
    }

    /// Forgets the object of a call after the client has lost it.
    fn forget(&mut self, call: PurpleCall) -> Vec<PurpleCall> {
        self.invalid_replies = self.invalid_replies.saturating_add(1);
        match call {
            PurpleCall::SavedType(_) => {
                self.saved = SavedStatus::Unrequested;
                vec![PurpleCall::Saved]
            }
            PurpleCall::Message(status)
            | PurpleCall::StatusId(status)
            | PurpleCall::StatusType(status) => {
                self.statuses.remove(&status);
                let accounts = self.accounts.iter().flatten();
                let of = accounts.filter(|(_, account)| account.status == Some(status));
                let statuses = of.map(|(account, _)| PurpleCall::Status(*account));
                std::iter::once(PurpleCall::Accounts).chain(statuses).collect()
            }
            PurpleCall::Username(account)
            | PurpleCall::Protocol(account)
            | PurpleCall::IsConnected(account)
            | PurpleCall::IsConnecting(account)
            | PurpleCall::Error(account)
            | PurpleCall::Status(account) => {
                if let Some(accounts) = &mut self.accounts {
                    accounts.remove(&account);
                }
                vec![PurpleCall::Accounts]
            }
            PurpleCall::Ui
            | PurpleCall::Accounts
            | PurpleCall::Enabled
            | PurpleCall::Saved
            | PurpleCall::Presence(_)
            | PurpleCall::Statuses(_)
            | PurpleCall::Primitive(_) => Vec::new(),
        }
    }
}

/// The failure of a `PurpleConnectionError` (`connection.h` of libpurple 2.14).
const fn failure(reason: i32) -> SignInFailure {
    match reason {
        0 => SignInFailure::NetworkError,
        1 => SignInFailure::InvalidUsername,
        2 => SignInFailure::AuthenticationFailed,
        3 => SignInFailure::AuthenticationImpossible,
        4 => SignInFailure::NoEncryption,
        5 => SignInFailure::EncryptionError,
        6 => SignInFailure::SignedInElsewhere,
        7 => SignInFailure::InvalidSettings,
        8..=15 => SignInFailure::CertificateError,
        _ => SignInFailure::OtherError,
    }
}
