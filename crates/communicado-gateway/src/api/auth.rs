//! Authentication of requests, and the checks before every handler.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::Method;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::Scope;

use super::origin::same_origin;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::auth::{lookup, not_signed_in};
use crate::principal::Principal;
use crate::proxy_probe::{self, Arrival, CLAIMS};
use crate::rate_limits::CallerKey;

/// The peer address of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// The principal of a caller on the control socket, who needs no token.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Principal);

/// The authentication of a request.
#[derive(Clone, Debug)]
pub(super) struct Auth {
    pub(super) principal: Option<Principal>,
    pub(super) by_cookie: bool,
    /// The address of the client, also behind a trusted proxy.
    pub(super) peer: IpAddr,
}

/// Paths without a rate limit. An operator needs the health of the gateway even if another program
/// on the same address exceeds the rate limit.
const UNLIMITED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

const CSRF: HeaderName = HeaderName::from_static("communicado-csrf");

impl Auth {
    /// The caller that the request counts for.
    pub(super) fn caller_key(&self) -> CallerKey {
        self.principal
            .as_ref()
            .map_or_else(|| CallerKey::Network(self.peer.into()), Principal::caller_key)
    }

    /// # Errors
    ///
    /// If the request has no valid token or session.
    pub(super) fn principal(&self) -> Result<&Principal, ApiError> {
        self.principal.as_ref().ok_or_else(not_signed_in)
    }

    /// # Errors
    ///
    /// If the principal is not an administrator.
    pub(super) fn administrator(&self) -> Result<&Principal, ApiError> {
        let principal = self.principal()?;
        principal.require(Scope::Administer).map(|()| principal)
    }
}

impl<S: Sync> FromRequestParts<S> for Auth {
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

/// Authenticates a request before its handler runs.
pub(super) async fn authenticate(
    State(app): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let auth = match auth_of(&app, &request) {
        Ok(auth) => auth,
        Err(error) => return error.into_response(),
    };
    request.extensions_mut().insert(auth);
    next.run(request).await
}

fn auth_of(app: &AppState, request: &Request) -> Result<Auth, ApiError> {
    let unknown = PeerAddress(std::net::Ipv4Addr::UNSPECIFIED.into());
    let PeerAddress(peer) = request.extensions().get().copied().unwrap_or(unknown);
    if let Some(Operator(principal)) = request.extensions().get().cloned() {
        return Ok(Auth { principal: Some(principal), by_cookie: false, peer });
    }
    let headers = request.headers();
    let values = |name: &'static str| headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let client = app.proxies.client(peer, values("forwarded"), values("x-forwarded-for"));
    if let Some(secret) = headers.get(proxy_probe::HEADER) {
        let is_trusted = app.proxies.contains(peer);
        let arrival = CLAIMS.into_iter().fold(
            Arrival { peer, is_trusted, set: 0, passed: 0, client },
            |arrival, (name, claim)| match headers.get(name) {
                Some(value) if value == claim => Arrival { passed: arrival.passed + 1, ..arrival },
                Some(_) => Arrival { set: arrival.set + 1, ..arrival },
                None => arrival,
            },
        );
        app.proxy_probe.arrived(secret.as_bytes(), arrival);
    }
    let peer = client;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let found = lookup(app, text(header::AUTHORIZATION), text(header::COOKIE), peer)?;
    let by_cookie = matches!(found, Some((_, true)));
    let principal = found.map(|(principal, _)| principal);
    let auth = Auth { principal, by_cookie, peer };
    if !UNLIMITED.contains(&request.uri().path()) {
        app.rates.request(auth.caller_key(), 1)?;
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe {
        same_origin(app, headers)?;
        if by_cookie && !headers.contains_key(CSRF) {
            let help = "send the header `Communicado-Csrf: 1`";
            let detail = "cookie-authenticated writes need the header `Communicado-Csrf`";
            return Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help));
        }
    }
    Ok(auth)
}
