//! Several gateways as one: their people, tokens and audiences are entries of one bucket of NATS
//! JetStream, and each follows it.
//!
//! It stands where the writer and its store stand for one gateway alone. An order is done on what
//! is known here, and written on condition that the entry is still the one that was known; if not,
//! it is done again on what came meanwhile. What comes through the watch is told, also what we
//! wrote ourselves, so all gateways tell the same in the same order, with the same revisions.
//! An order is answered once its entry has come back.
//!
//! Read `watch.rs` for how the bucket is followed, `commands.rs` for how it is written.

mod bucket;
mod commands;
mod keys;
mod leases;
mod orphans;
mod watch;

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch as channel};

use crate::app_state::AppState;
use crate::config::ClusterConfig;
use crate::secret::random;
use crate::store_writer::WriteRequest;
use bucket::{Cluster, ClusterError};
pub(crate) use keys::{EntryKey, person, token};

/// Works until it is stopped; `ready` is told once all that is in the bucket is known here.
pub(crate) fn run(
    app: &Arc<AppState>,
    config: &ClusterConfig,
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
        let bucket = match bucket::open(config).await {
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
        // The jobs come from a channel that blocks.
        std::thread::spawn(move || {
            for request in requests {
                if sender.blocking_send(request).is_err() {
                    return;
                }
            }
        });
        // In one task, so that none breaks off unnoticed.
        tokio::select! {
            () = commands::serve(&cluster, inbox) => {}
            () = watch::canary(cluster.clone()) => {}
            () = watch::follow(cluster.clone(), ready) => {}
            () = leases::end(cluster.clone()) => {}
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
}
