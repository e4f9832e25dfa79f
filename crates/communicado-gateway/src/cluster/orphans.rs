//! Tokens whose person or parent is gone: every gateway that notices removes them from the bucket.
//!
//! A token is written without a condition on its person's entry, which the bucket does not offer.
//! So a gateway that ends between a removal and what follows from it leaves orphans. They are not
//! valid, and they must be gone before a person with the same id is added again.

use std::collections::BTreeMap;
use std::sync::Arc;

use communicado_wire::gateway::EndReason;
use tokio::time::timeout;

use super::bucket::{Cluster, REPLY_TIMEOUT};
use super::keys::EntryKey;

/// Ends the tokens of a person who was removed, here and in the bucket, and forgets the readers.
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

/// Ends the tokens that hang on nothing, once all entries are known.
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
    // A gateway that cannot reach the bucket now leaves them to the others, or to its next start.
    tokio::spawn(async move {
        for key in keys {
            let _ = timeout(REPLY_TIMEOUT, bucket.delete(key.written())).await;
        }
    });
}
