//! HTTP requests to the issuer. Every call blocks, with a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::Agent;

use super::escape::escape;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::http_client;

/// Time limit for a response of the issuer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Size limit for a response of the issuer in bytes.
const RESPONSE_MAX: u64 = 256 * 1024;

#[derive(Debug)]
pub(crate) struct IssuerClient {
    address: String,
    client_id: String,
    secret: Option<String>,
    agent: Agent,
    /// The cached endpoints.
    endpoints: Mutex<Option<Endpoints>>,
}

/// The endpoints of the issuer.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) authorization_endpoint: String,
    token_endpoint: String,
}

impl IssuerClient {
    pub(super) fn new(address: String, client_id: String, secret: Option<String>) -> Self {
        let agent = http_client::agent(TIMEOUT);
        Self { address, client_id, secret, agent, endpoints: Mutex::default() }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The discovered endpoints (OpenID Connect Discovery 1.0, 4).
    pub(super) fn endpoints(&self) -> Result<Endpoints, ApiError> {
        let known = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let address = self.address.trim_end_matches('/');
        let url = format!("{address}/.well-known/openid-configuration");
        let mut answer = self.agent.get(&url).call().map_err(unreachable)?;
        let document: Value = parsed(answer.body_mut())?;
        let text = |key: &str| document.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        if text("issuer").as_ref() != Some(&self.address) {
            return Err(invalid_response("its discovery document names another issuer"));
        }
        let missing = || invalid_response("its discovery document lacks an endpoint");
        let endpoints = Endpoints {
            authorization_endpoint: text("authorization_endpoint").ok_or_else(missing)?,
            token_endpoint: text("token_endpoint").ok_or_else(missing)?,
        };
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = Some(endpoints.clone());
        Ok(endpoints)
    }

    /// Exchanges the browser's authorization code for an ID token.
    pub(super) fn token(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<String, ApiError> {
        let endpoint = self.endpoints()?.token_endpoint;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let mut request = self.agent.post(&endpoint);
        match &self.secret {
            Some(secret) => {
                let both = format!("{}:{}", escape(&self.client_id), escape(secret));
                let basic = format!("Basic {}", STANDARD.encode(both));
                request = request.header("authorization", basic);
            }
            None => form.push(("client_id", &self.client_id)),
        }
        let form: Vec<String> =
            form.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let mut answer = request.send(form.join("&")).map_err(unreachable)?;
        let document: Value = parsed(answer.body_mut())?;
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        match text("id_token") {
            Some(token) => Ok(token.to_owned()),
            None => {
                let error: String = text("error").unwrap_or("no reason").chars().take(80).collect();
                let detail = format!("the issuer rejected the sign-in: {error}");
                Err(ApiError::new(
                    ApiErrorKind::NotAllowed,
                    detail,
                    "sign in again at /v1/oidc/start",
                ))
            }
        }
    }
}

fn parsed(body: &mut ureq::Body) -> Result<Value, ApiError> {
    let text = body.with_config().limit(RESPONSE_MAX).read_to_string().map_err(unreachable)?;
    serde_json::from_str(&text).map_err(|_| invalid_response("the response is not JSON"))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn unreachable(error: ureq::Error) -> ApiError {
    let help = "check the network and --oidc-issuer";
    let detail = format!("cannot reach the OIDC issuer: {error}");
    ApiError::new(ApiErrorKind::Unavailable, detail, help).retry_after(5)
}

fn invalid_response(why: &str) -> ApiError {
    let help = "set --oidc-issuer to the issuer URL in its tokens";
    ApiError::new(
        ApiErrorKind::Unavailable,
        format!("the OIDC issuer returned an invalid response: {why}"),
        help,
    )
}
