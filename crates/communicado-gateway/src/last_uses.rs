//! The last use of each token since the start of the gateway.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored::Token;

/// Time between two stored uses of a token. A write for every use would slow every request.
const STORED_EVERY: Duration = Duration::from_hours(1);

/// The last use of tokens, by id.
#[derive(Debug, Default)]
pub(crate) struct LastUses(RwLock<HashMap<Arc<str>, LastUse>>);

/// A last use, and the last stored one, in microseconds.
#[derive(Debug)]
struct LastUse {
    used: AtomicI64,
    stored: AtomicI64,
}

impl LastUses {
    /// Records a use of `token`. Returns true if the use is to be stored.
    pub(crate) fn record(&self, token: &Token, now: Timestamp) -> bool {
        let uses = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = uses.get(&token.id) {
            return last.record(now);
        }
        drop(uses);
        let mut uses = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let stored = token.last_used.map_or(i64::MIN, Timestamp::micros);
        let new = || LastUse { used: AtomicI64::new(stored), stored: AtomicI64::new(stored) };
        uses.entry(token.id.clone()).or_insert_with(new).record(now)
    }

    /// The last use of a token, also before the start of the gateway.
    pub(crate) fn of(&self, token: &Token) -> Option<Timestamp> {
        let uses = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let used = uses.get(&token.id).map(|last| last.used.load(Ordering::Relaxed));
        used.and_then(|used| Timestamp::from_micros(used).ok()).max(token.last_used)
    }

    /// Forgets a revoked token.
    pub(crate) fn forget(&self, id: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

impl LastUse {
    fn record(&self, now: Timestamp) -> bool {
        let now = now.micros();
        self.used.fetch_max(now, Ordering::Relaxed);
        let stored = self.stored.load(Ordering::Relaxed);
        let every = i64::try_from(STORED_EVERY.as_micros()).unwrap_or(i64::MAX);
        // Only one of several threads stores the use.
        now.saturating_sub(stored) >= every
            && self
                .stored
                .compare_exchange(stored, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use communicado_wire::gateway::{NewToken, Scope};

    use super::*;

    #[test]
    fn every_use_is_known_and_one_an_hour_is_stored() {
        let new = NewToken {
            name: "x".into(),
            scopes: vec![Scope::Read],
            person: None,
            group: None,
            view: None,
            for_ms: None,
        };
        let (_, mut token) = crate::new_token::new_token(new, Timestamp::EPOCH).unwrap();
        let after = |minutes: u64| Timestamp::EPOCH.after(Duration::from_secs(minutes * 60));
        let uses = LastUses::default();
        assert_eq!(uses.of(&token), None);
        let stored: Vec<bool> =
            [0, 1, 59, 60, 61].map(|minutes| uses.record(&token, after(minutes))).into();
        assert_eq!(stored, [true, false, false, true, false]);
        assert_eq!(uses.of(&token), Some(after(61)));
        // The clock may go back.
        assert!(!uses.record(&token, after(2)));
        assert_eq!(uses.of(&token), Some(after(61)));
        token.last_used = Some(after(90));
        let restarted = LastUses::default();
        assert_eq!(restarted.of(&token), Some(after(90)));
        assert!(!restarted.record(&token, after(91)));
        assert!(restarted.record(&token, after(150)));
        restarted.forget(&token.id);
        assert_eq!(restarted.of(&token), Some(after(90)));
    }
}
