//! Tokens, which administrators make and revoke.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use communicado_wire::Timestamp;
use communicado_wire::gateway::stored::{self, Scopes};
use communicado_wire::gateway::{Created, EndReason, NewToken, Token, Tokens, View};

use super::auth::Auth;
use super::people::line;
use super::response::{ApiResult, App, body, json, read};
use crate::ids::parse_id;
use crate::limits::{FOR_MAX, FOR_MS, NAME_CHARS};
use crate::refusal::Refusal;
use crate::secret::{hash, hex, new_id, new_secret};
use crate::writer::WriteCommand;

/// `POST /v1/tokens`: the only time that the secret is told.
pub(super) async fn create(State(app): App, auth: Auth, request: Request) -> ApiResult {
    let principal = auth.administrator()?;
    let bytes = body(&app, &auth, request).await?;
    let new: NewToken = read(&bytes)?;
    let (secret, token) = made(new, app.now().civil)?;
    let token = stored::Token { created_by: creator(&principal.token).cloned(), ..token };
    app.writer.submit_as(principal, WriteCommand::Token(token.clone())).await?;
    let place = format!("/v1/tokens/{}", token.id);
    let created = Created { secret: secret.into(), token: told(&token, 0) };
    let mut response = json(StatusCode::CREATED, created.to_json());
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The token that one hangs on which `by` creates. What a session creates hangs on the token of the
/// session, and what such a token creates hangs on it in turn.
fn creator(by: &stored::Token) -> Option<&Arc<str>> {
    by.session_of.as_ref().or_else(|| by.created_by.as_ref().map(|_| &by.id))
}

/// A new token and its secret.
///
/// # Errors
///
/// If what is asked for is no token.
pub(crate) fn made(new: NewToken, now: Timestamp) -> Result<(String, stored::Token), Refusal> {
    let name = line("name", new.name, NAME_CHARS)?;
    if let Some(person) = &new.person {
        parse_id("person", person)?;
    }
    if let Some(group) = &new.group {
        parse_id("group", group)?;
    }
    let scopes: Scopes = new.scopes.iter().copied().collect();
    if new.scopes.is_empty() {
        let help = "give `scopes`: one or more of `publish`, `read` and `administer`";
        return Err(Refusal::bad("a token without a scope is good for nothing", help));
    }
    let duration = new.for_ms.map(Duration::from_millis);
    if duration.is_some_and(|duration| duration.is_zero() || duration > FOR_MAX) {
        let help = format!("give `for_ms` from 1 to {}", FOR_MAX.as_millis());
        return Err(Refusal::bad("no token is good for so short or so long", help).limited(FOR_MS));
    }
    let secret = new_secret()?;
    let hash = hash(&secret).map(|hash| hex(&hash)).unwrap_or_default();
    let token = stored::Token {
        v: communicado_wire::VERSION,
        id: new_id()?,
        hash: hash.into(),
        name,
        scopes,
        person: new.person,
        group: new.group,
        view: new.view.unwrap_or(View::Availability),
        created: now,
        expires: duration.map(|duration| now.after(duration)),
        session_of: None,
        created_by: None,
    };
    Ok((secret, token))
}

/// A token as it is told: without the hash.
pub(crate) fn told(token: &stored::Token, sessions: usize) -> Token {
    Token {
        id: token.id.clone(),
        name: token.name.clone(),
        scopes: token.scopes.list(),
        person: token.person.clone(),
        group: token.group.clone(),
        view: token.view,
        created: token.created,
        expires: token.expires,
        created_by: token.created_by.clone(),
        sessions,
    }
}

/// `GET /v1/tokens`: all but the sessions of browsers.
pub(super) async fn list(State(app): App, auth: Auth) -> ApiResult {
    auth.administrator()?;
    let all = app.tokens();
    let tokens = all.all().filter(|token| token.session_of.is_none());
    let tokens = tokens.map(|token| told(token, all.sessions_of(&token.id).len())).collect();
    Ok(json(StatusCode::OK, Tokens { tokens }.to_json()))
}

/// `DELETE /v1/tokens/{token}`: with its sessions; streams that it opened end.
pub(super) async fn revoke(State(app): App, auth: Auth, Path(id): Path<String>) -> ApiResult {
    let principal = auth.administrator()?;
    app.writer
        .submit_as(principal, WriteCommand::Revoke(id.into(), EndReason::TokenRevoked))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
