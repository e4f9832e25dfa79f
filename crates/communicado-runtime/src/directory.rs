//! Which number stands for which name.
//!
//! The core has no names; every name is here, and the limits on how many there may be, so that a
//! client with a million accounts costs a bounded amount of memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use communicado_core::{AccountId, ClientId, SourceId, Symbol};
use communicado_wire::journal::Entry;

/// The longest name that is taken in, in bytes.
const NAME_BYTES_MAX: usize = 64 * 1024;
/// A desktop has a handful; a shared one may have hundreds.
const CLIENTS_MAX: usize = 1024;
/// Four for each client.
const ACCOUNTS_MAX: usize = 4 * CLIENTS_MAX;
/// A vocabulary has twenty words or so; users can make their own.
const TOKENS_MAX: usize = 4096;

/// A name cannot be taken in, because a limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitReached {
    /// What there are too many of.
    pub what: &'static str,
    /// How many there may be.
    pub limit: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Directory {
    sources: Names<Arc<str>>,
    clients: Names<Arc<str>>,
    accounts: Names<(ClientId, Account)>,
    /// The names by which clients show the users of accounts.
    called: BTreeMap<AccountId, Arc<str>>,
    tokens: Names<Arc<str>>,
}

/// An account's name and protocol, in the client's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account {
    pub(crate) name: Arc<str>,
    pub(crate) protocol: Arc<str>,
}

#[derive(Debug)]
struct Names<N> {
    numbers: BTreeMap<N, u32>,
    names: BTreeMap<u32, N>,
}

impl Directory {
    pub(crate) fn add_source(&mut self, name: &str) -> SourceId {
        let id = u16::try_from(self.sources.names.len()).unwrap_or(u16::MAX);
        self.sources.put(u32::from(id), name.into());
        SourceId(id)
    }

    pub(crate) fn source(&self, id: SourceId) -> Arc<str> {
        self.sources.name(id.0.into()).cloned().unwrap_or_else(|| unnamed("source", id.0))
    }

    /// Takes in a name with the number that a journal gave it.
    pub(crate) fn put(&mut self, entry: &Entry) -> Result<(), LimitReached> {
        match entry {
            Entry::Source { id, name } => self.sources.put(u32::from(*id), checked(name)?),
            Entry::Symbol { id, text } => self.tokens.put(*id, checked(text)?),
            Entry::Account { id, name, protocol } => {
                let name = name.as_deref().map(checked).transpose()?;
                let name = name.unwrap_or_else(|| unnamed("account", id));
                let account = Account { name, protocol: checked(protocol)? };
                // A journal does not say whose an account is, and its number says enough.
                self.accounts.put(*id, (ClientId(*id), account));
            }
            Entry::DisplayName { account, name } => {
                self.set_display_name(AccountId(*account), name)?;
            }
            // Clients are named by `name_client`.
            Entry::Journal { .. }
            | Entry::Client { .. }
            | Entry::Observed(_)
            | Entry::Lost { .. } => {}
        }
        Ok(())
    }

    /// Takes in that a journal speaks of a client, and says whether it may: a client keeps the
    /// name that it was first spoken of with, and no two have the same.
    pub(crate) fn name_client(
        &mut self,
        id: ClientId,
        name: Option<&str>,
    ) -> Result<bool, LimitReached> {
        if let Some(known) = self.clients.name(id.0) {
            return Ok(name.is_none_or(|name| name == &**known));
        }
        let name = name.map(checked).transpose()?.unwrap_or_else(|| unnamed("client", id.0));
        let is_free = !self.clients.numbers.contains_key(&name);
        if is_free {
            self.clients.put(id.0, name);
        }
        Ok(is_free)
    }

    /// The number for a client, and whether it is new.
    pub(crate) fn client_id(&mut self, name: &str) -> Result<(ClientId, bool), LimitReached> {
        let (id, new) = self.clients.number(checked(name)?, "clients", CLIENTS_MAX)?;
        Ok((ClientId(id), new))
    }

    pub(crate) fn client(&self, id: ClientId) -> Arc<str> {
        self.clients.name(id.0).cloned().unwrap_or_else(|| unnamed("client", id.0))
    }

    /// The number for an account, and whether it is new.
    pub(crate) fn account_id(
        &mut self,
        client: ClientId,
        name: &str,
        protocol: &str,
    ) -> Result<(AccountId, bool), LimitReached> {
        let account = Account { name: checked(name)?, protocol: checked(protocol)? };
        let (id, new) = self.accounts.number((client, account), "accounts", ACCOUNTS_MAX)?;
        Ok((AccountId(id), new))
    }

