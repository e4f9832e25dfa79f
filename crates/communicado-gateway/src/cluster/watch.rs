//! The watch on the bucket: all existing entries first, then each entry as any gateway writes it.
//!
//! A watch can stall silently for up to twenty seconds when its server dies. So each gateway writes
//! its own entry every second, the canary, and begins a new watch when the canary does not come
//! back. A new watch delivers all entries; known ones are skipped.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::jetstream::kv::{Entry, Operation};
use communicado_core::Moment;
use communicado_runtime::Clock as _;
use communicado_wire::Timestamp;
use communicado_wire::gateway::EndReason;
use communicado_wire::gateway::stored;
use futures_util::StreamExt as _;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::bucket::{Cluster, ClusterError};
use super::keys::{self, EntryKey};
use super::orphans;
use crate::model::with_entry_revision;

/// Interval between two canaries.
const CANARY_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum age of a canary. An older one means that the watch has stalled.
const CANARY_TIMEOUT: Duration = Duration::from_secs(3);
/// Delay between two attempts to begin a watch.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Advice for an entry that no gateway wrote.
const FOREIGN_WRITER: &str = "check for other programs that write to the bucket";

/// Writes canaries forever.
pub(super) async fn canary(cluster: Arc<Cluster>) {
    let key = EntryKey::Canary(cluster.name.clone()).written();
    loop {
        let _ = cluster.bucket.put(&key, bytes::Bytes::new()).await;
        sleep(CANARY_INTERVAL).await;
    }
}

/// Entries from before the watch, until all of them are known.
#[derive(Default)]
struct InitialLoad {
    people: Vec<stored::Person>,
    last: u64,
}

/// Follows the bucket forever. Signals when all of its entries are known.
pub(super) async fn follow(
    cluster: Arc<Cluster>,
    ready: oneshot::Sender<Result<(), ClusterError>>,
) {
    let mut ready = Some(ready);
    let mut initial_load = Some(InitialLoad::default());
    loop {
        if let Ok(mut watch) = cluster.bucket.watch_with_history(">").await {
            let mut last_canary = cluster.app.clock.now();
            loop {
                match timeout(CANARY_INTERVAL, watch.next()).await {
                    // Missed heartbeats are reported in between, and the watch continues.
                    Ok(Some(Err(_))) | Err(_) => {}
                    Ok(Some(Ok(entry))) => {
                        let all_known = entry.delta == 0;
                        take(&cluster, &mut initial_load, &entry, &mut last_canary);
                        if all_known && initial_load.is_some() {
                            begin(&cluster, initial_load.take());
                            if let Some(ready) = ready.take() {
                                let _ = ready.send(Ok(()));
                            }
                        }
                    }
                    Ok(None) => break,
                }
                let now = cluster.app.clock.now();
                if now.since(last_canary) > CANARY_TIMEOUT {
                    tracing::warn!(what = "watch", cause = "the watch stalled; starting a new one");
                    break;
                }
            }
        }
        sleep(RETRY_DELAY).await;
    }
}

/// Applies all existing entries.
fn begin(cluster: &Cluster, initial_load: Option<InitialLoad>) {
    let Some(InitialLoad { people, last }) = initial_load else { return };
    let app = &cluster.app;
    let people = app.people().restored(people, last, app.now());
    *app.people.write().unwrap_or_else(PoisonError::into_inner) = people;
    orphans::end_all(cluster);
}

/// Applies an entry, unless it is known.
fn take(
    cluster: &Cluster,
    initial_load: &mut Option<InitialLoad>,
    entry: &Entry,
    last_canary: &mut Moment,
) {
    let app = &cluster.app;
    {
        let mut seen = cluster.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.entry(entry.key.clone()).or_default();
        if entry.revision <= *known {
            return;
        }
        *known = entry.revision;
    }
    let value = (entry.operation == Operation::Put).then(|| String::from_utf8_lossy(&entry.value));
    let value = value.as_deref();
    match EntryKey::read(&entry.key) {
        Some(EntryKey::Canary(name)) if name == cluster.name => *last_canary = app.clock.now(),
        Some(EntryKey::Canary(_)) | None => {}
        Some(EntryKey::Token(id)) => token(cluster, &id, value),
        Some(EntryKey::Audience(whom, token)) => {
            let micros = value.and_then(|value| value.parse().ok()).unwrap_or(0);
            let first = Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH);
            let mut audience = app.audience.write().unwrap_or_else(PoisonError::into_inner);
            match value {
                Some(_) => audience.insert((whom, token), first),
                None => audience.remove(&(whom, token)),
            };
        }
        Some(EntryKey::Person(id)) => {
            let stored = match value.map(|value| keys::person(&id, value)) {
                None => None,
                Some(Ok(stored)) => Some(stored),
                Some(Err(error)) => {
                    tracing::error!(what = "entry", cause = %error, help = FOREIGN_WRITER);
                    return;
                }
            };
            if let Some(initial_load) = initial_load {
                initial_load.people.retain(|person| person.id != id);
                let stored = stored.map(|it| with_entry_revision(it, entry.revision));
                initial_load.people.extend(stored);
            } else {
                let people = app.people();
                let is_new = stored.is_some() && people.person(&id).is_none();
                let is_gone = stored.is_none();
                let result = people.replicate(&id, stored, entry.revision, true, app.now());
                drop(people);
                // A token that came before its person belongs to an earlier person with this id.
                // During catch-up, entries of the same moment can come in another order.
                if is_gone || (is_new && entry.delta == 0) {
                    orphans::end_all_of(cluster, &id);
                }
                app.publish(result);
            }
        }
    }
    if let Some(initial_load) = initial_load {
        initial_load.last = entry.revision;
    }
    cluster.revisions.send_if_modified(|came| {
        let is_more = *came < entry.revision;
        *came = (*came).max(entry.revision);
        is_more
    });
}

fn token(cluster: &Cluster, id: &Arc<str>, value: Option<&str>) {
    let app = &cluster.app;
    match value.map(|value| keys::token(id, value)) {
        Some(Ok(token)) => app.settle_tokens(&[token], &BTreeMap::new()),
        Some(Err(error)) => {
            tracing::error!(what = "entry", cause = %error, help = FOREIGN_WRITER);
        }
        None => {
            let of_session = app.tokens().token(id).is_some_and(|token| token.session_of.is_some());
            let reason = if of_session { EndReason::SessionEnded } else { EndReason::TokenRevoked };
            app.settle_tokens(&[], &[(id.clone(), reason)].into());
        }
    }
}
