//! Who asks, and whether they may ask so often and in this way.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::Scope;

use super::answer::is_allowed;
use crate::app_state::AppState;
use crate::fanout::{Secret, secret};
use crate::ids::parse_event_id;
use crate::limits::{CHANGES_PER_REQUEST, CHANGES_REPEATED, PEOPLE_PER_REQUEST};
use crate::principal::Principal;
use crate::rates::Who;
use crate::refusal::{Kind, Refusal};
use crate::subscription::Subscription;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Who has the data folder, and so needs no token.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Principal);

/// Whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) principal: Option<Principal>,
    pub(super) by_cookie: bool,
    pub(super) peer: IpAddr,
}

/// What is asked of a stream of events.
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) last_event_id: Option<&'a str>,
    pub(crate) peer: IpAddr,
}

/// Paths without a rate limit. An operator must see the health of the gateway, even if another
/// program asks too often from the same address.
const UNLIMITED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

const CSRF: HeaderName = HeaderName::from_static("communicado-csrf");

impl Caller {
    /// Under whom its requests count.
    pub(super) fn who(&self) -> Who {
        self.principal.as_ref().map_or_else(|| Who::Network(self.peer.into()), Principal::who)
    }

    /// # Errors
    ///
    /// If nobody is signed in.
    pub(super) fn principal(&self) -> Result<&Principal, Refusal> {
        self.principal.as_ref().ok_or_else(not_signed_in)
    }

    /// # Errors
    ///
    /// If who asks is no administrator.
    pub(super) fn administrator(&self) -> Result<&Principal, Refusal> {
        let principal = self.principal()?;
        principal.require(Scope::Administer).map(|()| principal)
    }
}

fn not_signed_in() -> Refusal {
    let help = "send `Authorization: Bearer TOKEN`; `communicado-gateway tokens create` makes one";
    Refusal::new(Kind::NotSignedIn, "there is no token with the request", help)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or(Self {
            principal: None,
            by_cookie: false,
            peer: std::net::Ipv4Addr::UNSPECIFIED.into(),
        }))
    }
}

