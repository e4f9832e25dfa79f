//! The limit on concurrent connections, in total and per address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::limits::{CONNECTIONS, CONNECTIONS_PER_ADDRESS, Limit};
use crate::rate_limits::Network;

/// The limit on open connections of a gateway.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionLimit {
    in_use: Arc<Mutex<InUse>>,
    max: usize,
}

#[derive(Debug, Default)]
struct InUse {
    all: usize,
    by_network: HashMap<Network, usize>,
}

/// A permit for one connection. Dropping it releases the connection.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    in_use: Arc<Mutex<InUse>>,
    /// The most connections of one network.
    per_network: usize,
    /// The network that the connection counts for, once it is known.
    network: OnceLock<Network>,
}

/// Files that a gateway needs in addition to its connections.
const OTHER_FILES: usize = 64;

impl ConnectionLimit {
    /// A limit as high as the system's limit on open files. Raises the soft limit to the hard
    /// limit.
    pub(crate) fn of_system() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let whole = Rlimit { current: limit.maximum, maximum: limit.maximum };
        let raised = setrlimit(Resource::Nofile, whole).is_ok();
        let files = if raised { limit.maximum } else { limit.current };
        let files = files.map_or(1 << 20, |files| usize::try_from(files).unwrap_or(1 << 20));
        Self::new(files.saturating_sub(OTHER_FILES).max(16))
    }

    pub(crate) fn new(max: usize) -> Self {
        Self { in_use: Arc::default(), max }
    }

    pub(crate) const fn max(&self) -> usize {
        self.max
    }

    pub(crate) fn in_use(&self) -> usize {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// A permit for a connection. Without a network it counts only in total, until
    /// [`ConnectionPermit::assign`].
    ///
    /// # Errors
    ///
    /// If no permit is left in total or for this network; returns that limit.
    pub(crate) fn acquire(&self, network: Option<Network>) -> Result<ConnectionPermit, Limit> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if in_use.all >= self.max {
            return Err(Limit { max: self.max, ..CONNECTIONS });
        }
        in_use.all += 1;
        drop(in_use);
        let permit = ConnectionPermit {
            in_use: self.in_use.clone(),
            // One network leaves room for others.
            per_network: self.max - self.max / 4,
            network: OnceLock::new(),
        };
        network.map_or(Ok(()), |network| permit.assign(network))?;
        Ok(permit)
    }
}

impl ConnectionPermit {
    /// Counts the connection for a network, unless it counts for one already.
    ///
    /// # Errors
    ///
    /// If no permit is left for this network; returns that limit.
    pub(crate) fn assign(&self, network: Network) -> Result<(), Limit> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let count = in_use.by_network.get(&network).copied().unwrap_or(0);
        if self.network.get().is_some() {
            return Ok(());
        }
        if count >= self.per_network {
            return Err(Limit { max: self.per_network, ..CONNECTIONS_PER_ADDRESS });
        }
        if self.network.set(network).is_ok() {
            in_use.by_network.insert(network, count + 1);
        }
        Ok(())
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.all -= 1;
        let Some(network) = self.network.get() else { return };
        if let Some(of_network) = in_use.by_network.get_mut(network) {
            *of_network -= 1;
            if *of_network == 0 {
                in_use.by_network.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_dropped_permit_is_free_again_and_an_address_leaves_room_for_others() {
        let connection_limit = ConnectionLimit::new(4);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(network);
        let mut of_one: Vec<ConnectionPermit> =
            (0..3).map(|_| connection_limit.acquire(Some(one)).unwrap()).collect();
        assert_eq!(
            connection_limit.acquire(Some(one)).unwrap_err().name,
            "connections-per-address"
        );
        let of_other = connection_limit.acquire(Some(other)).unwrap();
        assert_eq!(connection_limit.acquire(Some(other)).unwrap_err().name, "connections");
        of_one.pop();
        assert!(connection_limit.acquire(Some(one)).is_ok());
        drop((of_one, of_other));
        let in_use = connection_limit.in_use.lock().unwrap();
        assert!(in_use.all == 0 && in_use.by_network.is_empty());
    }

    #[test]
    fn a_connection_of_a_proxy_counts_once_its_client_is_known() {
        let connection_limit = ConnectionLimit::new(4);
        let one = network("192.0.2.1");
        let permits: Vec<ConnectionPermit> =
            (0..4).map(|_| connection_limit.acquire(None).unwrap()).collect();
        assert_eq!(connection_limit.acquire(None).unwrap_err().name, "connections");
        assert!(permits.iter().take(3).all(|permit| permit.assign(one).is_ok()));
        let last = permits.last().unwrap();
        assert_eq!(last.assign(one).unwrap_err().name, "connections-per-address");
        assert!(last.assign(network("192.0.2.2")).is_ok());
        // The second request of a connection does not count again.
        assert!(last.assign(one).is_ok());
        drop(permits);
        let in_use = connection_limit.in_use.lock().unwrap();
        assert!(in_use.all == 0 && in_use.by_network.is_empty());
    }
}
