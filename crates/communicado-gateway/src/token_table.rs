//! All tokens, as last stored.
//!
//! A token can have a parent. The parent of a session is the token that opened it. The parent of a
//! token that a session created is the token of that session. A token without its parent is not
//! valid, in whatever order they were removed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored::Token;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{TOKEN_DEPTH, TOKENS};
use crate::principal::Principal;
use crate::sanitize::printable;
use crate::secret::{SecretHash, hash, hex};

/// The prefix, before the person's id, of the parent of sessions from an issuer. No token has this
/// id. The parent is valid while the person exists.
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
        // Older versions stored names unsanitized.
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

    /// Tokens without sessions.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len() - self.sessions.len()
    }

    /// Browser sessions.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn token(&self, id: &str) -> Option<&Arc<Token>> {
        self.by_id.get(id)
    }

    /// All tokens by id, including browser sessions.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.by_id.values()
    }

    /// The token with this secret, if it is valid.
    pub(crate) fn principal(&self, secret: &str, now: Timestamp) -> Option<Principal> {
        let hash: SecretHash = hash(secret)?;
        let token = self.by_hash.get(hex(&hash).as_str())?;
        self.is_valid(token, now).then(|| Principal::of(token.clone()))
    }

    /// True if `token` is unchanged, not expired, and its whole chain of parents is valid.
    pub(crate) fn is_valid(&self, token: &Token, now: Timestamp) -> bool {
        let is_same = self.by_id.get(&token.id).is_some_and(|known| known.hash == token.hash);
        is_same && self.depth(&token.id, now).is_some_and(|depth| TOKEN_DEPTH.allows(depth))
    }

    /// The length of a valid token's chain of parents, itself included; `None` for an invalid
    /// token.
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

    /// The token and its descendants: sessions, and tokens that sessions created.
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

    /// The tokens of a person, including sessions.
    pub(crate) fn of_person(&self, person: &str) -> impl Iterator<Item = &Arc<str>> {
        self.by_person.get(person).into_iter().flatten()
    }

    /// The sessions of a token, oldest first.
    pub(crate) fn sessions_of(&self, id: &str) -> Vec<&Arc<Token>> {
        let children = self.by_parent.get(id).into_iter().flatten();
        let children = children.filter_map(|child| self.by_id.get(child));
        let mut sessions: Vec<&Arc<Token>> =
            children.filter(|child| child.session_of.is_some()).collect();
        sessions.sort_by_key(|session| session.created);
        sessions
    }

    /// All sessions, oldest first.
    pub(crate) fn oldest_sessions(&self) -> impl Iterator<Item = &Arc<str>> {
        self.sessions.iter().map(|(_, id)| id)
    }

    /// # Errors
    ///
    /// If the limit leaves no room for one more token besides `more` tokens in creation, or the
    /// parent is no longer valid.
    pub(crate) fn require_capacity_for(
        &self,
        token: &Token,
        more: usize,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        if let Some(parent) = token.parent().filter(|parent| !parent.starts_with(ISSUER_PREFIX)) {
            let depth = self.depth(parent, now).ok_or_else(ApiError::token_revoked)?;
            if !TOKEN_DEPTH.allows(depth + 1) {
                let detail = "the chain of parents of the token is too long";
                return Err(ApiError::limit_exceeded(ApiErrorKind::Full, TOKEN_DEPTH, detail));
            }
        }
        if token.session_of.is_none() && !TOKENS.allows(self.len() + more + 1) {
            return Err(ApiError::limit_exceeded(ApiErrorKind::Full, TOKENS, "too many tokens"));
        }
        Ok(())
    }

    /// The earliest expiry of a token.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Expired tokens and their descendants.
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
            let detail = format!("person `{person}` does not exist");
            let help = "add the person first, with POST /v1/people";
            Err(ApiError::new(ApiErrorKind::Conflict, detail.as_str(), help)
                .in_command(detail, "add the person first: communicado-gateway people add"))
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
            last_used: None,
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
    fn tokens_in_a_parent_cycle_are_not_valid_and_are_found_once() {
        let [a, b] = [token("a", None, Some("b")), token("b", None, Some("a"))];
        let tokens = TokenTable::from_stored(vec![a.clone(), b]);
        assert!(!tokens.is_valid(&a, Timestamp::EPOCH));
        assert_eq!(tokens.with_descendants("a").len(), 2);
    }
}
