//! The configuration of a gateway, apart from its network.

use std::time::Duration;

use crate::http::AllowedHosts;
use crate::limits::{REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};
use crate::traces::Traces;

/// The configuration of a gateway.
#[derive(Debug)]
pub(crate) struct ServeConfig {
    /// For how long what was told is kept, if it is.
    pub(crate) history: Option<Duration>,
    /// Pages of these origins may read too.
    pub(crate) origins: Vec<String>,
    /// Requests of one token.
    pub(crate) per_second: usize,
    /// Streams of one token and its sessions; half of the connections, but not too many, if not
    /// given.
    pub(crate) streams_per_token: Option<usize>,
    /// Wrong tokens from one address.
    pub(crate) wrong_per_minute: usize,
    /// The bucket that is shared with other gateways, in the place of a store.
    pub(crate) cluster: Option<ClusterConfig>,
    /// Where spans are made, if anybody wants them.
    pub(crate) traces: Option<Traces>,
    /// Whether browsers are to use only TLS from now on.
    pub(crate) hsts: bool,
    /// Which values of `Host` are valid without TLS.
    pub(crate) hosts: AllowedHosts,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            history: None,
            origins: Vec::new(),
            per_second: REQUESTS_PER_SECOND.max,
            streams_per_token: None,
            wrong_per_minute: WRONG_TOKENS_PER_MINUTE.max,
            cluster: None,
            traces: None,
            hsts: false,
            hosts: AllowedHosts::Any,
        }
    }
}

/// The bucket that several gateways share.
#[derive(Clone, Debug)]
pub(crate) struct ClusterConfig {
    /// Servers, with commas.
    pub(crate) servers: String,
    pub(crate) bucket: String,
    /// How many servers keep it.
    pub(crate) replicas: usize,
}
