//! The records of a store.

use std::sync::Arc;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored;

/// The writes of one commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writes {
    /// The people by id; `None` for a removed person.
    pub(crate) people: Vec<(Arc<str>, Option<String>)>,
    /// The tokens by id; `None` for a revoked token.
    pub(crate) tokens: Vec<(Arc<str>, Option<String>)>,
    pub(crate) audience: Vec<FirstRead>,
    pub(crate) history: Vec<HistoryEntry>,
    /// The last revision, which never decreases.
    pub(crate) revision: u64,
}

impl Writes {
    pub(crate) const fn is_empty(&self) -> bool {
        self.people.is_empty() && self.tokens.is_empty() && self.audience.is_empty()
    }
}

/// The first read of a person or group by a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FirstRead {
    /// The id of a person, `@` and the id of a group, or `*`.
    pub(crate) whom: Arc<str>,
    pub(crate) token: Arc<str>,
    pub(crate) first: Timestamp,
}

impl FirstRead {
    /// Returns true if `whom` is a person, and neither a group nor `*`.
    pub(crate) fn is_of_person(&self) -> bool {
        !self.whom.starts_with(['@', '*'])
    }
}

/// A published state of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    pub(crate) revision: u64,
    pub(crate) person: Arc<str>,
    pub(crate) at: Timestamp,
    pub(crate) body: String,
}

/// The stored state of a gateway, as it is loaded at the start.
#[derive(Debug, Default)]
pub(crate) struct StoredState {
    pub(crate) people: Vec<stored::Person>,
    pub(crate) tokens: Vec<stored::Token>,
    pub(crate) audience: Vec<FirstRead>,
    pub(crate) revision: u64,
}
