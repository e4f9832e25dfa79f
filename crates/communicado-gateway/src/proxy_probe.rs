//! One request that `doctor` sends through the proxy, and how it arrived.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api_error::ApiError;
use crate::secret::random;

/// The header with the secret of the probe.
pub(crate) const HEADER: &str = "communicado-probe";
/// The two headers of a proxy, with the values that the probe sends as a dishonest client would.
///
/// The address is one for documentation (RFC 5737), so no client has it.
pub(crate) const CLAIMS: [(&str, &str); 2] =
    [("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1")];

/// The expected request and its arrival. A new probe replaces the last one.
#[derive(Debug, Default)]
pub(crate) struct ProxyProbe(Mutex<Option<ExpectedRequest>>);

#[derive(Debug)]
struct ExpectedRequest {
    secret: String,
    arrival: Option<Arrival>,
}

/// The way in which a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The address at the other end of the connection.
    pub(crate) peer: IpAddr,
    /// True if the gateway reads the proxy headers of that address.
    pub(crate) is_trusted: bool,
    /// The number of proxy headers that a proxy set.
    pub(crate) set: u8,
    /// The number of proxy headers that arrived as the probe sent them.
    pub(crate) passed: u8,
    /// The client that the request counts for.
    pub(crate) client: IpAddr,
}

impl ProxyProbe {
    /// Expects a request, and returns the value of its header.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub(crate) fn expect(&self) -> Result<String, ApiError> {
        let secret = random::<24>()?;
        *self.lock() = Some(ExpectedRequest { secret: secret.clone(), arrival: None });
        Ok(secret)
    }

    /// Records the arrival of a request with this value of the header.
    pub(crate) fn arrived(&self, secret: &[u8], arrival: Arrival) {
        if let Some(expected) = self.lock().as_mut()
            && expected.secret.as_bytes() == secret
        {
            expected.arrival = Some(arrival);
        }
    }

    /// The arrival of the last probe.
    pub(crate) fn arrival(&self) -> Option<Arrival> {
        self.lock().as_ref().and_then(|expected| expected.arrival)
    }

    fn lock(&self) -> MutexGuard<'_, Option<ExpectedRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
