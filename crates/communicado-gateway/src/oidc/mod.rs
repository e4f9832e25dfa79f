//! Sign-in of people at an issuer of OpenID Connect: the authorization code flow with PKCE.
//!
//! The token of who signs in comes from the issuer itself, over a connection that we opened, so
//! its origin is known without its signature (OpenID Connect Core 1.0, 3.1.3.7, step 6); what is
//! in it is checked all the same. Nothing of it is kept: a person gets a session, as with a token.

mod claims;
mod escape;
mod issuer;
mod pending;

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
use crate::rates::Network;
use crate::secret::random;

pub(crate) use claims::Claims;
use escape::escape;
pub(crate) use issuer::IssuerClient;
use pending::{PendingLogin, PendingLogins};

/// How long somebody may take to sign in.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(600);

/// The configuration of the issuer.
#[derive(Clone, Debug)]
pub(crate) struct OidcConfig {
    /// Its address, as in its tokens.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret_file: Option<PathBuf>,
    /// What people call it.
    pub(crate) name: String,
    /// The claim that is the id of a person here.
    pub(crate) claim: String,
    /// What who signs in sees of others.
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
    /// Where people come back to.
    redirect_uri: String,
    pending: Mutex<PendingLogins>,
}

/// The address of the issuer for a browser, and the state that its cookie must repeat.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) to: String,
    pub(crate) state: String,
}

impl OidcClient {
    /// `base` is the address under which people see this gateway.
    ///
    /// # Errors
    ///
    /// If the client's secret cannot be read.
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

    /// Begins a sign-in. It waits for the issuer.
    ///
    /// # Errors
    ///
    /// If the issuer does not say where people sign in, or too many are about it.
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

    /// Ends a sign-in that the issuer refuses with `error`, and says so.
    ///
    /// The text is shown only for a sign-in that was begun here: anybody can make an address with
    /// a text in it.
    pub(crate) fn refused(&self, state: &str, error: &str, now: Moment) -> ApiError {
        if let Err(unknown_login) = self.take(state, now) {
            return unknown_login;
        }
        let error: String = error.chars().filter(|it| is_printable(*it)).take(80).collect();
        let detail = format!("the issuer did not sign you in: {error}");
        ApiError::new(ApiErrorKind::NotAllowed, detail, "begin again, from the board")
    }

    fn take(&self, state: &str, now: Moment) -> Result<PendingLogin, ApiError> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.take(state, now).ok_or_else(unknown_login)
    }

    /// Ends a sign-in: the id of the person. It waits for the issuer.
    ///
    /// # Errors
    ///
    /// If it was not begun here, the issuer refuses it, or its token is not for us.
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
            let detail = format!("the issuer does not say the claim `{}`", self.claim);
            ApiError::new(ApiErrorKind::NotAllowed, detail, "name another one with --oidc-claim")
        })
    }
}

/// What is to be said of a sign-in that was not begun here, or too long ago.
pub(crate) fn unknown_login() -> ApiError {
    let detail = "this sign-in was not begun in this browser, or too long ago";
    ApiError::bad_request(detail, "begin again, from the board")
}

fn not_for_us(why: &str) -> ApiError {
    let help = "see to --oidc-issuer and --oidc-client-id";
    ApiError::new(ApiErrorKind::NotAllowed, format!("the issuer's token is refused: {why}"), help)
}
