//! The state that all parts of a running gateway share.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock as _, SystemClock};
use communicado_wire::Timestamp;
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{EndReason, Health};
use tokio::sync::Mutex;

use crate::audit::KnownNetworks;
use crate::branding::Branding;
use crate::budget::Budgets;
use crate::config::ServeConfig;
use crate::connection_limit::ConnectionLimit;
use crate::http::AllowedHosts;
use crate::last_uses::LastUses;
use crate::limits::{BODY_BYTES_PER_OWNER, HEAD_BYTES_PER_ADDRESS, Limit, STREAMS_PER_TOKEN};
use crate::metrics::Metrics;
use crate::model::{BatchResult, Now, People};
use crate::oidc::OidcClient;
use crate::pairings::Pairings;
use crate::principal::Principal;
use crate::proxy_probe::ProxyProbe;
use crate::rate_limits::{CallerKey, Network, RateLimits};
use crate::store::{FirstRead, StoredState};
use crate::store_writer::{StoreWriter, WriteCommand};
use crate::stream::{EventLoopHandle, LoopCommand};
use crate::token_table::TokenTable;
use crate::traces::Traces;
use crate::trusted_proxies::TrustedProxies;
use crate::web_url::PublicUrl;

/// The time of the first read, by person and token.
pub(crate) type AudienceIndex = BTreeMap<(Arc<str>, Arc<str>), Timestamp>;

#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) clock: SystemClock,
    pub(crate) people: RwLock<People>,
    pub(crate) tokens: RwLock<TokenTable>,
    pub(crate) audience: RwLock<AudienceIndex>,
    pub(crate) last_uses: LastUses,
    pub(crate) known_networks: KnownNetworks,
    pub(crate) writer: StoreWriter,
    pub(crate) event_loop: EventLoopHandle,
    pub(crate) metrics: Metrics,
    pub(crate) connection_limit: ConnectionLimit,
    pub(crate) rates: RateLimits,
    /// Screens that wait for an administrator.
    pairings: std::sync::Mutex<Pairings>,
    /// Budgets for bytes of incomplete request heads.
    pub(crate) heads: Budgets<Network>,
    /// Budgets for bytes of incomplete request bodies.
    pub(crate) bodies: Budgets<CallerKey>,
    pub(crate) streams_per_token: Limit,
    /// The latest health report and its time.
    pub(crate) health: Mutex<Option<(Moment, Health)>>,
    /// The event loop's latest answer to a liveness check, and the time of the check.
    pub(crate) readiness: Mutex<Option<(Moment, bool)>>,
    /// The title, the logo and the names of groups of the board.
    pub(crate) branding: Branding,
    /// Retention of the history, if the gateway keeps one.
    pub(crate) history: Option<Duration>,
    /// Origins whose pages may read responses.
    pub(crate) origins: Vec<String>,
    /// The OpenID Connect client, once the callback address is known.
    pub(crate) oidc_client: OnceLock<Arc<OidcClient>>,
    /// The span provider, if tracing is on.
    pub(crate) traces: Option<Traces>,
    /// The public URL of the gateway, if it differs from the listening address.
    public_url: Option<PublicUrl>,
    /// The proxies whose headers give the address of a client.
    pub(crate) proxies: TrustedProxies,
    pub(crate) proxy_probe: ProxyProbe,
    /// The heartbeat interval of a stream.
    pub(crate) heartbeat: Duration,
    /// True if the gateway terminates TLS.
    pub(crate) tls: bool,
    /// True if responses carry `Strict-Transport-Security`.
    pub(crate) hsts: bool,
    /// The accepted values of the header `Host`.
    pub(crate) hosts: AllowedHosts,
}

