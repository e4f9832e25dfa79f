//! Sign-in at an OpenID Connect issuer: the authorization code flow with PKCE.
//!
//! The gateway fetches the ID token from the issuer over a connection that it opened, so the origin
//! is authenticated without the signature (OpenID Connect Core 1.0, 3.1.3.7, step 6). It still
//! validates the claims. The gateway stores none of them: the person gets a session, as with a
//! token.

mod claims;
mod escape;
mod issuer;
mod login_error;
mod pending_logins;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use communicado_core::Moment;
use communicado_wire::Timestamp;
use communicado_wire::gateway::{self as wire, View};
use sha2::{Digest as _, Sha256};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::rate_limits::Network;
use crate::secret::random;

pub(crate) use claims::Claims;
use escape::escape;
pub(crate) use issuer::IssuerClient;
pub(crate) use login_error::LoginError;
use pending_logins::{PendingLogin, PendingLogins};

/// The path of the redirect URI.
pub(crate) const CALLBACK: &str = "/v1/oidc/callback";
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
    /// The claim with the name of the person.
    pub(crate) claim: String,
    /// The scopes to request in addition to `openid`. Default: those that contain the claims.
    pub(crate) scopes: Vec<String>,
    /// True if a sign-in creates a person who does not exist.
    pub(crate) creates: bool,
    /// The view that a signed-in person has on others.
    pub(crate) view: View,
}

/// An OpenID Connect client (relying party) of one issuer.
#[derive(Debug)]
pub(crate) struct OidcClient {
    pub(crate) view: View,
    /// True if a sign-in creates a person who does not exist.
    pub(crate) creates: bool,
    name: String,
    claim: String,
    /// The value of the parameter `scope`.
    scope: String,
    client_id: String,
    issuer: IssuerClient,
    /// The redirect URI.
    redirect_uri: String,
    pending: Mutex<PendingLogins>,
}

/// The identity that the issuer confirmed.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The value of the configured claim.
    pub(crate) sign_in: String,
    /// The display name, if the issuer gives one.
    pub(crate) name: Option<String>,
}

/// The issuer's URL for a browser, and the state that the cookie must repeat.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) to: String,
    pub(crate) state: String,
}

impl OidcClient {
    /// A client of the configured issuer.
    ///
    /// # Errors
    ///
    /// If the client secret cannot be read.
    pub(crate) fn new(config: OidcConfig, redirect_uri: String) -> Result<Self, String> {
        let OidcConfig {
            issuer,
            client_id,
            client_secret_file,
            name,
            claim,
            scopes,
            creates,
            view,
        } = config;
        let scope = scope(&claim, &scopes, creates);
        let secret = client_secret_file.map(|file| {
            let text = std::fs::read_to_string(&file);
            let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
            Ok::<_, String>(text.trim().to_owned())
        });
        let secret = secret.transpose()?;
        let issuer = IssuerClient::new(issuer, client_id.clone(), secret);
        let pending = Mutex::default();
        Ok(Self { view, creates, name, claim, scope, client_id, issuer, redirect_uri, pending })
    }

    /// The issuer as the board shows it.
    pub(crate) fn to_wire(&self, public_path: &str) -> wire::Issuer {
        let href = format!("{public_path}/v1/oidc/start").into();
        wire::Issuer { name: self.name.as_str().into(), href }
    }

    /// Checks that the issuer responds and names itself as configured. Blocks for the issuer.
    ///
    /// # Errors
    ///
    /// If the issuer is unavailable, or another issuer responds.
    pub(crate) fn discover(&self) -> Result<(), LoginError> {
        self.issuer.endpoints().map(drop)
    }

