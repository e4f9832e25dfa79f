//! One instance of the provider: its state, its pending calls and what the source has reported.
//! Pure.
//!
//! A signal takes effect at once. A reply may be older than signals that arrive before it, so the
//! instance applies these signals again after the reply.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, Moment};

use super::account::{AccountProperties, ProviderAccount};
use super::message::{ProviderCall, ProviderReply, ProviderSignal};
use crate::bus::InstanceState;
use crate::client_reporter::ClientDetails;
use crate::keepalive::Keepalive;

/// The maximum number of accounts. Each one costs memory.
const ACCOUNTS_MAX: usize = 256;

/// One instance of the provider.
#[derive(Debug)]
pub(super) struct ProviderInstance {
    pub(super) unique: String,
    /// The instance number of its reports.
    pub(super) number: u32,
    flag: Option<u32>,
    accounts: Option<BTreeMap<String, ProviderAccount>>,
    /// Changes while the accounts are pending; `None` for a removed account.
    changes: BTreeMap<String, Option<AccountProperties>>,
    pub(super) pending: BTreeSet<ProviderCall>,
    /// The moment of the last message from the provider, or of the last liveness check.
    pub(super) quiet_since: Moment,
    pub(super) renewed_at: Moment,
    pub(super) state: InstanceState,
    pub(super) reported: Option<(Life, ClientDetails)>,
}

/// Assessment of the provider's state.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assessment {
    /// Replies are missing.
    Incomplete,
    /// The provider has an unknown status.
    NotSupported,
    Known(Life, ClientDetails),
}

impl ProviderInstance {
    pub(super) const fn new(unique: String, number: u32, now: Moment) -> Self {
        Self {
            unique,
            number,
            flag: None,
            accounts: None,
            changes: BTreeMap::new(),
            pending: BTreeSet::new(),
            quiet_since: now,
            renewed_at: now,
            state: InstanceState::Pending,
            reported: None,
        }
    }

    /// The moment of the next liveness check, or of the timeout of the pending calls.
    pub(super) fn deadline(&self, keepalive: Keepalive) -> Option<Moment> {
        self.state.deadline(!self.pending.is_empty(), self.quiet_since, keepalive)
    }

    /// Applies a signal, and returns whether to request the accounts.
    pub(super) fn handle_signal(&mut self, signal: ProviderSignal) -> bool {
        match signal {
            ProviderSignal::Flag(flag) => self.flag = Some(flag),
            ProviderSignal::Account { path, changed } => self.change(path, Some(changed)),
            ProviderSignal::Removed { path } => self.change(path, None),
            ProviderSignal::Changed => return true,
        }
        false
    }

    fn change(&mut self, path: String, change: Option<AccountProperties>) {
        if self.pending.contains(&ProviderCall::Accounts) && self.changes.len() < ACCOUNTS_MAX {
            let earlier = self.changes.entry(path.clone()).or_default();
            match (earlier, &change) {
                (Some(earlier), Some(changed)) => earlier.extend(changed.clone()),
                (earlier, _) => earlier.clone_from(&change),
            }
        }
        if let Some(accounts) = &mut self.accounts {
            apply(accounts, path, change);
        }
    }

    /// Applies a reply, and returns whether it is valid.
    pub(super) fn handle_reply(&mut self, call: ProviderCall, reply: ProviderReply) -> bool {
        match (call, reply) {
            (ProviderCall::Flag, ProviderReply::Flag(flag)) => self.flag = Some(flag),
            (ProviderCall::Accounts, ProviderReply::Accounts(all)) => {
                let mut accounts = BTreeMap::new();
                for (path, properties) in all {
                    apply(&mut accounts, path, Some(properties));
                }
                for (path, change) in std::mem::take(&mut self.changes) {
                    apply(&mut accounts, path, change);
                }
                self.accounts = Some(accounts);
            }
            _ => return false,
        }
        true
    }

    /// The current assessment.
    pub(super) fn assessment(&self) -> Assessment {
        let (Some(flag), Some(accounts)) = (self.flag, &self.accounts) else {
            return Assessment::Incomplete;
        };
        let life = match flag {
            0 => Life::ShuttingDown,
            1 => Life::Starting,
            _ => Life::Running,
        };
        let mut details = ClientDetails::default();
        if life != Life::Running {
            return Assessment::Known(life, details);
        }
        for account in accounts.values() {
            let Some(sign_in) = account.sign_in() else { return Assessment::NotSupported };
            let key = account.key();
            if let Some(name) = account.friendly_name() {
                details.names.insert(key.clone(), name.to_owned());
            }
            if let Some(since) = account.since() {
                details.starts.insert(key.clone(), since);
            }
            details.accounts.insert(key, sign_in);
        }
        Assessment::Known(life, details)
    }
}

fn apply(
    accounts: &mut BTreeMap<String, ProviderAccount>,
    path: String,
    change: Option<AccountProperties>,
) {
    match change {
        None => {
            accounts.remove(&path);
        }
        Some(changed) => {
            if accounts.len() < ACCOUNTS_MAX || accounts.contains_key(&path) {
                accounts.entry(path).or_default().update(changed);
            }
        }
    }
}
