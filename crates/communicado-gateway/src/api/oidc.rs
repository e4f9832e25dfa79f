//! The endpoints of OpenID Connect sign-in: start and callback.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::Scope;
use communicado_wire::gateway::stored::Token;

use super::auth::Auth;
use super::response::{ApiResult, App};
use super::session::{cookie, session_token};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::ids::parse_id;
use crate::limits::SESSION;
use crate::oidc::{OidcClient, unknown_login};
use crate::rate_limits::Network;
use crate::store_writer::WriteCommand;
use crate::web::{HTML, POLICY};

/// The cookie that ties a sign-in to the browser that began it.
const STATE_COOKIE: &str = "communicado_sign_in";

fn oidc_client(app: &AppState) -> Result<Arc<OidcClient>, ApiError> {
    app.oidc_client.get().cloned().ok_or_else(|| {
        let help = "sign in with a token, or start the gateway with --oidc-issuer";
        ApiError::new(ApiErrorKind::NotFound, "this gateway has no OIDC issuer", help)
    })
}

/// `GET /v1/oidc/start`.
pub(super) async fn start(State(app): App, auth: Auth, headers: HeaderMap) -> Response {
    for_a_person(&headers, begin(&app, auth.peer.into()).await)
}

/// `GET /v1/oidc/callback`.
pub(super) async fn callback(
    State(app): App,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    for_a_person(&headers, complete(&app, &headers, &query).await)
}

/// Shows an error as a page to a browser, and as a problem document to other clients.
fn for_a_person(headers: &HeaderMap, answer: ApiResult) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok());
    match answer {
        Err(error) if accepts.is_some_and(|kinds| kinds.contains("text/html")) => page(&error),
        answer => answer.into_response(),
    }
}

fn page(error: &ApiError) -> Response {
    let problem = error.problem();
    let page = include_str!("../../web/refused.html")
        .replace("{help}", &escaped(&problem.help))
        .replace("{detail}", &escaped(&problem.detail));
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, page).into_response()
}

/// Escapes text for HTML elements and attributes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' | '<' | '>' | '"' | '\'' | '{' => {
                escaped.push_str(&format!("&#{};", u32::from(letter)));
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

async fn begin(app: &AppState, network: Network) -> ApiResult {
    let oidc_client = oidc_client(app)?;
    let now = app.now().moment;
    let login = blocking(move || oidc_client.start(network, now)).await?;
    let secure = if app.tls { "; Secure" } else { "" };
    // `Lax`: the browser must send it when the issuer redirects back.
    let cookie = format!(
        "{STATE_COOKIE}={}; Path=/v1/oidc; Max-Age=600; HttpOnly; SameSite=Lax{secure}",
        login.state
    );
    Ok(redirect(&login.to, &[cookie]))
}

async fn complete(
    app: &AppState,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> ApiResult {
    let oidc_client = oidc_client(app)?;
    let state = query.get("state").cloned().ok_or_else(unknown_login)?;
    let cookies = headers.get(header::COOKIE).and_then(|text| text.to_str().ok());
    let mut pairs =
        cookies.unwrap_or_default().split(';').filter_map(|it| it.trim().split_once('='));
    if !pairs.any(|(name, value)| name == STATE_COOKIE && value == state) {
        return Err(unknown_login());
    }
    let (view, now) = (oidc_client.view, app.now());
    if let Some(error) = query.get("error") {
        return Err(oidc_client.refused(&state, error, now.moment));
    }
    let code = query.get("code").cloned().ok_or_else(unknown_login)?;
    let id = blocking(move || oidc_client.finish(&state, &code, now.moment, now.civil)).await?;
    let id = parse_id("person", &id)?;
    let Some(name) = app.people().person(&id).map(|person| person.name.clone()) else {
        let detail = format!("the issuer identified you as `{id}`, and no person has this id");
        let help = "ask an administrator to add you: communicado-gateway people add";
        return Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help));
    };
    let of = Token {
        v: communicado_wire::VERSION,
        id: format!("oidc:{id}").into(),
        hash: "".into(),
        name,
        scopes: [Scope::Publish, Scope::Read].into_iter().collect(),
        person: Some(id),
        group: None,
        view,
        created: now.civil,
        expires: None,
        session_of: None,
        created_by: None,
    };
    let (secret, token) = session_token(&of, now.civil)?;
    app.writer.submit(WriteCommand::Token(token)).await?;
    let expired = format!("{STATE_COOKIE}=; Path=/v1/oidc; Max-Age=0");
    Ok(redirect("/", &[cookie(app, &secret, SESSION.as_secs()), expired]))
}

/// Redirects a browser.
fn redirect(to: &str, cookies: &[String]) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    let mut response = (StatusCode::FOUND, headers).into_response();
    for cookie in cookies.iter().filter_map(|cookie| cookie.parse().ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Runs a call to the issuer on a thread that may block.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(ask).await.unwrap_or_else(|_| {
        Err(ApiError::new(
            ApiErrorKind::Unavailable,
            "the sign-in task exited unexpectedly",
            "sign in again",
        ))
    })
}
