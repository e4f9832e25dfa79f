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

mod commands;
mod keys;
mod leases;
mod orphans;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::{self, kv, stream};
use tokio::sync::{mpsc, oneshot, watch as channel};

use crate::app_state::AppState;
use crate::config::ClusterConfig;
use crate::secret::random;
use crate::writer::WriteRequest;
pub(crate) use keys::{Key, person, token};

/// How long an answer of NATS may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an order is tried: the leader of a bucket that was killed is replaced within eight.
const WRITE_TIMEOUT: Duration = Duration::from_secs(12);

/// Why the gateways cannot work together.
#[derive(Debug)]
pub(crate) struct ClusterError(String);

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the parts of a gateway among others share.
struct Cluster {
    app: Arc<AppState>,
    bucket: kv::Store,
    /// Our own name among the gateways.
    name: String,
    /// The revision of each entry that was seen last, also of those that are no more.
    seen: Mutex<BTreeMap<String, u64>>,
    /// The last revision that came.
    came: channel::Sender<u64>,
}

impl Cluster {
    fn seen(&self, key: &str) -> u64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).copied().unwrap_or(0)
    }

    /// Waits until what was written as `revision` has come back; whether it has in time.
    async fn has_come(&self, revision: u64) -> bool {
        self.came(|came| came >= revision).await
    }

    /// Waits until the entry of `key` is a later one than `seen`; whether it is in time.
    async fn key_has_come(&self, key: &str, seen: u64) -> bool {
        self.came(|_| self.seen(key) > seen).await
    }

    async fn came(&self, has_come: impl Fn(u64) -> bool) -> bool {
        let mut came = self.came.subscribe();
        let wait = came.wait_for(|came| has_come(*came));
        tokio::time::timeout(REPLY_TIMEOUT, wait).await.is_ok_and(|came| came.is_ok())
    }
}

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
        let bucket = match bucket(config).await {
            Ok(bucket) => bucket,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let name = random::<9>().unwrap_or_else(|_| std::process::id().to_string());
        let (came, _) = channel::channel(0);
        let (app, seen) = (app.clone(), Mutex::default());
        let cluster = Arc::new(Cluster { app, bucket, name, seen, came });
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

/// Opens the bucket, and makes it if it is not there.
async fn bucket(config: &ClusterConfig) -> Result<kv::Store, ClusterError> {
    let ClusterConfig { servers, bucket, replicas } = config;
    let addresses = servers.split(',').map(str::parse).collect::<Result<Vec<_>, _>>();
    let addresses: Vec<async_nats::ServerAddr> =
        addresses.map_err(|error| ClusterError(format!("`{servers}` is no address: {error}")))?;
    let client = async_nats::ConnectOptions::new()
        .name("communicado-gateway")
        .request_timeout(Some(REPLY_TIMEOUT))
        .connection_timeout(REPLY_TIMEOUT)
        .connect(addresses)
        .await
        .map_err(|error| ClusterError(format!("{servers} cannot be reached: {error}")))?;
    let context = jetstream::new(client);
    let mut last = String::new();
    // Servers that were just started have no leader yet.
    for _ in 0..30 {
        if let Ok(found) = context.get_key_value(bucket).await {
            return Ok(found);
        }
        match context.create_stream(stream(bucket, *replicas)).await {
            Ok(_) => continue,
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(ClusterError(format!("the bucket `{bucket}` cannot be made: {last}")))
}

/// The stream that a bucket is. Asked for a bucket, the library first asks the server what older
/// ones (2.9) do not tell.
fn stream(bucket: &str, replicas: usize) -> stream::Config {
    stream::Config {
        name: format!("KV_{bucket}"),
        description: Some("communicado-gateway: people, tokens, audiences".to_owned()),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        discard: stream::DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: replicas,
        ..stream::Config::default()
    }
}
