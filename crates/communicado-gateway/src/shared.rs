//! What all parts of a running gateway share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock as _, SystemClock};
use communicado_wire::Timestamp;
use communicado_wire::gateway::kept::Token;
use communicado_wire::gateway::{EndReason, Health};

use crate::front::{self, Seats, Way};
use crate::grant::Grant;
use crate::http::Hosts;
use crate::keeper::{Keeper, Order};
use crate::metrics::Metrics;
use crate::model::{Now, People};
use crate::oidc::SignIns;
use crate::rates::Rates;
use crate::store::Reader;
use crate::tokens::Tokens;
use crate::traces::Traces;

/// Whom, which token, and when first.
pub(crate) type Audience = BTreeMap<(Arc<str>, Arc<str>), Timestamp>;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: SystemClock,
    pub(crate) people: RwLock<People>,
    pub(crate) tokens: RwLock<Tokens>,
    pub(crate) audience: RwLock<Audience>,
    pub(crate) keeper: Keeper,
    pub(crate) front: Way,
    pub(crate) metrics: Metrics,
    pub(crate) seats: Seats,
    pub(crate) rates: Rates,
    /// How it was when it was last examined.
    pub(crate) health: Mutex<Option<(Moment, Health)>>,
    /// For how long what was told is kept, if it is.
    pub(crate) history: Option<Duration>,
    /// Pages of these origins may read too.
    pub(crate) origins: Vec<String>,
    /// Where people sign in, once the address to come back to is known.
    pub(crate) sign_ins: OnceLock<Arc<SignIns>>,
    /// Where spans are made, if anybody wants them.
    pub(crate) traces: Option<Traces>,
    /// Whether it is reached over TLS.
    pub(crate) tls: bool,
    /// Which values of `Host` are valid.
    pub(crate) hosts: Hosts,
}

impl Shared {
    pub(crate) fn now(&self) -> Now {
        Now { moment: self.clock.now(), civil: self.clock.civil() }
    }

    pub(crate) fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tokens(&self) -> RwLockReadGuard<'_, Tokens> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over tokens that were kept, and ends those that are good no more, with their streams.
    pub(crate) fn settle_tokens(&self, new: &[Token], revoked: &[(Arc<str>, EndReason)]) {
        if new.is_empty() && revoked.is_empty() {
            return;
        }
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        for token in new {
            tokens.put(Arc::new(token.clone()));
        }
        for (id, _) in revoked {
            tokens.remove(id);
        }
        drop(tokens);
        for (id, reason) in revoked {
            self.front.order(front::Order::End { token: id.clone(), reason: *reason });
        }
    }

    /// Writes down who reads whom, the first time.
    pub(crate) fn reads(&self, grant: &Grant, whom: impl IntoIterator<Item = Arc<str>>) {
        let reader = grant.reader();
        let first = self.clock.civil();
        let new: Vec<Reader> = {
            let audience = self.audience.read().unwrap_or_else(PoisonError::into_inner);
            let is_new = |whom: &Arc<str>| !audience.contains_key(&(whom.clone(), reader.clone()));
            let new = whom.into_iter().filter(is_new);
            new.map(|whom| Reader { whom, token: reader.clone(), first }).collect()
        };
        if new.is_empty() {
            return;
        }
        let mut audience = self.audience.write().unwrap_or_else(PoisonError::into_inner);
        for Reader { whom, token, first } in &new {
            audience.entry((whom.clone(), token.clone())).or_insert(*first);
            tracing::info!(what = "reader", token = %token, whom = %crate::log::redacted(whom));
        }
        drop(audience);
        if !self.keeper.order_aside(Order::Audience(new)) {
            tracing::warn!(what = "reader", because = "the store cannot keep up");
        }
    }
}
