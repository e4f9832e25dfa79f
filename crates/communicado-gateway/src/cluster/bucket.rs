//! The bucket that several gateways share, and this gateway's state of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::kv::{UpdateError, UpdateErrorKind};
use async_nats::jetstream::{self, ErrorCode, kv, stream};
use communicado_cli_support::{Failure, Outcome};
use tokio::sync::watch as channel;

use crate::app_state::AppState;
use crate::config::ClusterConfig;

/// Time limit for a response of NATS.
pub(super) const REPLY_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit for all attempts at a command. NATS replaces the failed leader of a bucket within
/// eight seconds.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(12);

/// An error of the shared bucket.
#[derive(Debug)]
pub(crate) struct ClusterError(pub(super) String);

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ClusterError {
    /// The failure of a command.
    pub(crate) fn into_failure(self) -> Failure {
        Failure::new(Outcome::Failed, "cannot use the shared bucket").cause(self)
    }
}

/// The state of a gateway in a cluster.
pub(super) struct Cluster {
    pub(super) app: Arc<AppState>,
    pub(super) bucket: kv::Store,
    /// The name of this gateway in the cluster.
    pub(super) name: String,
    /// The last seen revision of each entry, including removed ones.
    pub(super) seen: Mutex<BTreeMap<String, u64>>,
    /// The last received revision.
    pub(super) revisions: channel::Sender<u64>,
}

impl Cluster {
    pub(super) fn seen(&self, key: &str) -> u64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).copied().unwrap_or(0)
    }

    /// Waits until the write with this `revision` has come back. Returns false on timeout.
    pub(super) async fn wait_for_revision(&self, revision: u64) -> bool {
        self.wait_until(|came| came >= revision).await
    }

    /// Waits until the revision of `key` is later than `seen`. Returns false on timeout.
    pub(super) async fn wait_for_key(&self, key: &str, seen: u64) -> bool {
        self.wait_until(|_| self.seen(key) > seen).await
    }

    async fn wait_until(&self, has_come: impl Fn(u64) -> bool) -> bool {
        let mut came = self.revisions.subscribe();
        let wait = came.wait_for(|came| has_come(*came));
        tokio::time::timeout(REPLY_TIMEOUT, wait).await.is_ok_and(|came| came.is_ok())
    }
}

/// Opens the bucket. With `creates`, a missing bucket is created.
pub(super) async fn open(config: &ClusterConfig, creates: bool) -> Result<kv::Store, ClusterError> {
    let ClusterConfig { servers, bucket, replicas } = config;
    let hosts = config.hosts();
    let addresses = servers.split(',').map(str::parse).collect::<Result<Vec<_>, _>>();
    let addresses: Vec<async_nats::ServerAddr> =
        addresses.map_err(|error| ClusterError(format!("`{hosts}` is not an address: {error}")))?;
    let client = async_nats::ConnectOptions::new()
        .name("communicado-gateway")
        .request_timeout(Some(REPLY_TIMEOUT))
        .connection_timeout(REPLY_TIMEOUT)
        .connect(addresses)
        .await
        .map_err(|error| ClusterError(format!("cannot reach {hosts}: {error}")))?;
    let context = jetstream::new(client);
    let mut last = String::new();
    // Servers that have just started have no leader yet.
    for _ in 0..30 {
        match context.get_key_value(bucket).await {
            Ok(found) => return Ok(found),
            Err(error) => last = error.to_string(),
        }
        if creates {
            match context.create_stream(stream(bucket, *replicas)).await {
                Ok(_) => continue,
                Err(error) => last = error.to_string(),
            }
        } else if is_missing(&context, bucket).await {
            return Err(ClusterError(format!("the bucket `{bucket}` does not exist at {hosts}")));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(ClusterError(format!("cannot open the bucket `{bucket}`: {last}")))
}

/// True if the servers have no such bucket. An error without an answer is not known to be this.
async fn is_missing(context: &jetstream::Context, bucket: &str) -> bool {
    let found = context.get_stream(stream_name(bucket)).await.err();
    found.is_some_and(|error| {
        matches!(error.kind(), GetStreamErrorKind::JetStream(error)
            if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
    })
}

fn stream_name(bucket: &str) -> String {
    format!("KV_{bucket}")
}

/// The stream behind the bucket. Opening a bucket makes the library send requests that older
/// servers (2.9) do not support.
fn stream(bucket: &str, replicas: usize) -> stream::Config {
    stream::Config {
        name: stream_name(bucket),
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

/// True if another gateway has written the entry meanwhile.
pub(super) fn is_overtaken(error: &UpdateError) -> bool {
    error.kind() == UpdateErrorKind::WrongLastRevision
}
