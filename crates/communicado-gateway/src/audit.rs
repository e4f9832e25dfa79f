//! The audit log: changes by administrators, failed sign-ins, and new addresses of tokens.
//!
//! Its lines have the target `audit` and do not depend on `--log`. They contain ids of tokens, and
//! people in the redacted form of the log.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use communicado_wire::gateway::stored::Token;
use lru::LruCache;

use crate::principal::Principal;
use crate::rate_limits::Network;
use crate::redact::redact_id;

/// The target of the lines.
pub(crate) const TARGET: &str = "audit";

/// The number of remembered pairs of a token and a network. A new pair replaces the least recently
/// used one.
const KNOWN_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);

/// Records an event of a person: `person-added`, `person-changed` or `person-removed`.
pub(crate) fn person(what: &str, id: &str, by: &Principal) {
    tracing::info!(target: TARGET, what, person = redact_id(id), by = %by.token.id);
}

pub(crate) fn token_created(token: &Token, by: &Principal) {
    let scopes: Vec<&str> = token.scopes.list().into_iter().map(|scope| scope.word()).collect();
    let (scopes, person) = (scopes.join(","), token.person.as_deref().map(redact_id));
    tracing::info!(
        target: TARGET,
        what = "token-created",
        token = %token.id,
        scopes,
        person,
        by = %by.token.id
    );
}

pub(crate) fn token_revoked(id: &str, by: &Principal) {
    tracing::info!(target: TARGET, what = "token-revoked", token = id, by = %by.token.id);
}

pub(crate) fn sign_in_failed(how: &str, address: IpAddr) {
    tracing::info!(target: TARGET, what = "sign-in-failed", how, address = %address);
}

/// Records a change of the gateway itself: `started`, `stopped` or `certificate-changed`.
pub(crate) fn gateway(what: &str) {
    tracing::info!(target: TARGET, what);
}

/// The networks from which this gateway has seen each token since its start.
#[derive(Debug)]
pub(crate) struct KnownNetworks(Mutex<LruCache<(Arc<str>, Network), ()>>);

impl KnownNetworks {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(KNOWN_MAX)))
    }

    /// Records the first use of a token from a network.
    pub(crate) fn token_used(&self, token: &Token, address: IpAddr) {
        let pair = (token.family().clone(), Network::from(address));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = known.put(pair, ()).is_none();
        drop(known);
        if is_new {
            tracing::info!(
                target: TARGET,
                what = "token-used",
                token = %token.family(),
                address = %address
            );
        }
    }
}
