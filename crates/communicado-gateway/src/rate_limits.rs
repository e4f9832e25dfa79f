//! Rate limits of callers.
//!
//! A token and its sessions are one caller, and so is an address without a token. A costly request
//! counts as several.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use lru::LruCache;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{Limit, REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};

/// The key under which a caller's requests and bytes count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CallerKey {
    /// A token and its sessions, by the id of the token.
    Family(Arc<str>),
    Network(Network),
}

/// The network that one owner controls: one IPv4 address, or 64 bits of IPv6 (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(prefix))
            }
            address => address,
        })
    }
}

/// The number of tracked callers. A new caller replaces the least recently seen one.
const TRACKED_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);

/// The system clock, as the limiters read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimiterClock(SystemClock);

impl Clock for LimiterClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.now().since_start()
    }
}

#[derive(Debug)]
pub(crate) struct RateLimits<C: Clock = LimiterClock> {
    clock: C,
    requests: KeyedLimiters<CallerKey, C>,
    wrong: KeyedLimiters<Network, C>,
}

impl RateLimits {
    pub(crate) fn new(per_second: usize, wrong_per_minute: usize) -> Self {
        Self::on(LimiterClock(SystemClock::start()), TRACKED_MAX, per_second, wrong_per_minute)
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    fn on(clock: C, tracked_max: NonZeroUsize, per_second: usize, wrong_per_minute: usize) -> Self {
        let per_second = Limit { max: per_second, ..REQUESTS_PER_SECOND };
        let wrong_per_minute = Limit { max: wrong_per_minute, ..WRONG_TOKENS_PER_MINUTE };
        let requests = KeyedLimiters::new(tracked_max, per_second, Quota::per_second);
        let wrong = KeyedLimiters::new(tracked_max, wrong_per_minute, Quota::per_minute);
        Self { clock, requests, wrong }
    }

    /// Counts a request as `cost` requests, at most as one second's allowance.
    ///
    /// # Errors
    ///
    /// If `caller_key` exceeds its rate.
    pub(crate) fn request(&self, who: CallerKey, cost: usize) -> Result<(), ApiError> {
        self.requests.take(&self.clock, who, cost, "the request rate is too high")
    }

    /// Counts a wrong token from `address`.
    ///
    /// # Errors
    ///
    /// If the address sent too many.
    pub(crate) fn wrong_token(&self, address: IpAddr) -> Result<(), ApiError> {
        let detail = "this address sent too many wrong tokens";
        self.wrong.take(&self.clock, address.into(), 1, detail)
    }
}

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// One limiter per caller.
#[derive(Debug)]
struct KeyedLimiters<K: Eq + Hash, C: Clock> {
    limit: Limit,
    quota: Quota,
    by_caller: Mutex<LruCache<K, Limiter<C>>>,
}

impl<K: Eq + Hash, C: Clock + Clone> KeyedLimiters<K, C> {
    fn new(tracked_max: NonZeroUsize, limit: Limit, quota: fn(NonZeroU32) -> Quota) -> Self {
        let max = u32::try_from(limit.max).unwrap_or(u32::MAX);
        let quota = quota(NonZeroU32::new(max).unwrap_or(NonZeroU32::MIN));
        Self { limit, quota, by_caller: Mutex::new(LruCache::new(tracked_max)) }
    }

    fn take(&self, clock: &C, caller: K, cost: usize, detail: &str) -> Result<(), ApiError> {
        let burst = self.quota.burst_size();
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        let mut by_caller = self.by_caller.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = by_caller
            .get_or_insert(caller, || RateLimiter::direct_with_clock(self.quota, clock.clone()));
        // A cost above the burst would never pass.
        match limiter.check_n(cost.min(burst)) {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(clock.now()).as_secs() + 1;
                let wait = u32::try_from(wait).unwrap_or(u32::MAX);
                Err(ApiError::limit_exceeded(ApiErrorKind::TooMany, self.limit, detail)
                    .retry_after(wait))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use governor::clock::FakeRelativeClock;

    use super::*;

    const FEW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99);

    fn rates() -> (FakeRelativeClock, RateLimits<FakeRelativeClock>) {
        let clock = FakeRelativeClock::default();
        let (max, wrong) = (REQUESTS_PER_SECOND.max, WRONG_TOKENS_PER_MINUTE.max);
        (clock.clone(), RateLimits::on(clock, FEW, max, wrong))
    }

    fn family(name: &str) -> CallerKey {
        CallerKey::Family(name.into())
    }

    #[test]
    fn a_caller_beyond_its_rate_is_refused_and_admitted_later() {
        let (clock, rates) = rates();
        let allowed = (0..1000).filter(|_| rates.request(family("a"), 1).is_ok()).count();
        assert_eq!(allowed, REQUESTS_PER_SECOND.max);
        assert!(rates.request(family("b"), 1).is_ok());
        clock.advance(Duration::from_millis(100));
        assert!(rates.request(family("a"), 20).is_ok());
        let error = rates.request(family("a"), 20).unwrap_err();
        assert_eq!((error.kind, error.retry_after), (ApiErrorKind::TooMany, Some(1)));
    }

    #[test]
    fn a_costly_request_counts_as_several_up_to_one_seconds_allowance() {
        let (clock, rates) = rates();
        let allowed = (0..1000).filter(|_| rates.request(family("a"), 50).is_ok()).count();
        assert_eq!(allowed, REQUESTS_PER_SECOND.max / 50);
        clock.advance(Duration::from_secs(1));
        assert!(rates.request(family("a"), usize::MAX).is_ok());
        assert!(rates.request(family("a"), 1).is_err());
    }

    #[test]
    fn wrong_tokens_are_counted() {
        let (clock, rates) = rates();
        let address = Ipv4Addr::LOCALHOST.into();
        for _ in 0..30 {
            assert!(rates.wrong_token(address).is_ok());
        }
        assert!(rates.wrong_token(address).is_err());
        clock.advance(Duration::from_secs(10));
        assert!(rates.wrong_token(address).is_ok());
    }

    #[test]
    fn many_callers_do_not_reset_the_rate_of_an_active_one() {
        let (_, rates) = rates();
        while rates.request(family("attacker"), 1).is_ok() {}
        for number in 0..10 * FEW.get() {
            assert!(rates.request(family(&number.to_string()), 1).is_ok());
            if number % 50 == 0 {
                assert!(rates.request(family("attacker"), 1).is_err(), "after {number}");
            }
        }
        let tracked_max = rates.requests.by_caller.lock().unwrap().len();
        assert_eq!(tracked_max, FEW.get());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_caller_and_mapped_ones_are_ipv4() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
