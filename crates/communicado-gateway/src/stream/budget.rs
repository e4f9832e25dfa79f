//! The memory budgets of token families for their streams. A family is a token and its sessions.
//!
//! A charge lives as long as the memory that it accounts for, in whichever queue that is.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{Limit, STREAM_BYTES_PER_TOKEN};

/// The budget of one family.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamBudget {
    held: Arc<AtomicUsize>,
}

/// A number of bytes that a stream holds. Dropping the charge releases them.
#[derive(Debug)]
pub(crate) struct Charge {
    held: Arc<AtomicUsize>,
    bytes: usize,
}

impl StreamBudget {
    /// Charges `bytes`, unless they exceed the budget of the family.
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

/// The budgets of all families with streams.
#[derive(Debug)]
pub(crate) struct StreamBudgets {
    by_family: HashMap<Arc<str>, (StreamBudget, usize)>,
    streams: Limit,
}

impl StreamBudgets {
    pub(crate) fn new(streams: Limit) -> Self {
        Self { by_family: HashMap::new(), streams }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_family.is_empty()
    }

    /// # Errors
    ///
    /// If a family has too many streams.
    pub(crate) fn require_capacity(&self, family: &Arc<str>) -> Result<(), ApiError> {
        let streams = self.by_family.get(family).map_or(0, |(_, streams)| *streams);
        if self.streams.allows(streams + 1) {
            return Ok(());
        }
        let detail = "too many streams are open with this token and its sessions";
        Err(ApiError::limit_exceeded(ApiErrorKind::TooMany, self.streams, detail).retry_after(5))
    }

    /// Counts a new stream of a family.
    ///
    /// # Errors
    ///
    /// If the family has too many streams.
    pub(crate) fn open(&mut self, family: &Arc<str>) -> Result<StreamBudget, ApiError> {
        self.require_capacity(family)?;
        let (budget, streams) = self.by_family.entry(family.clone()).or_default();
        *streams += 1;
        Ok(budget.clone())
    }

    pub(crate) fn close(&mut self, family: &Arc<str>) {
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
    fn the_stream_limit_of_a_family_does_not_affect_another_family() {
        let mut stream_budgets = StreamBudgets::new(Limit { name: "streams-per-token", max: 2 });
        let (one, other) = ("one".into(), "other".into());
        assert!(stream_budgets.open(&one).is_ok() && stream_budgets.open(&one).is_ok());
        assert!(stream_budgets.open(&one).is_err());
        assert!(stream_budgets.open(&other).is_ok());
        stream_budgets.close(&one);
        assert!(stream_budgets.open(&one).is_ok());
        for family in [&one, &one, &other] {
            stream_budgets.close(family);
        }
        assert!(stream_budgets.is_empty());
    }
}
