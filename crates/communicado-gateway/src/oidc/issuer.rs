//! The issuer, as it is asked over HTTP. Every call waits for it, with a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::Agent;

use super::escape::escape;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::http_client;

/// How long the issuer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer of it.
const RESPONSE_MAX: u64 = 256 * 1024;

#[derive(Debug)]
pub(crate) struct IssuerClient {
    address: String,
    client_id: String,
    secret: Option<String>,
    agent: Agent,
    /// What it said once.
    endpoints: Mutex<Option<Endpoints>>,
}

/// Where it is asked what.
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

    /// Where people sign in and codes are exchanged (OpenID Connect Discovery 1.0, 4).
    pub(super) fn endpoints(&self) -> Result<Endpoints, ApiError> {
        let known = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let address = self.address.trim_end_matches('/');
        let url = format!("{address}/.well-known/openid-configuration");
        let mut answer = self.agent.get(&url).call().map_err(unreachable)?;
        let said: Value = parsed(answer.body_mut())?;
        let text = |key: &str| said.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        if text("issuer").as_ref() != Some(&self.address) {
            return Err(invalid_response("it says that it is another one"));
        }
        let missing = || invalid_response("it does not say where people sign in");
        let endpoints = Endpoints {
            authorization_endpoint: text("authorization_endpoint").ok_or_else(missing)?,
            token_endpoint: text("token_endpoint").ok_or_else(missing)?,
        };
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = Some(endpoints.clone());
        Ok(endpoints)
    }

    /// Exchanges the code that a browser brought for the token of who signed in.
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
        let said: Value = parsed(answer.body_mut())?;
        let text = |key: &str| said.get(key).and_then(Value::as_str);
        match text("id_token") {
            Some(token) => Ok(token.to_owned()),
            None => {
                let error: String = text("error").unwrap_or("no reason").chars().take(80).collect();
                let detail = format!("the issuer refuses this sign-in: {error}");
                Err(ApiError::new(
                    ApiErrorKind::NotAllowed,
                    detail,
                    "begin again, at /v1/oidc/start",
                ))
            }
        }
    }
}

fn parsed(body: &mut ureq::Body) -> Result<Value, ApiError> {
    let text = body.with_config().limit(RESPONSE_MAX).read_to_string().map_err(unreachable)?;
    serde_json::from_str(&text).map_err(|_| invalid_response("it does not answer with JSON"))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn unreachable(error: ureq::Error) -> ApiError {
    let help = "see to the network, and to --oidc-issuer";
    let detail = format!("the issuer cannot be asked: {error}");
    ApiError::new(ApiErrorKind::Unavailable, detail, help).retry_after(5)
}

fn invalid_response(why: &str) -> ApiError {
    let help = "give its address as its tokens have it, with --oidc-issuer";
    ApiError::new(ApiErrorKind::Unavailable, format!("the issuer is of no use: {why}"), help)
}
