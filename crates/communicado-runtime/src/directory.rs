//! The numbers of all names.
//!
//! The core has no names; all of them are here. Limits on their number bound the memory, also for a
//! client with a million accounts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use communicado_core::{AccountId, ClientId, NoteId, SourceId, Symbol};
use communicado_wire::journal::Entry;

use crate::notes::NoteTable;

/// The maximum length of a name, in bytes.
const NAME_BYTES_MAX: usize = 64 * 1024;
/// A desktop has a few clients; a shared one may have hundreds.
const CLIENTS_MAX: usize = 1024;
/// Four accounts for each client.
const ACCOUNTS_MAX: usize = 4 * CLIENTS_MAX;
/// A client has about twenty words for presences; users can define more.
const SYMBOLS_MAX: usize = 4096;

/// The error for a name that exceeds a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitReached {
    /// The things that are too many, in the plural.
    pub what: &'static str,
    /// The limit.
    pub limit: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Directory {
    sources: NameTable<Arc<str>>,
    clients: NameTable<Arc<str>>,
    accounts: NameTable<(ClientId, AccountKey)>,
    /// The display names of the users of accounts.
    display_names: BTreeMap<AccountId, Arc<str>>,
    symbols: NameTable<Arc<str>>,
    notes: NoteTable,
}

/// An account's name and protocol, as the client writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AccountKey {
    pub(crate) name: Arc<str>,
    pub(crate) protocol: Arc<str>,
}

#[derive(Debug)]
struct NameTable<N> {
    numbers: BTreeMap<N, u32>,
    names: BTreeMap<u32, N>,
}

impl Directory {
    pub(crate) fn add_source(&mut self, name: &str) -> SourceId {
        let id = u16::try_from(self.sources.names.len()).unwrap_or(u16::MAX);
        self.sources.insert(u32::from(id), name.into());
        SourceId(id)
    }

    pub(crate) fn source(&self, id: SourceId) -> Arc<str> {
        self.sources.name(id.0.into()).cloned().unwrap_or_else(|| placeholder("source", id.0))
    }

    /// Inserts a name with its number from a journal.
    pub(crate) fn insert(&mut self, entry: &Entry) -> Result<(), LimitReached> {
        match entry {
            Entry::Source { id, name } => self.sources.insert(u32::from(*id), check_length(name)?),
            Entry::Symbol { id, text } => self.symbols.insert(*id, check_length(text)?),
            Entry::Account { id, name, protocol } => {
                let name = name.as_deref().map(check_length).transpose()?;
                let name = name.unwrap_or_else(|| placeholder("account", id));
                let account = AccountKey { name, protocol: check_length(protocol)? };
                // A journal does not have the client of an account; the number is unique enough.
                self.accounts.insert(*id, (ClientId(*id), account));
            }
            Entry::DisplayName { account, name } => {
                self.set_display_name(AccountId(*account), name)?;
            }
            Entry::Note { id, source, account, text } => {
                let text = check_length(text)?;
                self.notes.insert(NoteId(*id), (SourceId(*source), AccountId(*account)), text);
            }
            // `name_client` inserts the clients.
            Entry::Journal { .. }
            | Entry::Client { .. }
            | Entry::Observed(_)
            | Entry::Lost { .. } => {}
        }
        Ok(())
    }

    /// Inserts a client from a journal. Returns whether the name is valid: a client keeps its first
    /// name, and no two clients share one.
    pub(crate) fn name_client(
        &mut self,
        id: ClientId,
        name: Option<&str>,
    ) -> Result<bool, LimitReached> {
        if let Some(known) = self.clients.name(id.0) {
            return Ok(name.is_none_or(|name| name == &**known));
        }
        let name =
            name.map(check_length).transpose()?.unwrap_or_else(|| placeholder("client", id.0));
        let is_free = !self.clients.numbers.contains_key(&name);
        if is_free {
            self.clients.insert(id.0, name);
        }
        Ok(is_free)
    }

    /// The number of a client, and whether it is new.
    pub(crate) fn client_id(&mut self, name: &str) -> Result<(ClientId, bool), LimitReached> {
        let (id, new) = self.clients.number_of(check_length(name)?, "clients", CLIENTS_MAX)?;
        Ok((ClientId(id), new))
    }

    pub(crate) fn client(&self, id: ClientId) -> Arc<str> {
        self.clients.name(id.0).cloned().unwrap_or_else(|| placeholder("client", id.0))
    }

