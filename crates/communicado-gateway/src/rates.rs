//! How often somebody may ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use communicado_core::Moment;

use crate::limits::{Limit, REQUESTS_PER_SECOND, WRONG_TOKENS_PER_MINUTE};
use crate::refusal::{Kind, Refusal};

/// Who asks: a token, or an address without one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Token(Arc<str>),
    Address(IpAddr),
}

/// Those who asked of late are remembered, up to so many; then all are forgotten.
const REMEMBERED: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct Rates {
    requests: Mutex<HashMap<Who, Bucket>>,
    wrong: Mutex<HashMap<IpAddr, Bucket>>,
}

/// What is left of a rate, and when that was so.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Moment,
}

impl Rates {
    /// # Errors
    ///
    /// If `who` asks too often.
    pub(crate) fn request(&self, who: Who, now: Moment) -> Result<(), Refusal> {
        let per_second = REQUESTS_PER_SECOND;
        if taken(&self.requests, who, per_second, 1.0, now) {
            return Ok(());
        }
        let detail = "there are too many requests";
        Err(Refusal::beyond(Kind::TooMany, per_second, detail).retry_after(1))
    }

    /// A wrong token from `address`.
    pub(crate) fn wrong_token(&self, address: IpAddr, now: Moment) {
        taken(&self.wrong, address, WRONG_TOKENS_PER_MINUTE, 60.0, now);
    }

    /// # Errors
    ///
    /// If too many wrong tokens came from `address`.
    pub(crate) fn may_try(&self, address: IpAddr, now: Moment) -> Result<(), Refusal> {
        let limit = WRONG_TOKENS_PER_MINUTE;
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let left = wrong.get(&address).map_or(1.0, |bucket| bucket.filled(limit, 60.0, now).left);
        if left >= 1.0 {
            return Ok(());
        }
        let detail = "too many wrong tokens came from this address";
        Err(Refusal::beyond(Kind::TooMany, limit, detail).retry_after(10))
    }
}

impl Bucket {
    fn filled(self, limit: Limit, seconds: f64, now: Moment) -> Self {
        let most = f64::from(u32::try_from(limit.most).unwrap_or(u32::MAX));
        let more = now.since(self.at).as_secs_f64() * most / seconds;
        Self { left: (self.left + more).min(most), at: now }
    }
}

/// Takes one from a bucket; false if it is empty.
fn taken<K: Eq + Hash>(
    buckets: &Mutex<HashMap<K, Bucket>>,
    key: K,
    limit: Limit,
    seconds: f64,
    now: Moment,
) -> bool {
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    if buckets.len() >= REMEMBERED {
        buckets.clear();
    }
    let most = f64::from(u32::try_from(limit.most).unwrap_or(u32::MAX));
    let bucket = buckets.entry(key).or_insert(Bucket { left: most, at: now });
    *bucket = bucket.filled(limit, seconds, now);
    let enough = bucket.left >= 1.0;
    if enough {
        bucket.left -= 1.0;
    }
    enough
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    #[test]
    fn who_asks_too_often_is_told_and_may_ask_again_later() {
        let rates = Rates::default();
        let who = || Who::Address(Ipv4Addr::LOCALHOST.into());
        let now = Moment::START;
        let allowed = (0..1000).filter(|_| rates.request(who(), now).is_ok()).count();
        assert_eq!(allowed, REQUESTS_PER_SECOND.most);
        assert!(rates.request(who(), now.after(Duration::from_millis(100))).is_ok());
    }

    #[test]
    fn wrong_tokens_are_counted_and_right_ones_are_not() {
        let rates = Rates::default();
        let address = Ipv4Addr::LOCALHOST.into();
        for _ in 0..30 {
            assert!(rates.may_try(address, Moment::START).is_ok());
            rates.wrong_token(address, Moment::START);
        }
        assert!(rates.may_try(address, Moment::START).is_err());
        assert!(rates.may_try(address, Moment::START.after(Duration::from_secs(10))).is_ok());
    }
}
