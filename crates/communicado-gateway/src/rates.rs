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

#[derive(Debug)]
pub(crate) struct Rates {
    per_second: Limit,
    wrong_per_minute: Limit,
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
    pub(crate) fn new(per_second: usize, wrong_per_minute: usize) -> Self {
        let per_second = Limit { most: per_second, ..REQUESTS_PER_SECOND };
        let wrong_per_minute = Limit { most: wrong_per_minute, ..WRONG_TOKENS_PER_MINUTE };
        Self { per_second, wrong_per_minute, requests: Mutex::default(), wrong: Mutex::default() }
    }

    /// # Errors
    ///
    /// If `who` asks too often.
    pub(crate) fn request(&self, who: Who, now: Moment) -> Result<(), Refusal> {
        let per_second = self.per_second;
        if taken(&self.requests, who, per_second, 1.0, now) {
            return Ok(());
        }
        let detail = "there are too many requests";
        Err(Refusal::beyond(Kind::TooMany, per_second, detail).retry_after(1))
    }

    /// A wrong token from `address`.
    ///
    /// # Errors
    ///
    /// If too many came from there.
    pub(crate) fn wrong_token(&self, address: IpAddr, now: Moment) -> Result<(), Refusal> {
        let limit = self.wrong_per_minute;
        if taken(&self.wrong, address, limit, 60.0, now) {
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
        let rates = Rates::new(REQUESTS_PER_SECOND.most, WRONG_TOKENS_PER_MINUTE.most);
        let who = || Who::Address(Ipv4Addr::LOCALHOST.into());
        let now = Moment::START;
        let allowed = (0..1000).filter(|_| rates.request(who(), now).is_ok()).count();
        assert_eq!(allowed, REQUESTS_PER_SECOND.most);
        assert!(rates.request(who(), now.after(Duration::from_millis(100))).is_ok());
    }

    #[test]
    fn wrong_tokens_are_counted() {
        let rates = Rates::new(REQUESTS_PER_SECOND.most, WRONG_TOKENS_PER_MINUTE.most);
        let address = Ipv4Addr::LOCALHOST.into();
        for _ in 0..30 {
            assert!(rates.wrong_token(address, Moment::START).is_ok());
        }
        assert!(rates.wrong_token(address, Moment::START).is_err());
        assert!(rates.wrong_token(address, Moment::START.after(Duration::from_secs(10))).is_ok());
    }
}
