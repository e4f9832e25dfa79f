//! Endpoints for tokens: administrators create and revoke them.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use communicado_wire::gateway::stored;
use communicado_wire::gateway::{Created, EndReason, NewToken, Token, Tokens};

use super::auth::Auth;
use super::response::{ApiResult, App, json, parse_json, read_body};
use crate::app_state::AppState;
use crate::audit;
use crate::new_token::new_token;
use crate::store_writer::WriteCommand;

/// `POST /v1/tokens`: the only response with the secret.
pub(super) async fn create(State(app): App, auth: Auth, request: Request) -> ApiResult {
    let principal = auth.administrator()?;
    let bytes = read_body(&app, &auth, request).await?;
    let new: NewToken = parse_json(&bytes)?;
    let (secret, token) = new_token(new, app.now().civil)?;
    let token = stored::Token { created_by: creator(&principal.token).cloned(), ..token };
    app.writer.submit_as(principal, WriteCommand::Token(token.clone())).await?;
    audit::token_created(&token, principal);
    let place = format!("/v1/tokens/{}", token.id);
    let created = Created { secret: secret.into(), token: to_wire(&app, &token, 0) };
    let mut response = json(StatusCode::CREATED, created.to_json());
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The parent of a token that `by` creates. The parent is the session or, for a token of a session,
/// that token.
pub(super) fn creator(by: &stored::Token) -> Option<&Arc<str>> {
    by.session_of.as_ref().or_else(|| by.created_by.as_ref().map(|_| &by.id))
}

/// The public form of a token, without its hash.
pub(super) fn to_wire(app: &AppState, token: &stored::Token, sessions: usize) -> Token {
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
        last_used: app.last_uses.of(token),
    }
}

/// `GET /v1/tokens`: all tokens except browser sessions.
pub(super) async fn list(State(app): App, auth: Auth) -> ApiResult {
    auth.administrator()?;
    let all = app.tokens();
    let tokens = all.all().filter(|token| token.session_of.is_none());
    let tokens =
        tokens.map(|token| to_wire(&app, token, all.sessions_of(&token.id).len())).collect();
    Ok(json(StatusCode::OK, Tokens { tokens }.to_json()))
}

/// `DELETE /v1/tokens/{token}`: also ends its sessions and streams.
pub(super) async fn revoke(State(app): App, auth: Auth, Path(id): Path<String>) -> ApiResult {
    let principal = auth.administrator()?;
    let command = WriteCommand::Revoke(id.as_str().into(), EndReason::TokenRevoked);
    app.writer.submit_as(principal, command).await?;
    audit::token_revoked(&id, principal);
    Ok(StatusCode::NO_CONTENT.into_response())
}
