//! What the readers of each token family hold: a family is a token and its sessions.
//!
//! A charge lives as long as the memory that it stands for, whichever queue that is in.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limits::{Limit, STREAM_BYTES_PER_TOKEN};
use crate::refusal::{Kind, Refusal};

/// The account of one family.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    held: Arc<AtomicUsize>,
}

/// Bytes that a stream holds. They are free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    held: Arc<AtomicUsize>,
    bytes: usize,
}

impl Account {
    /// Charges `bytes`, unless the family would hold more than it may.
    pub(crate) fn charge(&self, bytes: usize) -> Option<Charge> {
        let more =
            |held: usize| Some(held + bytes).filter(|all| STREAM_BYTES_PER_TOKEN.allows(*all));
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Charge { held: self.held.clone(), bytes })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The accounts of all families that have streams.
#[derive(Debug)]
pub(super) struct Accounts {
    by_family: HashMap<Arc<str>, (Account, usize)>,
    streams: Limit,
}

impl Accounts {
    pub(super) fn new(streams: Limit) -> Self {
        Self { by_family: HashMap::new(), streams }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_family.is_empty()
    }

    /// # Errors
    ///
    /// If a family has as many streams as it may.
    pub(super) fn require_capacity(&self, family: &Arc<str>) -> Result<(), Refusal> {
        let streams = self.by_family.get(family).map_or(0, |(_, streams)| *streams);
        if self.streams.allows(streams + 1) {
            return Ok(());
        }
        let detail = "too many streams are open with this token and its sessions";
        Err(Refusal::beyond(Kind::TooMany, self.streams, detail).retry_after(5))
    }

    /// Counts one more stream of a family.
    ///
    /// # Errors
    ///
    /// If the family has as many as it may.
    pub(super) fn open(&mut self, family: &Arc<str>) -> Result<Account, Refusal> {
        self.require_capacity(family)?;
        let (account, streams) = self.by_family.entry(family.clone()).or_default();
        *streams += 1;
        Ok(account.clone())
    }

    pub(super) fn close(&mut self, family: &Arc<str>) {
        if let Some((_, streams)) = self.by_family.get_mut(family) {
            *streams -= 1;
            if *streams == 0 {
                self.by_family.remove(family);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_so_many_streams_and_another_is_not_held_up() {
        let mut accounts = Accounts::new(Limit { name: "streams-per-token", most: 2 });
        let (one, other) = ("one".into(), "other".into());
        assert!(accounts.open(&one).is_ok() && accounts.open(&one).is_ok());
        assert!(accounts.open(&one).is_err());
        assert!(accounts.open(&other).is_ok());
        accounts.close(&one);
        assert!(accounts.open(&one).is_ok());
        for family in [&one, &one, &other] {
            accounts.close(family);
        }
        assert!(accounts.is_empty());
    }
}
