//! Badges: a public picture or word that shows a status without a name.
//!
//! A badge exists only for a person who enabled it, under a random pseudonym. The handlers accept
//! the URL forms of ejabberd's and Prosody's `mod_webpresence`, so that a page can switch to this
//! gateway.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use communicado_wire::gateway::{Badge, View};

use super::response::{ApiResult, App, tagged};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::model::badge_of;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BadgeFormat {
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
    let format = match ending {
        "svg" => BadgeFormat::Svg,
        "txt" => BadgeFormat::Text,
        "json" => BadgeFormat::Json,
        _ => return Err(none()),
    };
    badge(&app, &headers, name, format)
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
    let format = match kind.copied() {
        None | Some("image") => BadgeFormat::Svg,
        Some("text") => BadgeFormat::Text,
        Some("js" | "json") => BadgeFormat::Json,
        Some(_) => return Err(none()),
    };
    badge(&app, &headers, name, format)
}

/// `GET /status/{pseudonym}[@host][/icon|text|message|json]`.
pub(super) async fn prosody(
    State(app): App,
    headers: HeaderMap,
    Path(rest): Path<String>,
) -> ApiResult {
    let (address, kind) = rest.split_once('/').unwrap_or((&rest, "icon"));
    let name = address.split_once('@').map_or(address, |(name, _)| name);
    let format = match kind.trim_end_matches('/') {
        "" | "icon" => BadgeFormat::Svg,
        "text" | "message" => BadgeFormat::Text,
        "json" => BadgeFormat::Json,
        _ => return Err(none()),
    };
    badge(&app, &headers, name, format)
}

fn none() -> ApiError {
    let help = "enable the badge of the person; the response contains the pseudonym";
    ApiError::new(ApiErrorKind::NotFound, "no badge has this pseudonym", help)
}

fn badge(app: &AppState, headers: &HeaderMap, name: &str, format: BadgeFormat) -> ApiResult {
    let people = app.people();
    let person = people.badge(name).ok_or_else(none)?;
    let badge: Badge = badge_of(person, View::Availability);
    drop(people);
    let word = badge.word();
    let (kind, text) = match format {
        BadgeFormat::Svg => ("image/svg+xml", svg(word, badge.is_in)),
        BadgeFormat::Text => ("text/plain; charset=utf-8", format!("{word}\n")),
        BadgeFormat::Json => ("application/json", badge.to_json()),
    };
    Ok(public(tagged(headers, kind, text.into())))
}

/// Any page may embed a badge; caches revalidate it each time.
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

/// An SVG of one word, readable by screen readers.
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
