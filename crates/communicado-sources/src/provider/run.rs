//! One run of the provider: what it said, what it was asked, and what was told of it. Pure.
//!
//! A signal is believed when it comes. What comes while an answer is waited for is kept and put on
//! top of that answer, which may be older.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, Moment};

use super::account::{Account, Properties};
use super::message::{Answer, Call, Signal};
use crate::bus::{Pace, View};

/// The first so many accounts are looked at; each costs memory.
const ACCOUNTS_MAX: usize = 256;

/// One run of the provider.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) unique: String,
    pub(super) instance: u32,
    flag: Option<u32>,
    accounts: Option<BTreeMap<String, Account>>,
    /// What came while the accounts were asked for; nothing for an account that went.
    meanwhile: BTreeMap<String, Option<Properties>>,
    pub(super) unanswered: BTreeSet<Call>,
    /// When it was heard of last, or asked first since then.
    pub(super) quiet_since: Moment,
    pub(super) renewed: Moment,
    pub(super) state: State,
    pub(super) told: Option<(Life, View)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was asked and did not answer all yet.
    Asked,
    /// It answered.
    Known,
    /// It does not answer.
    Hung,
    /// It answers, and not as a provider does.
    Foreign,
}

/// What the provider is, as far as it can be judged.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Not enough is known yet.
    NotYet,
    /// It says something that is not known here.
    NotSupported,
    Is(Life, View),
}

impl Run {
    pub(super) const fn new(unique: String, instance: u32, now: Moment) -> Self {
        Self {
            unique,
            instance,
            flag: None,
            accounts: None,
            meanwhile: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            quiet_since: now,
            renewed: now,
            state: State::Asked,
            told: None,
        }
    }

    /// When it must have answered, or is to be asked whether it is there.
    pub(super) fn deadline(&self, pace: Pace) -> Option<Moment> {
        match (self.state, self.unanswered.is_empty()) {
            // It will answer all that it was asked once it goes on; asking more wakes nobody.
            (State::Hung, false) => None,
            (_, true) => Some(self.quiet_since.after(pace.check)),
            (State::Known | State::Foreign | State::Asked, false) => {
                Some(self.quiet_since.after(pace.timeout))
            }
        }
    }

    /// Believes a signal, and returns whether the accounts are to be asked for.
    pub(super) fn signal(&mut self, signal: Signal) -> bool {
        match signal {
            Signal::Flag(flag) => self.flag = Some(flag),
            Signal::Account { path, changed } => self.change(path, Some(changed)),
            Signal::Gone { path } => self.change(path, None),
            Signal::Ask => return true,
        }
        false
    }

    fn change(&mut self, path: String, change: Option<Properties>) {
        if self.unanswered.contains(&Call::Accounts) && self.meanwhile.len() < ACCOUNTS_MAX {
            let kept = self.meanwhile.entry(path.clone()).or_default();
            match (kept, &change) {
                (Some(kept), Some(changed)) => kept.extend(changed.clone()),
                (kept, _) => kept.clone_from(&change),
            }
        }
        if let Some(accounts) = &mut self.accounts {
            apply(accounts, path, change);
        }
    }

    /// Takes in an answer, and returns whether it makes sense.
    pub(super) fn answer(&mut self, call: Call, answer: Answer) -> bool {
        match (call, answer) {
            (Call::Flag, Answer::Flag(flag)) => self.flag = Some(flag),
            (Call::Accounts, Answer::Accounts(all)) => {
                let mut accounts = BTreeMap::new();
                for (path, properties) in all {
                    apply(&mut accounts, path, Some(properties));
                }
                for (path, change) in std::mem::take(&mut self.meanwhile) {
                    apply(&mut accounts, path, change);
                }
                self.accounts = Some(accounts);
            }
            _ => return false,
        }
        true
    }

    /// What the provider is now.
    pub(super) fn judged(&self) -> Judged {
        let (Some(flag), Some(accounts)) = (self.flag, &self.accounts) else {
            return Judged::NotYet;
        };
        let life = match flag {
            0 => Life::ShuttingDown,
            1 => Life::Starting,
            _ => Life::Running,
        };
        let mut view = View::default();
        if life != Life::Running {
            return Judged::Is(life, view);
        }
        for account in accounts.values() {
            let Some(sign_in) = account.sign_in() else { return Judged::NotSupported };
            let key = account.key();
            if let Some(name) = account.friendly_name() {
                view.names.insert(key.clone(), name.to_owned());
            }
            view.accounts.insert(key, sign_in);
        }
        Judged::Is(life, view)
    }
}

fn apply(accounts: &mut BTreeMap<String, Account>, path: String, change: Option<Properties>) {
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
