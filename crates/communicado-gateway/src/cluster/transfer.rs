//! The whole contents of a bucket, for `backup` and `restore`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_nats::jetstream::kv::{self, Operation};
use communicado_wire::Timestamp;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::bucket::{self, ClusterError};
use super::keys::{self, EntryKey};
use crate::config::ClusterConfig;
use crate::model::{BatchResult, with_entry_revision};
use crate::store::{FirstRead, StoredState};

/// Maximum time between two entries.
const ENTRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads all people, tokens and audiences of a bucket.
///
/// # Errors
///
/// If the bucket does not exist, is not reachable, or has a malformed entry.
pub(crate) fn export(config: &ClusterConfig) -> Result<StoredState, ClusterError> {
    block_on(async {
        let bucket = bucket::open(config, false).await?;
        let mut state = StoredState::default();
        for (key, (value, revision)) in entries(&bucket).await? {
            state.revision = state.revision.max(revision);
            let malformed =
                |error| ClusterError(format!("the entry `{key}` is malformed: {error}"));
            match EntryKey::read(&key) {
                Some(EntryKey::Person(id)) => {
                    let person = keys::person(&id, &value).map_err(malformed)?;
                    state.people.push(with_entry_revision(person, revision));
                }
                Some(EntryKey::Token(id)) => {
                    state.tokens.push(keys::token(&id, &value).map_err(malformed)?);
                }
                Some(EntryKey::Audience(whom, token)) => {
                    let micros = value.parse().unwrap_or(0);
                    let first = Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH);
                    state.audience.push(FirstRead { whom, token, first });
                }
                Some(EntryKey::Canary(_)) | None => {}
            }
        }
        Ok(state)
    })
}

/// Replaces the contents of a bucket. Gateways that run follow the changes.
///
/// # Errors
///
/// If the bucket is not reachable. It can then contain a part of the changes.
pub(crate) fn import(config: &ClusterConfig, state: &StoredState) -> Result<(), ClusterError> {
    block_on(async {
        let bucket = bucket::open(config, true).await?;
        let mut surplus: BTreeSet<String> = entries(&bucket).await?.into_keys().collect();
        surplus.retain(|key| {
            EntryKey::read(key).is_some_and(|key| !matches!(key, EntryKey::Canary(_)))
        });
        // A gateway ends the tokens of a person that comes after them, so the people come first.
        for (key, text) in written(state) {
            surplus.remove(&key);
            let put = bucket.put(&key, text.into()).await;
            put.map_err(|error| ClusterError(format!("cannot write `{key}`: {error}")))?;
        }
        for key in surplus {
            let deleted = bucket.delete(&key).await;
            deleted.map_err(|error| ClusterError(format!("cannot remove `{key}`: {error}")))?;
        }
        Ok(())
    })
}

/// The entries of a state: people, then tokens, then the audience.
fn written(state: &StoredState) -> impl Iterator<Item = (String, String)> {
    let people = state.people.iter().map(|person| {
        let person = BatchResult::entry_of(person.clone(), 0);
        (EntryKey::Person(person.id.clone()).written(), person.to_json())
    });
    let tokens = state
        .tokens
        .iter()
        .map(|token| (EntryKey::Token(token.id.clone()).written(), token.to_json()));
    let audience = state.audience.iter().map(|FirstRead { whom, token, first }| {
        let key = EntryKey::Audience(whom.clone(), token.clone()).written();
        (key, first.micros().to_string())
    });
    people.chain(tokens).chain(audience)
}

/// The present entries by key, each with its value and revision.
async fn entries(bucket: &kv::Store) -> Result<BTreeMap<String, (String, u64)>, ClusterError> {
    let cannot = |error: &dyn std::fmt::Display| {
        ClusterError(format!("cannot read the bucket `{}`: {error}", bucket.name))
    };
    let mut found = BTreeMap::new();
    let status = bucket.status().await.map_err(|error| cannot(&error))?;
    // A watch of an empty bucket sends nothing.
    if status.values() == 0 {
        return Ok(found);
    }
    let mut watch = bucket.watch_with_history(">").await.map_err(|error| cannot(&error))?;
    loop {
        let next = timeout(ENTRY_TIMEOUT, watch.next()).await;
        let next = next.map_err(|_| cannot(&"no entry came in time"))?;
        let entry = next.ok_or_else(|| cannot(&"the watch ended"))?;
        let entry = entry.map_err(|error| cannot(&error))?;
        let value = String::from_utf8_lossy(&entry.value).into_owned();
        match entry.operation {
            Operation::Put => found.insert(entry.key, (value, entry.revision)),
            Operation::Delete | Operation::Purge => found.remove(&entry.key),
        };
        if entry.delta == 0 {
            return Ok(found);
        }
    }
}

fn block_on<T>(task: impl Future<Output = Result<T, ClusterError>>) -> Result<T, ClusterError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ClusterError(error.to_string()))?;
    let result = runtime.block_on(task);
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}