impl AppState {
    /// The state of a gateway that starts with this configuration and the stored state.
    ///
    /// # Errors
    ///
    /// If too many files are open.
    pub(crate) fn new(
        stored: StoredState,
        writer: StoreWriter,
        config: ServeConfig,
        tls: bool,
    ) -> io::Result<Self> {
        let clock = SystemClock::start();
        let now = Now { moment: clock.now(), civil: clock.civil() };
        let people = People::new(config.aggregation);
        let audience = stored.audience.into_iter();
        let connection_limit = ConnectionLimit::of_system();
        let streams = config.streams_per_token.unwrap_or_else(|| {
            // One token must leave room for others.
            STREAMS_PER_TOKEN.max.min(connection_limit.max() / 2)
        });
        let streams_per_token = Limit { max: streams, ..STREAMS_PER_TOKEN };
        Ok(Self {
            clock,
            people: RwLock::new(people.restored(stored.people, stored.revision, now)),
            tokens: RwLock::new(TokenTable::from_stored(stored.tokens)),
            audience: RwLock::new(audience.map(|it| ((it.whom, it.token), it.first)).collect()),
            last_uses: LastUses::default(),
            known_networks: KnownNetworks::new(),
            writer,
            event_loop: EventLoopHandle::new()?,
            metrics: Metrics::new(),
            connection_limit,
            rates: RateLimits::new(config.per_second, config.wrong_per_minute),
            pairings: std::sync::Mutex::default(),
            health: Mutex::default(),
            heads: Budgets::new(HEAD_BYTES_PER_ADDRESS),
            bodies: Budgets::new(BODY_BYTES_PER_OWNER),
            readiness: Mutex::default(),
            streams_per_token,
            branding: config.branding,
            history: config.history,
            origins: config.origins,
            oidc_client: OnceLock::new(),
            traces: config.traces,
            hosts: if tls || config.public_url.is_some() {
                AllowedHosts::Any
            } else {
                AllowedHosts::Local
            },
            public_url: config.public_url,
            proxies: config.proxies,
            proxy_probe: ProxyProbe::default(),
            heartbeat: config.heartbeat,
            tls,
            hsts: config.hsts,
        })
    }

    pub(crate) fn pairings(&self) -> MutexGuard<'_, Pairings> {
        self.pairings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Now {
        Now { moment: self.clock.now(), civil: self.clock.civil() }
    }

    /// The path of the gateway in a browser, without a slash at the end.
    pub(crate) fn public_path(&self) -> &str {
        self.public_url.as_ref().map_or("", PublicUrl::path)
    }

