//! Where people come from and go to when they sign in at an issuer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::Scope;
use communicado_wire::gateway::stored::Token;

use super::caller::Caller;
use super::session::{cookie, session_token};
use super::{Answer, App};
use crate::app_state::AppState;
use crate::ids::parse_id;
use crate::limits::SESSION;
use crate::oidc::{SignIns, stale};
use crate::rates::Network;
use crate::refusal::{Kind, Refusal};
use crate::web::{HTML, POLICY};
use crate::writer::WriteCommand;

/// Ties a sign-in to the browser that began it.
const STATE: &str = "communicado_sign_in";

fn sign_ins(app: &AppState) -> Result<Arc<SignIns>, Refusal> {
    app.sign_ins.get().cloned().ok_or_else(|| {
        let help = "sign in with a token, or start the gateway with --oidc-issuer";
        Refusal::new(Kind::NotFound, "nobody signs people in here", help)
    })
}

/// `GET /v1/oidc/start`.
pub(super) async fn start(State(app): App, caller: Caller, headers: HeaderMap) -> Response {
    for_a_person(&headers, leave(&app, caller.peer.into()).await)
}

/// `GET /v1/oidc/callback`.
pub(super) async fn back(
    State(app): App,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    for_a_person(&headers, come_back(&app, &headers, &query).await)
}

/// A refusal is a page to a browser, and a problem document to all others.
fn for_a_person(headers: &HeaderMap, answer: Answer) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok());
    match answer {
        Err(refusal) if accepts.is_some_and(|kinds| kinds.contains("text/html")) => page(&refusal),
        answer => answer.into_response(),
    }
}

fn page(refusal: &Refusal) -> Response {
    let problem = refusal.problem();
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

/// Text that is no markup, and no place of a page either.
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

async fn leave(app: &AppState, network: Network) -> Answer {
    let sign_ins = sign_ins(app)?;
    let now = app.now().moment;
    let start = aside(move || sign_ins.start(network, now)).await?;
    let secure = if app.tls { "; Secure" } else { "" };
    // `Lax`: it must come along when the issuer sends the browser back.
    let cookie = format!(
        "{STATE}={}; Path=/v1/oidc; Max-Age=600; HttpOnly; SameSite=Lax{secure}",
        start.state
    );
    Ok(away(&start.to, &[cookie]))
}

async fn come_back(
    app: &AppState,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Answer {
    let sign_ins = sign_ins(app)?;
    let state = query.get("state").cloned().ok_or_else(stale)?;
    let cookies = headers.get(header::COOKIE).and_then(|text| text.to_str().ok());
    let mut pairs =
        cookies.unwrap_or_default().split(';').filter_map(|it| it.trim().split_once('='));
    if !pairs.any(|(name, value)| name == STATE && value == state) {
        return Err(stale());
    }
    let (view, now) = (sign_ins.view, app.now());
    if let Some(error) = query.get("error") {
        return Err(sign_ins.refused(&state, error, now.moment));
    }
    let code = query.get("code").cloned().ok_or_else(stale)?;
    let id = aside(move || sign_ins.finish(&state, &code, now.moment, now.civil)).await?;
    let id = parse_id("person", &id)?;
    let Some(name) = app.people().person(&id).map(|person| person.name.clone()) else {
        let detail = format!("you are `{id}` to the issuer, and nobody here has this id");
        let help = "ask whoever runs the gateway to add you: communicado-gateway people add";
        return Err(Refusal::new(Kind::NotAllowed, detail, help));
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
    let over = format!("{STATE}=; Path=/v1/oidc; Max-Age=0");
    Ok(away("/", &[cookie(app, &secret, SESSION.as_secs()), over]))
}

/// Sends a browser elsewhere.
fn away(to: &str, cookies: &[String]) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    let mut response = (StatusCode::FOUND, headers).into_response();
    for cookie in cookies.iter().filter_map(|cookie| cookie.parse().ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Does what waits for the issuer where nobody else waits for it.
async fn aside<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(ask).await.unwrap_or_else(|_| {
        Err(Refusal::new(Kind::Unavailable, "the sign-in broke off", "begin again"))
    })
}
