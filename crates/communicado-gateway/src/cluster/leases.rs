//! The ends of leases: whichever gateway is first writes it down. If none can, each tells it for
//! itself, so that nobody is wrong for longer than the lease.

use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::Clock as _;
use communicado_wire::gateway::EndReason;
use tokio::time::{sleep, timeout};

use super::bucket::{Cluster, REPLY_TIMEOUT, is_overtaken};
use super::keys::EntryKey;
use crate::model::BatchResult;

/// How long nothing is looked at: the time asleep is not counted by a timer, and is by a lease.
const IDLE_MAX: Duration = Duration::from_millis(500);
/// Leases that end together.
const BATCH_MAX: usize = 1024;

/// Ends leases, what was said by hand, and tokens, for ever.
pub(super) async fn end(cluster: Arc<Cluster>) {
    loop {
        let next = cluster.app.people().next_deadline();
        let left = next.map_or(IDLE_MAX, |next| next.since(cluster.app.clock.now()));
        // A little later than due: with luck another gateway has written it by then.
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
        tracing::warn!(what = "leases", cause = "their ends cannot be written, and are told here");
        let people = app.people();
        let mut batch = people.begin();
        batch.expire(app.now(), BATCH_MAX);
        let revision = people.revision();
        let result = batch.end().local_only(revision);
        drop(people);
        app.publish(result);
    }
}

/// Tokens that have ended are good no more here at once, and are removed by whoever is first.
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
