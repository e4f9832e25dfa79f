//! Tokens whose person or parent is gone. Every gateway that notices one removes it from the
//! bucket.
//!
//! The bucket cannot make the write of a token conditional on its person's entry. So a gateway that
//! ends between a removal and its effects leaves orphans. They are not valid, and must be gone
//! before a person with the same id is added again.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_wire::gateway::EndReason;
use tokio::time::timeout;

use super::bucket::{Cluster, REPLY_TIMEOUT};
use super::keys::EntryKey;

/// Removes the tokens of a removed person here and in the bucket, and forgets the person's readers.
pub(super) fn end_all_of(cluster: &Cluster, person: &Arc<str>) {
    let app = &cluster.app;
    let ids: Vec<Arc<str>> = {
        let tokens = app.tokens();
        tokens.of_person(person).flat_map(|id| tokens.with_descendants(id)).collect()
    };
    let readers = app.forget_readers_of(person);
    let readers = readers.into_iter().map(|token| EntryKey::Audience(person.clone(), token));
    end(cluster, ids, readers.collect());
}

/// Removes tokens without a parent or person, once all entries are known.
pub(super) fn end_all(cluster: &Cluster) {
    let app = &cluster.app;
    let ids: Vec<Arc<str>> = {
        let now = app.now().civil;
        let tokens = app.tokens();
        let people = app.people();
        let is_orphan = |token: &communicado_wire::gateway::stored::Token| {
            let person = token.person.as_ref();
            person.is_some_and(|id| people.person(id).is_none()) || !tokens.is_valid(token, now)
        };
        tokens.all().filter(|token| is_orphan(token)).map(|token| token.id.clone()).collect()
    };
    end(cluster, ids, Vec::new());
}

fn end(cluster: &Cluster, ids: Vec<Arc<str>>, mut keys: Vec<EntryKey>) {
    let revoked: BTreeMap<Arc<str>, EndReason> =
        ids.iter().map(|id| (id.clone(), EndReason::TokenRevoked)).collect();
    cluster.app.settle_tokens(&[], &revoked);
    keys.extend(ids.into_iter().map(EntryKey::Token));
    let bucket = cluster.bucket.clone();
    // If this gateway cannot reach the bucket, the others remove them, or this gateway does at its
    // next start.
    tokio::spawn(async move {
        for key in keys {
            let _ = timeout(REPLY_TIMEOUT, bucket.delete(key.written())).await;
        }
    });
}
