//! All tokens, as they were kept last.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use communicado_wire::Timestamp;
use communicado_wire::gateway::kept::Token;

use crate::grant::{Grant, Hash, hash, hex};
use crate::text::printable;

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    by_id: BTreeMap<Arc<str>, Arc<Token>>,
    by_hash: HashMap<Arc<str>, Arc<Token>>,
    ends: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Tokens {
    pub(crate) fn of_kept(kept: Vec<Token>) -> Self {
        let mut tokens = Self::default();
        for token in kept {
            tokens.put(Arc::new(token));
        }
        tokens
    }

    pub(crate) fn put(&mut self, token: Arc<Token>) {
        // An older version kept the name as it came.
        let name = printable(token.name.clone());
        let token = Arc::new(Token { name, ..Arc::unwrap_or_clone(token) });
        self.remove(&token.id);
        if let Some(end) = token.expires {
            self.ends.insert((end, token.id.clone()));
        }
        self.by_hash.insert(token.hash.clone(), token.clone());
        self.by_id.insert(token.id.clone(), token);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        if let Some(token) = self.by_id.remove(id) {
            self.by_hash.remove(&token.hash);
            if let Some(end) = token.expires {
                self.ends.remove(&(end, token.id.clone()));
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn token(&self, id: &str) -> Option<&Arc<Token>> {
        self.by_id.get(id)
    }

    /// By id, the sessions of browsers included.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.by_id.values()
    }

    /// The token with this secret, unless it is over.
    pub(crate) fn grant(&self, secret: &str, now: Timestamp) -> Option<Grant> {
        let hash: Hash = hash(secret)?;
        let token = self.by_hash.get(hex(&hash).as_str())?;
        let grant = Grant { token: token.clone() };
        (!grant.is_over(now)).then_some(grant)
    }

    /// The token and the sessions that were opened with it.
    pub(crate) fn with_sessions(&self, id: &str) -> Vec<Arc<str>> {
        let of = |token: &&Arc<Token>| token.session_of.as_deref() == Some(id);
        let sessions = self.by_id.values().filter(of).map(|token| token.id.clone());
        self.by_id.get(id).map(|token| token.id.clone()).into_iter().chain(sessions).collect()
    }

    /// When the next one ends.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Those that have ended.
    pub(crate) fn over(&self, now: Timestamp) -> Vec<Arc<str>> {
        let over = self.ends.iter().take_while(|(end, _)| *end <= now);
        over.map(|(_, id)| id.clone()).collect()
    }
}