    /// True if `origin` is the origin of the gateway's own pages.
    pub(crate) fn is_own_origin(&self, origin: &str) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.origin() == origin)
    }

    /// True if browsers reach the gateway over TLS, so that its cookies are `Secure`.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.as_ref().map_or(self.tls, PublicUrl::is_secure)
    }

    pub(crate) fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tokens(&self) -> RwLockReadGuard<'_, TokenTable> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The principal with this secret, if its token is valid and its person exists.
    pub(crate) fn principal(&self, secret: &str, now: Timestamp) -> Option<Principal> {
        let principal = self.tokens().principal(secret, now);
        let principal = principal.filter(|principal| self.has_person(principal))?;
        self.used(&principal.token, now);
        Some(principal)
    }

    /// Records the use of a token; the use of a session counts for its token.
    fn used(&self, token: &Token, now: Timestamp) {
        let Some(token) = self.tokens().token(token.family()).cloned() else { return };
        if self.last_uses.record(&token, now) {
            // A use that the queue refuses is lost, which the next hour corrects.
            self.writer.submit_detached(WriteCommand::Used(token.id.clone(), now));
        }
    }

    /// True if a token that was valid is still valid.
    pub(crate) fn is_valid(&self, principal: &Principal) -> bool {
        let now = self.clock.civil();
        let is_valid = principal.is_operator() || self.tokens().is_valid(&principal.token, now);
        is_valid && self.has_person(principal)
    }

    fn has_person(&self, principal: &Principal) -> bool {
        principal.token.person.as_ref().is_none_or(|person| self.people().person(person).is_some())
    }

    /// Takes over stored tokens, removes revoked tokens and ends the streams of the latter.
    ///
    /// A stream is registered on the thread that ends streams, and only while its token is valid.
    /// So the gateway either
    /// refuses or ends each stream of a revoked token.
    pub(crate) fn settle_tokens(&self, new: &[Token], revoked: &BTreeMap<Arc<str>, EndReason>) {
        if new.is_empty() && revoked.is_empty() {
            return;
        }
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        for token in new {
            tokens.put(Arc::new(token.clone()));
        }
        for id in revoked.keys() {
            tokens.remove(id);
            self.last_uses.forget(id);
        }
        drop(tokens);
        if !revoked.is_empty() {
            self.event_loop.send(LoopCommand::End(revoked.clone()));
        }
    }

    /// Applies the result of a batch and sends its changes to the readers.
    pub(crate) fn publish(&self, mut result: BatchResult) {
        if result.people.is_empty() {
            return;
        }
        for (id, _) in result.people.iter().filter(|(_, person)| person.is_none()) {
            self.forget_readers_of(id);
        }
        self.people.write().unwrap_or_else(PoisonError::into_inner).apply(&mut result);
        self.metrics.changed(result.changes.len());
        if !result.changes.is_empty() {
            self.event_loop.send_changes(result.changes);
        }
    }

    /// Records the first time that a token reads a person, a group or everybody.
    ///
    /// A name without a person is not recorded. `fanout::Readers::deliver` handles a person who is
    /// added later.
    pub(crate) fn reads(&self, principal: &Principal, whom: impl IntoIterator<Item = Arc<str>>) {
        let token = principal.token.family();
        let first = self.clock.civil();
        let whom: Vec<Arc<str>> = {
            let people = self.people();
            whom.into_iter().filter(|whom| is_known(&people, whom)).collect()
        };
        let new: Vec<FirstRead> = {
            let audience = self.audience.read().unwrap_or_else(PoisonError::into_inner);
            let is_new = |whom: &Arc<str>| !audience.contains_key(&(whom.clone(), token.clone()));
            let new = whom.into_iter().filter(is_new);
            new.map(|whom| FirstRead { whom, token: token.clone(), first }).collect()
        };
        if new.is_empty() {
            return;
        }
        let mut audience = self.audience.write().unwrap_or_else(PoisonError::into_inner);
        for FirstRead { whom, token, first } in &new {
            audience.entry((whom.clone(), token.clone())).or_insert(*first);
            tracing::info!(what = "reader", token = %token, whom = %crate::redact::redact_id(whom));
        }
        drop(audience);
        if !self.writer.submit_detached(WriteCommand::Audience(new.clone())) {
            // The next read records them again.
            self.forget_readers(&new);
            tracing::warn!(what = "reader", cause = "the store is overloaded");
        }
    }

    /// Forgets these records of readers.
    pub(crate) fn forget_readers(&self, readers: &[FirstRead]) {
        if readers.is_empty() {
            return;
        }
        let mut audience = self.audience.write().unwrap_or_else(PoisonError::into_inner);
        for FirstRead { whom, token, .. } in readers {
            audience.remove(&(whom.clone(), token.clone()));
        }
    }

    /// Forgets the readers of a removed person. Returns the tokens that they used.
    pub(crate) fn forget_readers_of(&self, person: &Arc<str>) -> Vec<Arc<str>> {
        let mut audience = self.audience.write().unwrap_or_else(PoisonError::into_inner);
        let from = (person.clone(), Arc::from(""));
        let of = audience.range(from..).take_while(|((whom, _), _)| whom == person);
        let tokens: Vec<Arc<str>> = of.map(|((_, token), _)| token.clone()).collect();
        for token in &tokens {
            audience.remove(&(person.clone(), token.clone()));
        }
        tokens
    }
}

/// True if a person belongs to an audience name: `*`, `@` and a group, or a person.
fn is_known(people: &People, whom: &str) -> bool {
    match whom.strip_prefix('@') {
        Some(group) => people.has_group(group),
        None => whom == "*" || people.person(whom).is_some(),
    }
}
