//! Sign-in at an OpenID Connect issuer: the authorization code flow with PKCE.
//!
//! The gateway fetches the ID token from the issuer over a connection that it opened, so the origin
//! is authenticated without the signature (OpenID Connect Core 1.0, 3.1.3.7, step 6). It still
//! validates the claims. The gateway stores none of them: the person gets a session, as with a
//! token.

mod claims;
mod escape;
mod issuer;
mod pending_logins;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use communicado_core::Moment;
use communicado_wire::gateway::{self as wire, View};
use communicado_wire::{Timestamp, is_printable};
use sha2::{Digest as _, Sha256};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::rate_limits::Network;
use crate::secret::random;

pub(crate) use claims::Claims;
use escape::escape;
pub(crate) use issuer::IssuerClient;
use pending_logins::{PendingLogin, PendingLogins};

/// The time limit for a sign-in.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(600);

/// The configuration of the issuer.
#[derive(Clone, Debug)]
pub(crate) struct OidcConfig {
    /// The issuer URL, as in its tokens.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The display name.
    pub(crate) name: String,
    /// The claim with the id of the person.
    pub(crate) claim: String,
    /// The view that a signed-in person has on others.
    pub(crate) view: View,
}

/// An OpenID Connect client (relying party) of one issuer.
#[derive(Debug)]
pub(crate) struct OidcClient {
    pub(crate) view: View,
    name: String,
    claim: String,
    client_id: String,
    issuer: IssuerClient,
    /// The redirect URI.
    redirect_uri: String,
    pending: Mutex<PendingLogins>,
}

/// The issuer's URL for a browser, and the state that the cookie must repeat.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) to: String,
    pub(crate) state: String,
}

impl OidcClient {
    /// A client of the configured issuer. `base` is the public URL of the gateway.
    ///
    /// # Errors
    ///
    /// If the client secret cannot be read.
    pub(crate) fn new(config: OidcConfig, base: &str) -> Result<Self, String> {
        let OidcConfig { issuer, client_id, client_secret_file, name, claim, view } = config;
        let secret = client_secret_file.map(|file| {
            let text = std::fs::read_to_string(&file);
            let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
            Ok::<_, String>(text.trim().to_owned())
        });
        let secret = secret.transpose()?;
        let issuer = IssuerClient::new(issuer, client_id.clone(), secret);
        let redirect_uri = format!("{}/v1/oidc/callback", base.trim_end_matches('/'));
        Ok(Self { view, name, claim, client_id, issuer, redirect_uri, pending: Mutex::default() })
    }

    /// The issuer as the board shows it.
    pub(crate) fn to_wire(&self) -> wire::Issuer {
        wire::Issuer { name: self.name.as_str().into(), href: "/v1/oidc/start".into() }
    }

    /// Begins a sign-in. Blocks for the issuer.
    ///
    /// # Errors
    ///
    /// If the issuer is unavailable, or too many sign-ins are pending.
    pub(crate) fn start(
        &self,
        network: Network,
        now: Moment,
    ) -> Result<AuthorizationRequest, ApiError> {
        let endpoint = self.issuer.endpoints()?.authorization_endpoint;
        let (state, nonce, verifier) = (random::<24>()?, random::<24>()?, random::<48>()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let pairs = query.map(|(key, value)| format!("{key}={}", escape(value)));
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        let to = format!("{endpoint}{joint}{}", pairs.join("&"));
        let login = PendingLogin { nonce, verifier, until: now.after(LOGIN_TIMEOUT), network };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.insert(state.clone(), login, now)?;
        drop(pending);
        Ok(AuthorizationRequest { to, state })
    }

    /// Ends a sign-in that the issuer rejected with `error`. Returns the error to show.
    ///
    /// The text appears only for a pending sign-in, because anyone can craft a URL with a text.
    pub(crate) fn refused(&self, state: &str, error: &str, now: Moment) -> ApiError {
        if let Err(unknown_login) = self.take(state, now) {
            return unknown_login;
        }
        let error: String = error.chars().filter(|it| is_printable(*it)).take(80).collect();
        let detail = format!("the issuer rejected the sign-in: {error}");
        ApiError::new(ApiErrorKind::NotAllowed, detail, "sign in again from the board")
    }

    fn take(&self, state: &str, now: Moment) -> Result<PendingLogin, ApiError> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.take(state, now).ok_or_else(unknown_login)
    }

    /// Ends a sign-in and returns the id of the person. Blocks for the issuer.
    ///
    /// # Errors
    ///
    /// If the sign-in is not pending, the issuer rejects the code, or the ID token is invalid.
    pub(crate) fn finish(
        &self,
        state: &str,
        code: &str,
        now: Moment,
        civil: Timestamp,
    ) -> Result<String, ApiError> {
        let login = self.take(state, now)?;
        let token = self.issuer.token(code, &self.redirect_uri, &login.verifier)?;
        let claims = claims::Claims::of_token(&token).map_err(|why| not_for_us(&why))?;
        claims
            .check(self.issuer.address(), &self.client_id, &login.nonce, civil)
            .map_err(|why| not_for_us(&why))?;
        claims.text(&self.claim).ok_or_else(|| {
            let detail = format!("the issuer's token lacks the claim `{}`", self.claim);
            ApiError::new(ApiErrorKind::NotAllowed, detail, "set another claim with --oidc-claim")
        })
    }
}

/// The error for a sign-in that is not pending or has timed out.
pub(crate) fn unknown_login() -> ApiError {
    let detail = "this sign-in has timed out or was started in another browser";
    ApiError::bad_request(detail, "sign in again from the board")
}

fn not_for_us(why: &str) -> ApiError {
    let help = "check --oidc-issuer and --oidc-client-id";
    ApiError::new(ApiErrorKind::NotAllowed, format!("the issuer's token is invalid: {why}"), help)
}
