//! All tokens, as they were stored last.
//!
//! A token hangs on its parent: a session on the token that it was opened with, and a token that a
//! session created on the token of that session. A token without its parent is not valid, whatever
//! order the two were removed in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored::Token;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{TOKEN_DEPTH, TOKENS};
use crate::principal::Principal;
use crate::sanitize::printable;
use crate::secret::{SecretHash, hash, hex};

/// Sessions of people who signed in at an issuer have a parent with this prefix and the person's
/// id. It is no token of its own, and it is valid for as long as the person exists.
pub(crate) const ISSUER_PREFIX: &str = "oidc:";

#[derive(Debug, Default)]
pub(crate) struct TokenTable {
    by_id: BTreeMap<Arc<str>, Arc<Token>>,
    by_hash: HashMap<Arc<str>, Arc<Token>>,
    by_parent: HashMap<Arc<str>, BTreeSet<Arc<str>>>,
    by_person: HashMap<Arc<str>, BTreeSet<Arc<str>>>,
    ends: BTreeSet<(Timestamp, Arc<str>)>,
    sessions: BTreeSet<(Timestamp, Arc<str>)>,
}

impl TokenTable {
    pub(crate) fn from_stored(stored: Vec<Token>) -> Self {
        let mut tokens = Self::default();
        for token in stored {
            tokens.put(Arc::new(token));
        }
        tokens
    }

    pub(crate) fn put(&mut self, token: Arc<Token>) {
        // An older version kept the name as it came.
        let name = printable(token.name.clone());
        let token = Arc::new(Token { name, ..Arc::unwrap_or_clone(token) });
        self.remove(&token.id);
        let id = &token.id;
        if let Some(end) = token.expires {
            self.ends.insert((end, id.clone()));
        }
        if let Some(parent) = token.parent() {
            self.by_parent.entry(parent.clone()).or_default().insert(id.clone());
        }
        if let Some(person) = &token.person {
            self.by_person.entry(person.clone()).or_default().insert(id.clone());
        }
        if token.session_of.is_some() {
            self.sessions.insert((token.created, id.clone()));
        }
        self.by_hash.insert(token.hash.clone(), token.clone());
        self.by_id.insert(id.clone(), token);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        let Some(token) = self.by_id.remove(id) else { return };
        self.by_hash.remove(&token.hash);
        if let Some(end) = token.expires {
            self.ends.remove(&(end, token.id.clone()));
        }
        if let Some(parent) = token.parent() {
            take_out(&mut self.by_parent, parent, id);
        }
        if let Some(person) = &token.person {
            take_out(&mut self.by_person, person, id);
        }
        self.sessions.remove(&(token.created, token.id.clone()));
    }

    /// Tokens that are no sessions.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len() - self.sessions.len()
    }

    /// The sessions of browsers.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn token(&self, id: &str) -> Option<&Arc<Token>> {
        self.by_id.get(id)
    }

    /// By id, the sessions of browsers included.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.by_id.values()
    }

    /// The token with this secret, if it is valid.
    pub(crate) fn principal(&self, secret: &str, now: Timestamp) -> Option<Principal> {
        let hash: SecretHash = hash(secret)?;
        let token = self.by_hash.get(hex(&hash).as_str())?;
        self.is_valid(token, now).then(|| Principal::of(token.clone()))
    }

    /// Whether `token` is still here as it was, has not ended, and hangs on nothing that is gone.
    pub(crate) fn is_valid(&self, token: &Token, now: Timestamp) -> bool {
        let is_same = self.by_id.get(&token.id).is_some_and(|known| known.hash == token.hash);
        is_same && self.depth(&token.id, now).is_some_and(|depth| TOKEN_DEPTH.allows(depth))
    }

    /// How many tokens in a row a valid token hangs on, itself included; nothing for one that is
    /// not valid.
    pub(crate) fn depth(&self, id: &str, now: Timestamp) -> Option<usize> {
        let (mut id, mut depth) = (id, 0);
        while TOKEN_DEPTH.allows(depth) {
            let token = self.by_id.get(id)?;
            if token.expires.is_some_and(|end| end <= now) {
                return None;
            }
            depth += 1;
            match token.parent() {
                Some(parent) if !parent.starts_with(ISSUER_PREFIX) => id = parent,
                _ => return Some(depth),
            }
        }
        None
    }

    /// The token and all that hangs on it: sessions, and tokens that sessions created.
    pub(crate) fn with_descendants(&self, id: &str) -> Vec<Arc<str>> {
        let mut found: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut next: Vec<&Arc<str>> = self.by_parent.get(id).into_iter().flatten().collect();
        next.extend(self.by_id.get(id).map(|token| &token.id));
        while let Some(id) = next.pop() {
            if found.insert(id.clone()) {
                next.extend(self.by_parent.get(id).into_iter().flatten());
            }
        }
        found.into_iter().collect()
    }

    /// The tokens of a person, sessions included.
    pub(crate) fn of_person(&self, person: &str) -> impl Iterator<Item = &Arc<str>> {
        self.by_person.get(person).into_iter().flatten()
    }

    /// The sessions of a token, the oldest first.
    pub(crate) fn sessions_of(&self, id: &str) -> Vec<&Arc<Token>> {
        let children = self.by_parent.get(id).into_iter().flatten();
        let children = children.filter_map(|child| self.by_id.get(child));
        let mut sessions: Vec<&Arc<Token>> =
            children.filter(|child| child.session_of.is_some()).collect();
        sessions.sort_by_key(|session| session.created);
        sessions
    }

    /// All sessions, the oldest first.
    pub(crate) fn oldest_sessions(&self) -> impl Iterator<Item = &Arc<str>> {
        self.sessions.iter().map(|(_, id)| id)
    }

    /// # Errors
    ///
    /// If there is no room for one more token beside `more` that are being created, or the one
    /// that it hangs on is no longer valid.
    pub(crate) fn require_capacity_for(
        &self,
        token: &Token,
        more: usize,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        if let Some(parent) = token.parent().filter(|parent| !parent.starts_with(ISSUER_PREFIX)) {
            let depth = self.depth(parent, now).ok_or_else(ApiError::token_revoked)?;
            if !TOKEN_DEPTH.allows(depth + 1) {
                let detail = "the token would hang on too many others";
                return Err(ApiError::limit_exceeded(ApiErrorKind::Full, TOKEN_DEPTH, detail));
            }
        }
        if token.session_of.is_none() && !TOKENS.allows(self.len() + more + 1) {
            return Err(ApiError::limit_exceeded(
                ApiErrorKind::Full,
                TOKENS,
                "no more tokens can be kept",
            ));
        }
        Ok(())
    }

    /// When the next one ends.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Those that have ended, and all that hangs on them.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<Arc<str>> {
        let expired = self.ends.iter().take_while(|(end, _)| *end <= now);
        let all: BTreeSet<Arc<str>> =
            expired.flat_map(|(_, id)| self.with_descendants(id)).collect();
        all.into_iter().collect()
    }
}