/// Finds out who asks, before anything is done for them.
pub(super) async fn know(
    State(app): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match caller(&app, &request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn caller(app: &AppState, request: &Request) -> Result<Caller, Refusal> {
    let unknown = Peer(std::net::Ipv4Addr::UNSPECIFIED.into());
    let Peer(peer) = request.extensions().get().copied().unwrap_or(unknown);
    if let Some(Operator(principal)) = request.extensions().get().cloned() {
        return Ok(Caller { principal: Some(principal), by_cookie: false, peer });
    }
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let found = find(app, text(header::AUTHORIZATION), text(header::COOKIE), peer)?;
    let by_cookie = matches!(found, Some((_, true)));
    let principal = found.map(|(principal, _)| principal);
    let caller = Caller { principal, by_cookie, peer };
    if !UNLIMITED.contains(&request.uri().path()) {
        app.rates.request(caller.who(), 1)?;
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe {
        same_origin(app, headers)?;
        if by_cookie && !headers.contains_key(CSRF) {
            let help = "send the header `Communicado-Csrf: 1`";
            let detail = "what a browser's session changes needs a header that only a page of \
                          ours can send";
            return Err(Refusal::new(Kind::NotAllowed, detail, help));
        }
    }
    Ok(caller)
}

/// A page of somebody else must not act in the name of who looks at it.
///
/// # Errors
///
/// If the request comes from a page of an origin that is neither ours nor was named.
pub(super) fn same_origin(app: &AppState, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let is_ours = authority.is_some_and(|(_, authority)| host == Some(authority));
    if is_ours || is_allowed(app, origin) {
        return Ok(());
    }
    let help = "name the origin when the gateway starts: --allow-origin ORIGIN";
    Err(Refusal::new(Kind::NotAllowed, "pages of this origin may not do this", help))
}

/// Who asks, and whether a cookie says so.
fn find(
    app: &AppState,
    authorization: Option<&str>,
    cookie: Option<&str>,
    peer: IpAddr,
) -> Result<Option<(Principal, bool)>, Refusal> {
    let (text, by_cookie) = match secret(authorization, cookie) {
        Secret::None => return Ok(None),
        Secret::OtherScheme => return Err(not_signed_in()),
        Secret::Bearer(text) => (text, false),
        Secret::Cookie(text) => (text, true),
    };
    match app.principal(text, app.now().civil) {
        Some(principal) => Ok(Some((principal, by_cookie))),
        // A session that has ended is no sign-in, and no attempt either.
        None if by_cookie => Ok(None),
        None => {
            // Whoever has a right one is not held up by a neighbour who guesses.
            app.rates.wrong_token(peer)?;
            let detail = "the token is not known, was revoked, or has ended";
            let help = "ask an administrator for a new one";
            Err(Refusal::new(Kind::NotSignedIn, detail, help))
        }
    }
}

/// Lets a reader of events in whose connection the event loop keeps, and says what it gets.
///
/// # Errors
///
/// If it may not have what it asks for, asks too often, or is not understood.
pub(crate) fn admit_events(
    app: &AppState,
    asked: &Asked<'_>,
) -> Result<(Principal, Subscription), Refusal> {
    let found = find(app, asked.authorization, asked.cookie, asked.peer)?;
    let (principal, _) = found.ok_or_else(not_signed_in)?;
    app.rates.request(principal.who(), 1)?;
    let subscription = admit(app, &principal, asked.subscription()?, true)?;
    Ok((principal, subscription))
}

impl Asked<'_> {
    /// # Errors
    ///
    /// If what is asked for is not understood.
    pub(super) fn subscription(&self) -> Result<Subscription, Refusal> {
        let mut subscription = Subscription::parse(self.query)?;
        if let Some(last) = self.last_event_id.filter(|last| !last.is_empty()) {
            subscription.last_event_id = Some(parse_event_id(last)?);
        }
        Ok(subscription)
    }
}

/// Authorizes what a reader wants, on a stream that begins or goes on. One request was counted
/// already; a costly one counts as more.
///
/// # Errors
///
/// If it may not have it, or asks too often.
pub(super) fn admit(
    app: &AppState,
    principal: &Principal,
    subscription: Subscription,
    is_first: bool,
) -> Result<Subscription, Refusal> {
    let mut subscription = subscription;
    if principal.own().is_none() || subscription.is_everybody() {
        principal.require(Scope::Read)?;
    }
    if let Some(only) = principal.only_person() {
        let others = subscription.people.iter().any(|person| person != only);
        if others || !subscription.groups.is_empty() {
            let detail = format!("the token `{}` reads one person only", principal.token.id);
            let help = "leave `person` and `group` out";
            return Err(Refusal::new(Kind::NotAllowed, detail, help));
        }
        subscription.people = [only.clone()].into();
    }
    let more = more_cost(app, principal, &subscription, is_first);
    if more > 0 {
        app.rates.request(principal.who(), more)?;
    }
    app.reads(principal, subscription.names());
    Ok(subscription)
}

/// The number of requests that the beginning of a stream counts as, beside the one that it is.
fn more_cost(
    app: &AppState,
    principal: &Principal,
    subscription: &Subscription,
    is_first: bool,
) -> usize {
    let people = app.people();
    let looked_at = match (subscription.is_everybody(), principal.own()) {
        // Readers whose stream begins share their snapshot.
        (true, None) if is_first => 0,
        (true, _) => people.len(),
        (false, _) => {
            let groups = subscription.groups.iter().map(|group| people.of_group(group).len());
            subscription.people.len() + groups.sum::<usize>()
        }
    };
    let missed =
        subscription.last_event_id.map_or(0, |last| people.revision().saturating_sub(last));
    let repeated = usize::try_from(missed).unwrap_or(usize::MAX).min(CHANGES_REPEATED.most);
    looked_at / PEOPLE_PER_REQUEST + repeated / CHANGES_PER_REQUEST
}
