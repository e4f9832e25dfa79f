//! Browser sessions: a cookie that scripts cannot read, instead of a token.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::stored::Token;
use communicado_wire::gateway::{EndReason, NewSession, Session};

use super::auth::Auth;
use super::response::{ApiResult, App, json, parse_json, read_body};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::audit;
use crate::credentials::COOKIE;
use crate::limits::SESSION;
use crate::principal::Principal;
use crate::secret::{hash, hex, new_id, new_secret};
use crate::store_writer::WriteCommand;

/// `GET /v1/session`: the identity of the browser. Signed out is not an error.
pub(super) async fn current(State(app): App, auth: Auth) -> ApiResult {
    Ok(json(StatusCode::OK, session(&app, auth.principal.as_ref()).to_json()))
}

fn session(app: &AppState, principal: Option<&Principal>) -> Session {
    let person = principal.and_then(|principal| principal.own_person().cloned());
    let name = person.as_ref().and_then(|id| app.people().person(id).map(|it| it.name.clone()));
    Session {
        name: name.or_else(|| principal.map(|principal| principal.token.name.clone())),
        person,
        scopes: principal.map(|principal| principal.token.scopes.list()).unwrap_or_default(),
        view: principal.map(Principal::view),
        title: app.branding.title.clone(),
        logo: app.branding.logo.is_some(),
        group_names: principal.map(|it| group_names(app, it)).unwrap_or_default(),
        oidc: app.oidc_client.get().map(|oidc_client| oidc_client.to_wire(app.public_path())),
    }
}

/// The display names of the groups that a reader can see.
fn group_names(app: &AppState, principal: &Principal) -> BTreeMap<Arc<str>, Arc<str>> {
    let only = principal.only_group();
    let names = app.branding.group_names.iter();
    let visible = names.filter(|(group, _)| only.is_none_or(|only| only == *group));
    visible.map(|(group, name)| (group.clone(), name.clone())).collect()
}

/// `POST /v1/session`: exchanges a token for a session cookie.
pub(super) async fn open(State(app): App, auth: Auth, request: Request) -> ApiResult {
    let bytes = read_body(&app, &auth, request).await?;
    let new: NewSession = parse_json(&bytes)?;
    let now = app.now();
    let Some(principal) = app.principal(&new.token, now.civil) else {
        app.rates.wrong_token(auth.peer)?;
        audit::sign_in_failed("token", auth.peer);
        let help = "copy the whole token, including `cmt_`";
        return Err(ApiError::new(ApiErrorKind::NotSignedIn, "the token is unknown", help));
    };
    app.known_networks.token_used(&principal.token, auth.peer);
    app.rates.request(principal.caller_key(), 1)?;
    begin(&app, &principal).await
}

/// Begins a session with the token of `principal`, and sets its cookie.
///
/// # Errors
///
/// If the token is no longer valid, or the session cannot be stored.
pub(super) async fn begin(app: &AppState, principal: &Principal) -> ApiResult {
    let (secret, token) = session_token(&principal.token, app.now().civil)?;
    let session_principal = Principal::of(Arc::new(token.clone()));
    app.writer.submit_as(principal, WriteCommand::Token(token)).await?;
    let text = session(app, Some(&session_principal)).to_json();
    Ok(with_cookie(json(StatusCode::OK, text), &cookie(app, &secret, SESSION.as_secs())))
}

/// A session token like `of`, for one browser.
pub(super) fn session_token(
    of: &Token,
    now: communicado_wire::Timestamp,
) -> Result<(String, Token), ApiError> {
    let secret = new_secret()?;
    let hash = hash(&secret).map(|hash| hex(&hash)).unwrap_or_default();
    let end = now.after(SESSION);
    let token = Token {
        id: new_id()?,
        hash: hash.into(),
        created: now,
        expires: Some(of.expires.map_or(end, |expires| expires.min(end))),
        session_of: Some(of.session_of.clone().unwrap_or_else(|| of.id.clone())),
        created_by: None,
        last_used: None,
        ..of.clone()
    };
    Ok((secret, token))
}

pub(super) fn cookie(app: &AppState, value: &str, seconds: u64) -> String {
    let (path, secure) = (app.public_path(), if app.is_secure() { "; Secure" } else { "" });
    format!("{COOKIE}={value}; Path={path}/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// `DELETE /v1/session`: ends the session.
pub(super) async fn end(State(app): App, auth: Auth) -> ApiResult {
    if let Some(principal) = auth.principal.filter(|_| auth.by_cookie) {
        let command = WriteCommand::Revoke(principal.token.id.clone(), EndReason::SessionEnded);
        app.writer.submit_as(&principal, command).await?;
    }
    let response = StatusCode::NO_CONTENT.into_response();
    Ok(with_cookie(response, &cookie(&app, "", 0)))
}