/// # Errors
///
/// If the person of a new token does not exist.
pub(crate) fn require_person(token: &Token, exists: bool) -> Result<(), ApiError> {
    match &token.person {
        Some(person) if !exists => {
            let detail = format!("there is no person `{person}`");
            let help = "add the person first, with POST /v1/people";
            Err(ApiError::new(ApiErrorKind::Conflict, detail, help))
        }
        _ => Ok(()),
    }
}

fn take_out(sets: &mut HashMap<Arc<str>, BTreeSet<Arc<str>>>, key: &str, id: &str) {
    let Some(set) = sets.get_mut(key) else { return };
    set.remove(id);
    if set.is_empty() {
        sets.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use communicado_wire::gateway::{Scope, View};

    use super::*;

    fn token(id: &str, session_of: Option<&str>, created_by: Option<&str>) -> Token {
        Token {
            v: 1,
            id: id.into(),
            hash: format!("hash of {id}").into(),
            name: id.into(),
            scopes: [Scope::Administer].into_iter().collect(),
            person: None,
            group: None,
            view: View::Everything,
            created: Timestamp::EPOCH,
            expires: None,
            session_of: session_of.map(Into::into),
            created_by: created_by.map(Into::into),
        }
    }

    #[test]
    fn a_token_without_its_parent_is_not_valid_in_any_order_of_arrival() {
        let now = Timestamp::EPOCH;
        let [root, session, child, grandchild] = [
            token("root", None, None),
            token("session", Some("root"), None),
            token("child", None, Some("root")),
            token("grandchild", Some("child"), None),
        ];
        let all = [&root, &session, &child, &grandchild];
        let mut tokens = TokenTable::from_stored(all.into_iter().cloned().collect());
        assert!(all.iter().all(|token| tokens.is_valid(token, now)));
        assert_eq!(tokens.with_descendants("root").len(), 4);
        assert_eq!(tokens.with_descendants("child"), ["child".into(), "grandchild".into()]);
        tokens.remove("child");
        assert!(!tokens.is_valid(&grandchild, now) && tokens.is_valid(&session, now));
        tokens.remove("root");
        assert!(all.iter().all(|token| !tokens.is_valid(token, now)));
        // A session that arrives after its token was removed.
        tokens.put(Arc::new(token("late", Some("root"), None)));
        assert!(!tokens.is_valid(&token("late", Some("root"), None), now));
        assert_eq!(tokens.with_descendants("root"), ["late".into(), "session".into()]);
    }

    #[test]
    fn a_token_that_was_replaced_under_its_id_is_not_valid() {
        let tokens = TokenTable::from_stored(vec![token("a", None, None)]);
        let other = Token { hash: "another".into(), ..token("a", None, None) };
        assert!(!tokens.is_valid(&other, Timestamp::EPOCH));
    }

    #[test]
    fn tokens_that_hang_on_each_other_are_not_valid_and_are_found_once() {
        let [a, b] = [token("a", None, Some("b")), token("b", None, Some("a"))];
        let tokens = TokenTable::from_stored(vec![a.clone(), b]);
        assert!(!tokens.is_valid(&a, Timestamp::EPOCH));
        assert_eq!(tokens.with_descendants("a").len(), 2);
    }
}
