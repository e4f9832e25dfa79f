//! The endpoints of OpenID Connect sign-in: start and callback.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{NewPerson, Scope};
use communicado_wire::is_printable;

use super::auth::Auth;
use super::response::{ApiResult, App};
use super::session::{cookie, session_token};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::audit;
use crate::ids::parse_id;
use crate::limits::{NAME_CHARS, SESSION};
use crate::model::{Input, Person};
use crate::oidc::{Identity, LoginError, OidcClient, unknown_login};
use crate::rate_limits::Network;
use crate::sanitize;
use crate::store_writer::{WriteCommand, WriteReply};
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
    let begun = begin(&app, auth.peer.into()).await;
    for_a_person(&headers, begun.map_err(|error| logged(error, auth.peer)))
}

/// `GET /v1/oidc/callback`.
pub(super) async fn callback(
    State(app): App,
    auth: Auth,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let completed = complete(&app, &headers, &query).await;
    for_a_person(&headers, completed.map_err(|error| logged(error, auth.peer)))
}

/// Logs a failed sign-in for operators in one line, and returns the error for the person.
fn logged(error: LoginError, address: IpAddr) -> ApiError {
    audit::sign_in_failed("issuer", address);
    tracing::warn!(what = "sign-in", cause = %error.cause, help = error.remedy);
    error.shown
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

async fn begin(app: &AppState, network: Network) -> Result<Response, LoginError> {
    let oidc_client = oidc_client(app)?;
    let now = app.now().moment;
    let login = blocking(move || oidc_client.start(network, now)).await?;
    Ok(redirect(&login.to, &[state_cookie(app, &login.state, 600)]))
}

/// `Lax`: the browser must send it when the issuer redirects back.
fn state_cookie(app: &AppState, state: &str, seconds: u64) -> String {
    let (path, secure) = (app.public_path(), if app.is_secure() { "; Secure" } else { "" });
    format!(
        "{STATE_COOKIE}={state}; Path={path}/v1/oidc; Max-Age={seconds}; HttpOnly; \
         SameSite=Lax{secure}"
    )
}

async fn complete(
    app: &AppState,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<Response, LoginError> {
    let oidc_client = oidc_client(app)?;
    let state = query.get("state").cloned().ok_or_else(unknown_login)?;
    let cookies = headers.get(header::COOKIE).and_then(|text| text.to_str().ok());
    let mut pairs =
        cookies.unwrap_or_default().split(';').filter_map(|it| it.trim().split_once('='));
    if !pairs.any(|(name, value)| name == STATE_COOKIE && value == state) {
        return Err(unknown_login().into());
    }
    let (view, creates, now) = (oidc_client.view, oidc_client.creates, app.now());
    if let Some(error) = query.get("error") {
        let description = query.get("error_description").map(String::as_str);
        return Err(oidc_client.refused(&state, error, description, now.moment));
    }
    let code = query.get("code").cloned().ok_or_else(unknown_login)?;
    let finish = move || oidc_client.finish(&state, &code, now.moment, now.civil);
    let identity = blocking(finish).await?;
    let known = app.people().of_sign_in(&identity.sign_in).cloned();
    let person = match known {
        Some(person) => person,
        None if creates => create(app, identity).await?,
        None => return Err(no_person(&identity.sign_in).into()),
    };
    let (id, name) = (person.id.clone(), person.name.clone());
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
        last_used: None,
    };
    let (secret, token) = session_token(&of, now.civil)?;
    app.writer.submit(WriteCommand::Token(token)).await?;
    let home = format!("{}/", app.public_path());
    let cookies = [cookie(app, &secret, SESSION.as_secs()), state_cookie(app, "", 0)];
    Ok(redirect(&home, &cookies))
}

fn no_person(sign_in: &str) -> ApiError {
    let sign_in: String = sign_in.chars().filter(|it| is_printable(*it)).take(200).collect();
    let detail = format!("the issuer identified you as `{sign_in}`, and no person has this name");
    // The name may have characters that a shell interprets, and people paste the command.
    let is_plain = |it: char| it.is_alphanumeric() || "@._-+".contains(it);
    let argument = if sign_in.chars().all(is_plain) { &*sign_in } else { "NAME" };
    let help = format!(
        "ask an administrator to add you: communicado-gateway people add ID --sign-in {argument}"
    );
    ApiError::new(ApiErrorKind::NotAllowed, detail, help)
}

/// Creates the person of a first sign-in. The id is the name at the issuer, or the part before `@`.
async fn create(app: &AppState, identity: Identity) -> Result<Arc<Person>, ApiError> {
    let whole = identity.sign_in.to_lowercase();
    let local = whole.split('@').next().unwrap_or_default();
    let id = parse_id("person", local).map_err(|_| no_person(&identity.sign_in))?;
    // The id may belong to a person with the same name at another domain.
    if app.people().person(&id).is_some() {
        return Err(no_person(&identity.sign_in));
    }
    let name = identity.name.and_then(|name| sanitize::line("name", name.into(), NAME_CHARS).ok());
    let sign_in = vec![sanitize::line("sign-in name", whole.into(), NAME_CHARS)?];
    let new = NewPerson { id, name, groups: Vec::new(), sign_in };
    match app.writer.submit(WriteCommand::Person(Input::Create(new))).await? {
        WriteReply::Person(Some(person)) => Ok(person),
        _ => Err(no_person(&identity.sign_in)),
    }
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
    ask: impl FnOnce() -> Result<T, LoginError> + Send + 'static,
) -> Result<T, LoginError> {
    tokio::task::spawn_blocking(ask).await.unwrap_or_else(|_| {
        Err(ApiError::new(
            ApiErrorKind::Unavailable,
            "the sign-in task exited unexpectedly",
            "sign in again",
        )
        .into())
    })
}
