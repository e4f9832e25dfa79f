//! HTTP requests to the issuer. Every call blocks, with a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Response, header};

use super::claims::Claims;
use super::escape::escape;
use super::login_error::{LoginError, short};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::http_client;

/// Time limit for a response of the issuer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Size limit for a response of the issuer in bytes.
const RESPONSE_MAX: u64 = 256 * 1024;
/// The text that a person reads if the issuer or its settings are wrong.
const UNUSABLE: &str = "the gateway cannot use the answer of the OIDC issuer";
const ISSUER: &str = "set --oidc-issuer to the issuer in its discovery document";

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
    userinfo_endpoint: Option<String>,
    secret_position: SecretPosition,
}

/// The part of a request that contains the client secret (OpenID Connect Core 1.0, 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SecretPosition {
    /// `client_secret_basic`.
    Header,
    /// `client_secret_post`.
    Body,
}

/// The tokens of a sign-in.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
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
    pub(super) fn endpoints(&self) -> Result<Endpoints, LoginError> {
        let known = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let address = self.address.trim_end_matches('/');
        let url = format!("{address}/.well-known/openid-configuration");
        let mut answer = self.agent.get(&url).call().map_err(unreachable)?;
        require_success(&answer, &url)?;
        let document = parsed(&mut answer)?;
        let endpoints = endpoints(&document, &self.address)?;
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = Some(endpoints.clone());
        Ok(endpoints)
    }

    /// Exchanges the browser's authorization code for tokens.
    pub(super) fn tokens(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Tokens, LoginError> {
        let endpoints = self.endpoints()?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let mut request = self.agent.post(&endpoints.token_endpoint);
        match (&self.secret, endpoints.secret_position) {
            (Some(secret), SecretPosition::Header) => {
                let both = format!("{}:{}", escape(&self.client_id), escape(secret));
                let basic = format!("Basic {}", STANDARD.encode(both));
                request = request.header("authorization", basic);
            }
            (Some(secret), SecretPosition::Body) => {
                form.extend([("client_id", self.client_id.as_str()), ("client_secret", secret)]);
            }
            (None, _) => form.push(("client_id", &self.client_id)),
        }
        let form: Vec<String> =
            form.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
        let mut answer = request.send(form.join("&")).map_err(unreachable)?;
        let status = answer.status();
        if status.is_redirection() {
            require_success(&answer, &endpoints.token_endpoint)?;
        }
        let document = parsed(&mut answer)?;
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        match (text("id_token"), text("error")) {
            (Some(id_token), _) => Ok(Tokens {
                id_token: id_token.to_owned(),
                access_token: text("access_token").map(ToOwned::to_owned),
            }),
            (None, Some(error)) => Err(LoginError::refused(error, text("error_description"))),
            (None, None) => {
                let cause = format!("the token endpoint answered {status} without an ID token");
                Err(LoginError::misconfigured(UNUSABLE, cause, "see the log of the issuer"))
            }
        }
    }

    /// The claims at the userinfo endpoint, which must be of `subject` (OpenID Connect Core 1.0,
    /// 5.3.2).
    pub(super) fn userinfo(
        &self,
        access_token: &str,
        subject: Option<&str>,
    ) -> Result<Option<Claims>, LoginError> {
        let Some(endpoint) = self.endpoints()?.userinfo_endpoint else { return Ok(None) };
        let bearer = format!("Bearer {access_token}");
        let request = self.agent.get(&endpoint).header("authorization", bearer);
        let mut answer =
            request.header("accept", "application/json").call().map_err(unreachable)?;
        require_success(&answer, &endpoint)?;
        let claims = Claims::of_userinfo(parsed(&mut answer)?);
        if subject.is_some() && claims.text("sub").as_deref() == subject {
            return Ok(Some(claims));
        }
        let cause = "the userinfo endpoint answered for another subject than the ID token";
        Err(LoginError::misconfigured(UNUSABLE, cause, "see the log of the issuer"))
    }
}