    /// The redirect URI, which the issuer must know.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
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
    ) -> Result<AuthorizationRequest, LoginError> {
        let endpoint = self.issuer.endpoints()?.authorization_endpoint;
        let (state, nonce, verifier) = (random::<24>()?, random::<24>()?, random::<48>()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
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
    pub(crate) fn refused(
        &self,
        state: &str,
        error: &str,
        description: Option<&str>,
        now: Moment,
    ) -> LoginError {
        match self.take(state, now) {
            Err(unknown_login) => unknown_login.into(),
            Ok(_) => LoginError::refused(error, description),
        }
    }

    fn take(&self, state: &str, now: Moment) -> Result<PendingLogin, ApiError> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.take(state, now).ok_or_else(unknown_login)
    }

    /// Ends a sign-in and returns the identity. Blocks for the issuer.
    ///
    /// A claim that the ID token lacks may be at the userinfo endpoint (OpenID Connect Core 1.0,
    /// 5.4).
    ///
    /// # Errors
    ///
    /// If the sign-in is not pending, the issuer rejects the code, the ID token is invalid, or the
    /// issuer does not give the claim.
    pub(crate) fn finish(
        &self,
        state: &str,
        code: &str,
        now: Moment,
        civil: Timestamp,
    ) -> Result<Identity, LoginError> {
        let login = self.take(state, now)?;
        let tokens = self.issuer.tokens(code, &self.redirect_uri, &login.verifier)?;
        let claims = Claims::of_token(&tokens.id_token).map_err(|why| not_for_us(&why))?;
        claims
            .check(self.issuer.address(), &self.client_id, &login.nonce, civil)
            .map_err(|why| not_for_us(&why))?;
        if let Some(sign_in) = claims.text(&self.claim) {
            return self.identity(sign_in, &claims, claims.text("name"));
        }
        let subject = claims.text("sub");
        let more =
            tokens.access_token.map(|token| self.issuer.userinfo(&token, subject.as_deref()));
        let more = more.transpose()?.flatten();
        if let Some((sign_in, more)) =
            more.as_ref().and_then(|it| Some((it.text(&self.claim)?, it)))
        {
            return self.identity(sign_in, more, more.text("name").or_else(|| claims.text("name")));
        }
        let cause = format!(
            "neither the ID token nor the userinfo endpoint has the claim `{}`; they have: {}",
            self.claim,
            [Some(claims.names()), more.map(|it| it.names())]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("; ")
        );
        let detail = "the issuer does not give your name to this gateway";
        let remedy = "set another claim with --oidc-claim, or its scope with --oidc-scope";
        Err(LoginError::misconfigured(detail, cause, remedy))
    }

    fn identity(
        &self,
        sign_in: String,
        claims: &Claims,
        name: Option<String>,
    ) -> Result<Identity, LoginError> {
        if claims.is_verified(&self.claim) {
            return Ok(Identity { sign_in, name });
        }
        let detail = format!("the issuer has not verified your {}", self.claim);
        let help = "confirm the address at the issuer, then sign in again";
        Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help).into())
    }
}

/// The scopes to request: `openid`, and those that contain the claims (OpenID Connect Core 1.0,
/// 5.4).
fn scope(claim: &str, scopes: &[String], creates: bool) -> String {
    if !scopes.is_empty() {
        let other = scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
        return ["openid"].into_iter().chain(other).collect::<Vec<_>>().join(" ");
    }
    let of_claim = match claim {
        "sub" => "openid",
        "email" => "openid email",
        "phone_number" => "openid phone",
        "preferred_username" | "upn" | "unique_name" | "nickname" | "name" => "openid profile",
        _ => "openid profile email",
    };
    // The name of a new person.
    let more = if creates && !of_claim.contains("profile") { " profile" } else { "" };
    format!("{of_claim}{more}")
}

/// The error for a sign-in that is not pending or has timed out.
pub(crate) fn unknown_login() -> ApiError {
    let detail = "this sign-in has timed out or was started in another browser";
    ApiError::bad_request(detail, "sign in again from the board")
}

fn not_for_us(why: &str) -> LoginError {
    let cause = format!("the ID token is invalid: {why}");
    let remedy = "check --oidc-issuer and --oidc-client-id, and both clocks";
    LoginError::misconfigured("the gateway cannot use the issuer's token", cause, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requested_scope_contains_the_claim() {
        for (claim, scopes, creates, expected) in [
            ("preferred_username", &[] as &[&str], false, "openid profile"),
            ("email", &[], false, "openid email"),
            ("email", &[], true, "openid email profile"),
            ("sub", &[], false, "openid"),
            ("https://example.org/name", &[], false, "openid profile email"),
            ("email", &["openid", "custom"], false, "openid custom"),
        ] {
            let scopes: Vec<String> = scopes.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(scope(claim, &scopes, creates), expected);
        }
    }
}
