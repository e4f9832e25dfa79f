//! A cluster of gateways. Their people, tokens and audiences are entries of one NATS JetStream
//! bucket, which every gateway follows.
//!
//! The cluster replaces the writer and its store. A command runs on the local state, and its write
//! is conditional: the entry must still have the known revision. Otherwise the command runs again
//! on the newer state. Each gateway publishes what it receives through the watch, including its own
//! writes. So all gateways report the same changes in the same order, with the same revisions. A
//! command completes once its entry has come back.
//!
//! Read `watch.rs` for how the gateway follows the bucket, and `commands.rs` for how it writes.

mod bucket;
mod commands;
mod keys;
mod leases;
mod orphans;
mod transfer;
mod watch;

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch as channel};
use tokio::time::timeout;

use crate::app_state::AppState;
use crate::config::ClusterConfig;
use crate::secret::random;
use crate::store_writer::WriteRequest;
use bucket::Cluster;
pub(crate) use bucket::ClusterError;
pub(crate) use keys::{EntryKey, person, token};
pub(crate) use transfer::{export, import};

/// Runs until shutdown. Signals `ready` once all entries of the bucket are known. `creates` permits
/// a new bucket.
pub(crate) fn run(
    app: &Arc<AppState>,
    config: &ClusterConfig,
    creates: bool,
    requests: Receiver<WriteRequest>,
    ready: oneshot::Sender<Result<(), ClusterError>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(ClusterError(error.to_string())));
            return;
        }
    };
    runtime.block_on(async {
        let bucket = match bucket::open(config, creates).await {
            Ok(bucket) => bucket,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let name = random::<9>().unwrap_or_else(|_| std::process::id().to_string());
        let (revisions, _) = channel::channel(0);
        let (app, seen) = (app.clone(), Mutex::default());
        let cluster = Arc::new(Cluster { app, bucket, name, seen, revisions });
        let (sender, inbox) = mpsc::channel(64);
        // The commands come from a channel that blocks.
        std::thread::spawn(move || {
            for request in requests {
                if sender.blocking_send(request).is_err() {
                    return;
                }
            }
        });
        // One task runs all of them, so that none exits unnoticed.
        tokio::select! {
            () = commands::serve(&cluster, inbox) => {}
            () = watch::canary(cluster.clone()) => {}
            () = watch::follow(cluster.clone(), ready) => {}
            () = leases::end(cluster.clone()) => {}
        }
        let key = EntryKey::Canary(cluster.name.clone()).written();
        let _ = timeout(bucket::REPLY_TIMEOUT, cluster.bucket.purge(key)).await;
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
}
