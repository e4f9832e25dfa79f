//! The configuration of a gateway, without its network options.

use std::fmt;
use std::time::Duration;

use crate::branding::Branding;
use crate::limits::{HEARTBEAT, REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};
use crate::model::Aggregation;
use crate::traces::Traces;
use crate::trusted_proxies::TrustedProxies;
use crate::web_url::PublicUrl;

/// The configuration of a gateway.
#[derive(Debug)]
pub(crate) struct ServeConfig {
    /// The rule by which one device determines the status of a person.
    pub(crate) aggregation: Aggregation,
    /// The title, the logo and the names of groups of the board.
    pub(crate) branding: Branding,
    /// Retention of the history; no history if absent.
    pub(crate) history: Option<Duration>,
    /// Origins whose pages may read responses.
    pub(crate) origins: Vec<String>,
    /// The public URL of the gateway, if it differs from the listening address.
    pub(crate) public_url: Option<PublicUrl>,
    /// The proxies whose headers give the address of a client.
    pub(crate) proxies: TrustedProxies,
    /// The heartbeat interval of a stream.
    pub(crate) heartbeat: Duration,
    /// Requests per second of one token.
    pub(crate) per_second: usize,
    /// Streams of one token and its sessions. Default: half of the connections, up to a limit.
    pub(crate) streams_per_token: Option<usize>,
    /// Wrong tokens per minute from one address.
    pub(crate) wrong_per_minute: usize,
    /// The bucket that replaces the store and that other gateways share.
    pub(crate) cluster: Option<ClusterConfig>,
    /// True if a missing bucket is created.
    pub(crate) creates_bucket: bool,
    /// The span provider, if tracing is on.
    pub(crate) traces: Option<Traces>,
    /// True if responses carry `Strict-Transport-Security`.
    pub(crate) hsts: bool,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            aggregation: Aggregation::default(),
            branding: Branding::default(),
            history: None,
            origins: Vec::new(),
            public_url: None,
            proxies: TrustedProxies::default(),
            heartbeat: HEARTBEAT,
            per_second: REQUESTS_PER_SECOND.max,
            streams_per_token: None,
            wrong_per_minute: WRONG_TOKENS_PER_MINUTE.max,
            cluster: None,
            creates_bucket: false,
            traces: None,
            hsts: false,
        }
    }
}

/// The bucket that several gateways share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterConfig {
    /// NATS servers, comma-separated.
    pub(crate) servers: String,
    pub(crate) bucket: String,
    /// The number of servers that store the bucket.
    pub(crate) replicas: usize,
}

impl ClusterConfig {
    /// The servers, without passwords.
    pub(crate) fn hosts(&self) -> String {
        let hosts = self.servers.split(',');
        let hosts = hosts.map(|url| url.rsplit_once('@').map_or(url, |(_, host)| host));
        hosts.collect::<Vec<_>>().join(",")
    }
}

impl fmt::Display for ClusterConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bucket `{}` of NATS at {}", self.bucket, self.hosts())
    }
}
