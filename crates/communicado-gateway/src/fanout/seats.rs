//! How many connections there are at once, in all and from each address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::{CONNECTIONS, CONNECTIONS_PER_ADDRESS, Limit};
use crate::rates::Network;

/// The seats of a gateway.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    taken: Arc<Mutex<Taken>>,
    most: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_network: HashMap<Network, usize>,
}

/// One connection's; it is free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    taken: Arc<Mutex<Taken>>,
    network: Network,
}

/// Files that a gateway needs besides its connections.
const OTHER_FILES: usize = 64;

impl Seats {
    /// As many as the system lets us open files; raises the soft limit to the hard one.
    pub(crate) fn of_system() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let whole = Rlimit { current: limit.maximum, maximum: limit.maximum };
        let raised = setrlimit(Resource::Nofile, whole).is_ok();
        let files = if raised { limit.maximum } else { limit.current };
        let files = files.map_or(1 << 20, |files| usize::try_from(files).unwrap_or(1 << 20));
        Self::new(files.saturating_sub(OTHER_FILES).max(16))
    }

    pub(crate) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    pub(crate) const fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// # Errors
    ///
    /// If there is none, or none for this address: the limit.
    pub(crate) fn take(&self, network: Network) -> Result<Seat, Limit> {
        // An address leaves room for others.
        let per_network = self.most - self.most / 4;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return Err(Limit { most: self.most, ..CONNECTIONS });
        }
        let of_network = taken.by_network.entry(network).or_default();
        if *of_network >= per_network {
            return Err(Limit { most: per_network, ..CONNECTIONS_PER_ADDRESS });
        }
        *of_network += 1;
        taken.all += 1;
        Ok(Seat { taken: self.taken.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of_network) = taken.by_network.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                taken.by_network.remove(&self.network);
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
    fn a_seat_that_is_left_is_free_again_and_an_address_leaves_room_for_others() {
        let seats = Seats::new(4);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(network);
        let mut of_one: Vec<Seat> = (0..3).map(|_| seats.take(one).unwrap()).collect();
        assert_eq!(seats.take(one).unwrap_err().name, "connections-per-address");
        let of_other = seats.take(other).unwrap();
        assert_eq!(seats.take(other).unwrap_err().name, "connections");
        of_one.pop();
        assert!(seats.take(one).is_ok());
        drop((of_one, of_other));
        let taken = seats.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.by_network.is_empty());
    }
}
