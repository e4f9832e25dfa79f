//! Pairing of a screen: the screen shows a code, an administrator confirms the code.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use communicado_wire::gateway::stored;
use communicado_wire::gateway::{
    ConfirmPairing, EndReason, NewToken, Pairing, PairingSession, Scope, View,
};

use super::auth::Auth;
use super::response::{ApiResult, App, json, parse_json, read_body};
use super::session::begin;
use super::tokens::{creator, to_wire};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::audit;
use crate::limits::PAIRING;
use crate::new_token::new_token;
use crate::pairings::{Answer, code_of, normalized};
use crate::principal::Principal;
use crate::secret::{random, random_bytes};
use crate::store_writer::WriteCommand;

/// The seconds until a screen asks again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("3");

/// `POST /v1/pairings`: a code to show, and a secret to wait with.
pub(super) async fn open(State(app): App, auth: Auth) -> ApiResult {
    let code = loop {
        if let Some(code) = code_of(&random_bytes::<32>()?) {
            break code;
        }
    };
    let secret = random::<32>()?;
    let now = app.now();
    app.pairings().open(code.clone(), secret.clone(), auth.peer.into(), now.moment)?;
    let expires = now.civil.after(PAIRING);
    let pairing = Pairing { code: code.into(), secret: secret.into(), expires };
    Ok(json(StatusCode::CREATED, pairing.to_json()))
}

/// `POST /v1/pairings/confirm`: gives a screen a token that reads the view `in-out`.
pub(super) async fn confirm(State(app): App, auth: Auth, request: Request) -> ApiResult {
    let principal = auth.administrator()?;
    let bytes = read_body(&app, &auth, request).await?;
    let ConfirmPairing { code, name, group } = parse_json(&bytes)?;
    let code = normalized(&code);
    let new = NewToken {
        name,
        scopes: vec![Scope::Read],
        person: None,
        group,
        view: Some(View::InOut),
        for_ms: None,
    };
    // The screen never gets the secret of the token, only a session.
    let (_, token) = new_token(new, app.now().civil)?;
    let token = stored::Token { created_by: creator(&principal.token).cloned(), ..token };
    if !app.pairings().is_open(&code, app.now().moment) {
        app.rates.wrong_token(auth.peer)?;
        audit::sign_in_failed("pairing", auth.peer);
        return Err(no_screen());
    }
    app.writer.submit_as(principal, WriteCommand::Token(token.clone())).await?;
    audit::token_created(&token, principal);
    let text = to_wire(&app, &token, 0).to_json();
    let id = token.id.clone();
    if app.pairings().confirm(&code, Arc::new(token), app.now().moment) {
        return Ok(json(StatusCode::CREATED, text));
    }
    // The code expired meanwhile, or another administrator confirmed it.
    let command = WriteCommand::Revoke(id.clone(), EndReason::TokenRevoked);
    app.writer.submit_as(principal, command).await?;
    audit::token_revoked(&id, principal);
    Err(no_screen())
}

fn no_screen() -> ApiError {
    let help = "read the code on the screen again; it changes after ten minutes";
    ApiError::new(ApiErrorKind::NotFound, "no screen shows this code", help)
}

/// `POST /v1/pairings/session`: the session of a screen, or `202` until its code is confirmed.
pub(super) async fn session(State(app): App, auth: Auth, request: Request) -> ApiResult {
    let bytes = read_body(&app, &auth, request).await?;
    let PairingSession { secret } = parse_json(&bytes)?;
    let answer = app.pairings().take(&secret, app.now().moment);
    match answer {
        Answer::Confirmed(token) => begin(&app, &Principal::of(token)).await,
        Answer::Waiting => {
            Ok((StatusCode::ACCEPTED, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response())
        }
        Answer::Unknown => {
            app.rates.wrong_token(auth.peer)?;
            audit::sign_in_failed("pairing", auth.peer);
            let help = "request a new code: POST /v1/pairings";
            Err(ApiError::new(ApiErrorKind::NotFound, "this pairing has ended", help))
        }
    }
}
