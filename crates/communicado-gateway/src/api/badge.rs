//! Badges: one picture or word for a page that wants no more, without a token and without a name.
//!
//! Only for a person who switched the badge on, under a pseudonym that says nothing. The address
//! forms of `mod_webpresence` are understood, that of ejabberd and that of Prosody, so that a page
//! which had a picture from there has one from here.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::{Badge, View};

use super::response::{ApiResult, App, tagged};
use crate::app_state::AppState;
use crate::model::seen_as;
use crate::refusal::{Kind, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Svg,
    Text,
    Json,
}

/// `GET /badge/{pseudonym}.svg`, `.txt`, `.json`.
pub(super) async fn ours(
    State(app): App,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> ApiResult {
    let (name, ending) = file.rsplit_once('.').unwrap_or((&file, "svg"));
    let form = match ending {
        "svg" => Form::Svg,
        "txt" => Form::Text,
        "json" => Form::Json,
        _ => return Err(none()),
    };
    badge(&app, &headers, name, form)
}

/// `GET /presence/rid/{pseudonym}/image/..`, `/text/..`, `/js/..`, and `jid/{pseudonym}/{host}/..`.
pub(super) async fn ejabberd(
    State(app): App,
    headers: HeaderMap,
    Path(rest): Path<String>,
) -> ApiResult {
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let (name, kind) = match parts.as_slice() {
        ["rid", name, rest @ ..] | ["jid", name, _, rest @ ..] => (name, rest.first()),
        _ => return Err(none()),
    };
    let form = match kind.copied() {
        None | Some("image") => Form::Svg,
        Some("text") => Form::Text,
        Some("js" | "json") => Form::Json,
        Some(_) => return Err(none()),
    };
    badge(&app, &headers, name, form)
}

/// `GET /status/{pseudonym}[@host][/icon|text|message|json]`.
pub(super) async fn prosody(
    State(app): App,
    headers: HeaderMap,
    Path(rest): Path<String>,
) -> ApiResult {
    let (address, kind) = rest.split_once('/').unwrap_or((&rest, "icon"));
    let name = address.split_once('@').map_or(address, |(name, _)| name);
    let form = match kind.trim_end_matches('/') {
        "" | "icon" => Form::Svg,
        "text" | "message" => Form::Text,
        "json" => Form::Json,
        _ => return Err(none()),
    };
    badge(&app, &headers, name, form)
}

fn none() -> Refusal {
    let help = "a person switches the badge on, and the answer says its pseudonym";
    Refusal::new(Kind::NotFound, "there is no such badge", help)
}

fn badge(app: &AppState, headers: &HeaderMap, name: &str, form: Form) -> ApiResult {
    let people = app.people();
    let person = people.badge(name).ok_or_else(none)?;
    let badge: Badge = seen_as(person, View::Availability);
    drop(people);
    let word = badge.word();
    let (kind, text) = match form {
        Form::Svg => ("image/svg+xml", svg(word, badge.is_in)),
        Form::Text => ("text/plain; charset=utf-8", format!("{word}\n")),
        Form::Json => ("application/json", badge.to_json()),
    };
    Ok(public(tagged(headers, kind, text.into())))
}

/// Pages of others show it, and caches ask each time.
fn public(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.remove(header::VARY);
    for (name, value) in [
        (header::CACHE_CONTROL, "no-cache"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    response.into_response()
}

/// A picture of one word, which a screen reader reads too.
fn svg(word: &str, is_in: Option<bool>) -> String {
    let colour = match (is_in, word) {
        (None, _) => "#57606a",
        (Some(false), _) => "#6e7781",
        (Some(true), "available" | "idle") => "#1a7f37",
        (Some(true), "away" | "be-right-back") => "#9a6700",
        (Some(true), _) => "#cf222e",
    };
    let word = word.replace('-', " ");
    let width = 34 + 7 * word.len();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{word}"><title>{word}</title><rect width="{width}" height="20" rx="4" fill="{colour}"/><circle cx="12" cy="10" r="4" fill="#fff"/><text x="22" y="14" fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{word}</text></svg>
"##
    )
}