    /// The number of an account, and whether it is new.
    pub(crate) fn account_id(
        &mut self,
        client: ClientId,
        name: &str,
        protocol: &str,
    ) -> Result<(AccountId, bool), LimitReached> {
        let account = AccountKey { name: check_length(name)?, protocol: check_length(protocol)? };
        let (id, new) = self.accounts.number_of((client, account), "accounts", ACCOUNTS_MAX)?;
        Ok((AccountId(id), new))
    }

    pub(crate) fn account(&self, id: AccountId) -> AccountKey {
        self.accounts.name(id.0).map(|(_, account)| account.clone()).unwrap_or_else(|| AccountKey {
            name: placeholder("account", id.0),
            protocol: "".into(),
        })
    }

    /// Sets the display name of an account's user. Returns whether it has changed.
    pub(crate) fn set_display_name(
        &mut self,
        id: AccountId,
        name: &str,
    ) -> Result<bool, LimitReached> {
        if self.display_names.get(&id).is_some_and(|known| **known == *name) {
            return Ok(false);
        }
        let known = self.accounts.name(id.0).is_some();
        if known {
            self.display_names.insert(id, check_length(name)?);
        }
        Ok(known)
    }

    /// The display name of an account's user, if the client reports one.
    pub(crate) fn display_name(&self, id: AccountId) -> Option<Arc<str>> {
        self.display_names.get(&id).cloned()
    }

    /// The number of a note, and whether it is new.
    pub(crate) fn add_note(
        &mut self,
        source: SourceId,
        account: AccountId,
        text: &str,
    ) -> Result<(NoteId, bool), LimitReached> {
        Ok(self.notes.number_of((source, account), check_length(text)?))
    }

    /// The text of a note, unless its account has had two others since.
    pub(crate) fn note(&self, id: NoteId) -> Option<Arc<str>> {
        self.notes.text(id)
    }

    /// Interns a client's own word. Returns its symbol, and whether it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Result<(Symbol, bool), LimitReached> {
        let (id, new) =
            self.symbols.number_of(check_length(text)?, "words of clients", SYMBOLS_MAX)?;
        Ok((Symbol(id), new))
    }

    pub(crate) fn text(&self, symbol: Symbol) -> Arc<str> {
        self.symbols.name(symbol.0).cloned().unwrap_or_else(|| placeholder("word", symbol.0))
    }
}

impl<N: Ord + Clone> NameTable<N> {
    fn number_of(
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
        self.insert(number, name);
        Ok((number, true))
    }

    fn insert(&mut self, number: u32, name: N) {
        self.names.insert(number, name.clone());
        self.numbers.insert(name, number);
    }

    fn name(&self, number: u32) -> Option<&N> {
        self.names.get(&number)
    }
}

impl<N> Default for NameTable<N> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), names: BTreeMap::new() }
    }
}

fn check_length(name: &str) -> Result<Arc<str>, LimitReached> {
    if name.len() > NAME_BYTES_MAX {
        return Err(LimitReached { what: "bytes in a name", limit: NAME_BYTES_MAX });
    }
    Ok(name.into())
}

/// The placeholder for a number without a name, such as in a journal without names.
fn placeholder(what: &str, number: impl fmt::Display) -> Arc<str> {
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
    fn an_exceeded_limit_is_an_error_and_keeps_the_known_names() {
        let mut directory = Directory::default();
        for number in 0..CLIENTS_MAX {
            directory.client_id(&number.to_string()).unwrap();
        }
        let error = directory.client_id("one more").unwrap_err();
        assert_eq!(error.to_string(), "more than 1024 clients");
        assert_eq!(directory.client_id("7"), Ok((ClientId(7), false)));
        assert!(directory.intern(&"x".repeat(NAME_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn a_client_from_a_journal_keeps_its_name() {
        let mut directory = Directory::default();
        let mut check = |id, name, expected| {
            assert_eq!(directory.name_client(ClientId(id), name), Ok(expected), "{id} {name:?}");
        };
        check(0, Some("finch"), true);
        check(0, Some("finch"), true);
        check(0, None, true);
        check(0, Some("pidgin"), false);
        check(1, Some("finch"), false);
        // Without a name before its first observation, its name is its number.
        check(2, None, true);
        check(2, Some("pidgin"), false);
        check(3, Some("client-4"), true);
        check(4, None, false);
    }

    #[test]
    fn a_number_without_a_name_gets_a_placeholder() {
        assert_eq!(&*Directory::default().client(ClientId(3)), "client-3");
    }
}