/// The endpoints in the discovery document of the issuer `address`.
fn endpoints(document: &Value, address: &str) -> Result<Endpoints, LoginError> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let issuer = text("issuer").unwrap_or_default();
    if issuer != address {
        let cause = format!(
            "the discovery document names the issuer `{}`, and --oidc-issuer is `{address}`",
            short(&issuer, 200)
        );
        let remedy = if issuer.contains("{tenantid}") {
            "use the URL of one tenant: replace `common` or `organizations` in --oidc-issuer with \
             the id of your tenant"
        } else {
            ISSUER
        };
        return Err(LoginError::misconfigured(UNUSABLE, cause, remedy));
    }
    let required = |key: &str| {
        text(key).ok_or_else(|| {
            let cause = format!("the discovery document has no `{key}`");
            LoginError::misconfigured(UNUSABLE, cause, ISSUER)
        })
    };
    let methods = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
    let has = |name: &str| methods.is_some_and(|methods| methods.iter().any(|it| it == name));
    // Without the list, the method is `client_secret_basic` (Discovery 1.0, 3).
    let is_post = !has("client_secret_basic") && has("client_secret_post");
    Ok(Endpoints {
        authorization_endpoint: required("authorization_endpoint")?,
        token_endpoint: required("token_endpoint")?,
        userinfo_endpoint: text("userinfo_endpoint"),
        secret_position: if is_post { SecretPosition::Body } else { SecretPosition::Header },
    })
}

/// # Errors
///
/// If the issuer redirected or refused a request, which is not an error of OAuth 2.0.
fn require_success<B>(answer: &Response<B>, url: &str) -> Result<(), LoginError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    let (cause, remedy) = match to.filter(|_| status.is_redirection()) {
        Some(to) => (
            format!("{url} redirects to {}", short(to, 200)),
            "set --oidc-issuer to the final address: the gateway follows no redirection, because \
             it could send a secret to another server",
        ),
        None => (format!("{url} answered {status}"), ISSUER),
    };
    Err(LoginError::misconfigured(UNUSABLE, cause, remedy))
}

fn parsed(answer: &mut Response<ureq::Body>) -> Result<Value, LoginError> {
    let body = answer.body_mut().with_config().limit(RESPONSE_MAX);
    let text = body.read_to_string().map_err(unreachable)?;
    serde_json::from_str(&text).map_err(|_| {
        let cause = "the response of the issuer is not JSON";
        LoginError::misconfigured(UNUSABLE, cause, ISSUER)
    })
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn unreachable(error: ureq::Error) -> LoginError {
    let detail = "the gateway cannot reach the OIDC issuer";
    let shown = ApiError::new(ApiErrorKind::Unavailable, detail, "try again later").retry_after(5);
    let cause = format!("cannot reach the OIDC issuer: {error}");
    LoginError { shown, cause, remedy: "check the network and --oidc-issuer" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({"issuer": "https://a", "authorization_endpoint": "https://a/a",
            "token_endpoint": "https://a/t"})
    }

    #[test]
    fn the_position_of_the_secret_follows_the_issuers_metadata() {
        let position = |methods: Value| {
            let mut document = document();
            document["token_endpoint_auth_methods_supported"] = methods;
            endpoints(&document, "https://a").unwrap().secret_position
        };
        let (basic, post) = ("client_secret_basic", "client_secret_post");
        assert_eq!(position(json!(null)), SecretPosition::Header);
        assert_eq!(position(json!([post, basic])), SecretPosition::Header);
        assert_eq!(position(json!([post, "private_key_jwt"])), SecretPosition::Body);
    }

    #[test]
    fn another_issuer_is_named_beside_the_expected_one() {
        let mut document = document();
        let error = endpoints(&document, "https://a/").unwrap_err();
        assert!(error.cause.contains("`https://a`") && error.cause.contains("`https://a/`"));
        document["issuer"] = json!("https://login.example/{tenantid}/v2.0");
        let error = endpoints(&document, "https://login.example/common/v2.0").unwrap_err();
        assert!(error.remedy.contains("id of your tenant"), "{error:?}");
    }
}