    pub(crate) fn account(&self, id: AccountId) -> Account {
        self.accounts
            .name(id.0)
            .map(|(_, account)| account.clone())
            .unwrap_or_else(|| Account { name: unnamed("account", id.0), protocol: "".into() })
    }

    /// Takes in the name by which a client shows the user of an account; whether it is news.
    pub(crate) fn set_display_name(
        &mut self,
        id: AccountId,
        name: &str,
    ) -> Result<bool, LimitReached> {
        if self.called.get(&id).is_some_and(|known| **known == *name) {
            return Ok(false);
        }
        let known = self.accounts.name(id.0).is_some();
        if known {
            self.called.insert(id, checked(name)?);
        }
        Ok(known)
    }

    /// The name by which its client shows the user of an account, where it has said so.
    pub(crate) fn called(&self, id: AccountId) -> Option<Arc<str>> {
        self.called.get(&id).cloned()
    }

    /// The number for a client's own word, and whether it is new.
    pub(crate) fn token(&mut self, text: &str) -> Result<(Symbol, bool), LimitReached> {
        let (id, new) = self.tokens.number(checked(text)?, "words of clients", TOKENS_MAX)?;
        Ok((Symbol(id), new))
    }

    pub(crate) fn text(&self, token: Symbol) -> Arc<str> {
        self.tokens.name(token.0).cloned().unwrap_or_else(|| unnamed("word", token.0))
    }
}

impl<N: Ord + Clone> Names<N> {
    fn number(
        &mut self,
        name: N,
        what: &'static str,
        limit: usize,
    ) -> Result<(u32, bool), LimitReached> {
        if let Some(number) = self.numbers.get(&name) {
            return Ok((*number, false));
        }
        if self.names.len() >= limit {
            return Err(LimitReached { what, limit });
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.put(number, name);
        Ok((number, true))
    }

    fn put(&mut self, number: u32, name: N) {
        self.names.insert(number, name.clone());
        self.numbers.insert(name, number);
    }

    fn name(&self, number: u32) -> Option<&N> {
        self.names.get(&number)
    }
}

impl<N> Default for Names<N> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), names: BTreeMap::new() }
    }
}

fn checked(name: &str) -> Result<Arc<str>, LimitReached> {
    if name.len() > NAME_BYTES_MAX {
        return Err(LimitReached { what: "bytes in a name", limit: NAME_BYTES_MAX });
    }
    Ok(name.into())
}

/// What stands for a number whose name was never said, as in a journal without names.
fn unnamed(what: &str, number: impl fmt::Display) -> Arc<str> {
    format!("{what}-{number}").into()
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} {}", self.limit, self.what)
    }
}

impl std::error::Error for LimitReached {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_number() {
        let mut directory = Directory::default();
        let (finch, new) = directory.client_id("finch").unwrap();
        assert!(new);
        let (pidgin, _) = directory.client_id("pidgin").unwrap();
        assert_eq!(directory.client_id("finch"), Ok((finch, false)));
        assert_ne!(finch, pidgin);
        let (alice, _) = directory.account_id(finch, "alice", "XMPP").unwrap();
        let (other, _) = directory.account_id(pidgin, "alice", "XMPP").unwrap();
        assert_ne!(alice, other);
        assert_eq!(&*directory.account(other).name, "alice");
    }

    #[test]
    fn a_limit_is_named_and_what_was_known_stays() {
        let mut directory = Directory::default();
        for number in 0..CLIENTS_MAX {
            directory.client_id(&number.to_string()).unwrap();
        }
        let error = directory.client_id("one more").unwrap_err();
        assert_eq!(error.to_string(), "more than 1024 clients");
        assert_eq!(directory.client_id("7"), Ok((ClientId(7), false)));
        assert!(directory.token(&"x".repeat(NAME_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn a_client_of_a_journal_keeps_its_name() {
        let mut directory = Directory::default();
        let mut check = |id, name, expected| {
            assert_eq!(directory.name_client(ClientId(id), name), Ok(expected), "{id} {name:?}");
        };
        check(0, Some("finch"), true);
        check(0, Some("finch"), true);
        check(0, None, true);
        check(0, Some("pidgin"), false);
        check(1, Some("finch"), false);
        // Spoken of before it is named, it has the name of its number.
        check(2, None, true);
        check(2, Some("pidgin"), false);
        check(3, Some("client-4"), true);
        check(4, None, false);
    }

    #[test]
    fn a_number_without_a_name_is_still_told_apart() {
        assert_eq!(&*Directory::default().client(ClientId(3)), "client-3");
    }
}
