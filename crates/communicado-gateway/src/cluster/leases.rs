//! Lease expiry in a cluster: the first gateway to notice writes it to the bucket. If none can,
//! each reports expiry locally, so no status outlives its lease.

use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::Clock as _;
use communicado_wire::gateway::EndReason;
use tokio::time::{sleep, timeout};

use super::bucket::{Cluster, REPLY_TIMEOUT, is_overtaken};
use super::keys::EntryKey;
use crate::model::BatchResult;

/// Maximum time between two checks. Timers do not count time asleep; leases do.
const IDLE_MAX: Duration = Duration::from_millis(500);
/// Maximum number of leases that expire in one batch.
const BATCH_MAX: usize = 1024;

/// Expires leases, manual statuses and tokens, forever.
pub(super) async fn end(cluster: Arc<Cluster>) {
    loop {
        let next = cluster.app.people().next_deadline();
        let left = next.map_or(IDLE_MAX, |next| next.since(cluster.app.clock.now()));
        // Slightly later than due, because another gateway may have written it by then.
        sleep(left.min(IDLE_MAX).max(Duration::from_millis(5))).await;
        due(&cluster).await;
        tokens(&cluster).await;
    }
}

async fn due(cluster: &Cluster) {
    let app = &cluster.app;
    let (result, revision) = {
        let people = app.people();
        let now = app.now();
        if people.next_deadline().is_none_or(|next| now.moment < next) {
            return;
        }
        let mut batch = people.begin();
        batch.expire(now, BATCH_MAX);
        (batch.end(), people.revision())
    };
    let (mut last, mut is_away) = (0, false);
    for (id, person) in &result.people {
        let Some(person) = person else { continue };
        let key = EntryKey::Person(id.clone()).written();
        let text = BatchResult::entry(person, revision).to_json();
        let written = cluster.bucket.update(&key, text.into(), cluster.seen(&key));
        match timeout(REPLY_TIMEOUT, written).await {
            Ok(Ok(revision)) => last = last.max(revision),
            Ok(Err(error)) if is_overtaken(&error) => {}
            Ok(Err(_)) | Err(_) => {
                is_away = true;
                break;
            }
        }
    }
    if last > 0 {
        cluster.wait_for_revision(last).await;
    }
    if is_away {
        tracing::warn!(what = "leases", cause = "cannot write lease expiry; reporting it locally");
        let people = app.people();
        let mut batch = people.begin();
        batch.expire(app.now(), BATCH_MAX);
        let revision = people.revision();
        let result = batch.end().local_only(revision);
        drop(people);
        app.publish(result);
    }
}

/// Invalidates expired tokens here at once. The first gateway removes them from the bucket.
async fn tokens(cluster: &Cluster) {
    let app = &cluster.app;
    let expired = app.tokens().expired(app.now().civil);
    if expired.is_empty() {
        return;
    }
    let ended = expired.iter().map(|id| (id.clone(), EndReason::TokenRevoked)).collect();
    app.settle_tokens(&[], &ended);
    for id in expired {
        let _ = timeout(REPLY_TIMEOUT, cluster.bucket.delete(EntryKey::Token(id).written())).await;
    }
}
