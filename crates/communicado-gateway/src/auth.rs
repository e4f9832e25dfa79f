//! Authentication of requests and authorization of streams.

use std::net::IpAddr;

use communicado_wire::gateway::Scope;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::audit;
use crate::credentials::{Credentials, from_headers};
use crate::ids::parse_event_id;
use crate::limits::{CHANGES_PER_REQUEST, CHANGES_REPEATED, PEOPLE_PER_REQUEST};
use crate::principal::Principal;
use crate::subscription::Subscription;

/// A request for an event stream.
pub(crate) struct StreamRequest<'a> {
    pub(crate) query: &'a str,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) last_event_id: Option<&'a str>,
    pub(crate) peer: IpAddr,
}

pub(crate) fn not_signed_in() -> ApiError {
    let help =
        "send `Authorization: Bearer TOKEN`; `communicado-gateway tokens create` creates a token";
    ApiError::new(ApiErrorKind::NotSignedIn, "the request has no token", help)
}

/// Looks up the principal of a request, and reports whether a cookie identified it.
pub(crate) fn lookup(
    app: &AppState,
    authorization: Option<&str>,
    cookie: Option<&str>,
    peer: IpAddr,
) -> Result<Option<(Principal, bool)>, ApiError> {
    let (text, by_cookie) = match from_headers(authorization, cookie) {
        Credentials::None => return Ok(None),
        Credentials::OtherScheme => return Err(not_signed_in()),
        Credentials::Bearer(text) => (text, false),
        Credentials::Cookie(text) => (text, true),
    };
    match app.principal(text, app.now().civil) {
        Some(principal) => {
            app.known_networks.token_used(&principal.token, peer);
            Ok(Some((principal, by_cookie)))
        }
        // A browser with an expired session counts as signed out, not as a failed attempt.
        None if by_cookie => Ok(None),
        None => {
            // A valid token passes even if a neighbour on the same address guesses tokens.
            app.rates.wrong_token(peer)?;
            audit::sign_in_failed("token", peer);
            let detail = "the token is unknown, revoked or expired";
            let help = "ask an administrator for a new one";
            Err(ApiError::new(ApiErrorKind::NotSignedIn, detail, help))
        }
    }
}

/// Authorizes a stream whose connection the event loop serves.
///
/// # Errors
///
/// If the token does not permit the stream, the rate limit is exceeded, or the query is malformed.
pub(crate) fn authorize_stream(
    app: &AppState,
    asked: &StreamRequest<'_>,
) -> Result<(Principal, Subscription), ApiError> {
    let found = lookup(app, asked.authorization, asked.cookie, asked.peer)?;
    let (principal, _) = found.ok_or_else(not_signed_in)?;
    app.rates.request(principal.caller_key(), 1)?;
    let subscription = authorize_subscription(app, &principal, asked.subscription()?, true)?;
    Ok((principal, subscription))
}

impl StreamRequest<'_> {
    /// # Errors
    ///
    /// If the query is malformed.
    pub(crate) fn subscription(&self) -> Result<Subscription, ApiError> {
        let mut subscription = Subscription::parse(self.query)?;
        if let Some(last) = self.last_event_id.filter(|last| !last.is_empty()) {
            subscription.last_event_id = Some(parse_event_id(last)?);
        }
        Ok(subscription)
    }
}

/// Authorizes a subscription of a new or an open stream. One request is already counted; a costly
/// subscription counts as more.
///
/// # Errors
///
/// If the token does not permit it, or the rate limit is exceeded.
pub(crate) fn authorize_subscription(
    app: &AppState,
    principal: &Principal,
    subscription: Subscription,
    is_first: bool,
) -> Result<Subscription, ApiError> {
    let mut subscription = subscription;
    if principal.own_person().is_none() || subscription.is_everybody() {
        principal.require(Scope::Read)?;
    }
    if let Some(only) = principal.only_person() {
        let others = subscription.people.iter().any(|person| person != only);
        if others || !subscription.groups.is_empty() {
            let detail = format!("the token `{}` reads a single person", principal.token.id);
            let help = "omit `person` and `group`";
            return Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help));
        }
        subscription.people = [only.clone()].into();
    }
    let more = more_cost(app, principal, &subscription, is_first);
    if more > 0 {
        app.rates.request(principal.caller_key(), more)?;
    }
    app.reads(principal, subscription.names());
    Ok(subscription)
}

/// The number of requests that a new stream costs in addition to its own request.
fn more_cost(
    app: &AppState,
    principal: &Principal,
    subscription: &Subscription,
    is_first: bool,
) -> usize {
    let people = app.people();
    let looked_at = match (subscription.is_everybody(), principal.own_person()) {
        // Readers whose streams start together share one snapshot.
        (true, None) if is_first => 0,
        (true, _) => people.len(),
        (false, _) => {
            let groups = subscription.groups.iter().map(|group| people.of_group(group).len());
            subscription.people.len() + groups.sum::<usize>()
        }
    };
    let missed =
        subscription.last_event_id.map_or(0, |last| people.revision().saturating_sub(last));
    let repeated = usize::try_from(missed).unwrap_or(usize::MAX).min(CHANGES_REPEATED.max);
    looked_at / PEOPLE_PER_REQUEST + repeated / CHANGES_PER_REQUEST
}
