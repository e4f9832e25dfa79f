//! Responses: JSON, problem documents, entity tags and CORS headers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::auth::Auth;
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::budget::Reservation;
use crate::limits::{BODY_BYTES, BODY_TIME};
use crate::rate_limits::CallerKey;
use crate::web::HTML;

/// The state, as handlers extract it.
pub(super) type App = State<Arc<AppState>>;
/// The result of a handler.
pub(super) type ApiResult = Result<Response, ApiError>;

pub(super) const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// A JSON response with a status.
pub(super) fn json(status: StatusCode, json: impl Into<Body>) -> Response {
    let headers = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, "no-store")];
    (status, headers, json.into()).into_response()
}

/// A JSON response with an entity tag, or `304` if the client has it.
pub(super) fn tagged(headers: &HeaderMap, content_type: &'static str, body: Bytes) -> Response {
    let hash = Sha256::digest(&body);
    let tag = format!("\"{}\"", crate::secret::hex(hash.get(..12).unwrap_or_default()));
    let asked = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let has = |tags: &str| {
        let mut tags = tags.split(',').map(str::trim);
        tags.any(|it| it == "*" || it.trim_start_matches("W/") == tag)
    };
    let mut response = if asked.is_some_and(has) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    // Clients may cache it and must revalidate it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization, cookie"));
    response
}

/// Reads the whole JSON body of a request.
///
/// # Errors
///
/// If the body is not JSON, is too large or times out, or the sender has too many unfinished
/// bodies.
pub(super) async fn read_body(
    app: &AppState,
    auth: &Auth,
    request: Request,
) -> Result<Bytes, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(JSON)) {
        let help = "send JSON with `Content-Type: application/json`";
        return Err(ApiError::new(
            ApiErrorKind::WrongType,
            "Content-Type must be application/json",
            help,
        ));
    }
    let held = app.bodies.reservation(auth.caller_key());
    match tokio::time::timeout(BODY_TIME, collected(request.into_body(), held)).await {
        Ok(body) => body,
        Err(_) => {
            let detail = "the body did not arrive in time";
            let help = format!("send it within {}", spoken(BODY_TIME));
            Err(ApiError::new(ApiErrorKind::TooSlow, detail, help).with_limit("body-time"))
        }
    }
}

async fn collected(body: Body, mut held: Reservation<CallerKey>) -> Result<Bytes, ApiError> {
    let mut body = Limited::new(body, BODY_BYTES.max);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&*error))?;
        if let Ok(part) = frame.into_data() {
            held.set(bytes.len() + part.len()).map_err(|limit| {
                let detail = "this sender has too many unfinished bodies";
                ApiError::limit_exceeded(ApiErrorKind::TooMany, limit, detail).retry_after(1)
            })?;
            bytes.extend_from_slice(&part);
        }
    }
    Ok(bytes.into())
}

fn broken(error: &(dyn std::error::Error + 'static)) -> ApiError {
    if error.is::<http_body_util::LengthLimitError>() {
        return ApiError::limit_exceeded(
            ApiErrorKind::TooLarge,
            BODY_BYTES,
            "the body is too large",
        );
    }
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    ApiError::bad_request(format!("the body ended early: {cause}"), "send the request again")
}

fn spoken(duration: Duration) -> String {
    format!("{} seconds", duration.as_secs())
}

/// Parses a body, which must be a JSON object.
///
/// # Errors
///
/// If the body is not such an object; the error names the problem and its position.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let help = "see /v1/openapi.json for the schema";
    // serde accepts a list for an object.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(ApiError::bad_request("the body is not an object", help));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::bad_request(format!("the body is invalid: {error}"), help))
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(header::CONTENT_TYPE, PROBLEM), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, self.problem().to_json()).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind == ApiErrorKind::NotSignedIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Words the errors for the commands of this program, which know no HTTP.
pub(crate) async fn for_commands(response: Response) -> Response {
    match response.extensions().get::<ApiError>() {
        Some(error) => error.clone().for_command().into_response(),
        None => response,
    }
}

/// Turns axum's own errors into problem documents.
pub(super) async fn as_problem(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_ours = kind.is_some_and(|kind| kind == PROBLEM || kind == HTML);
    if !status.is_client_error() || is_ours {
        return response;
    }
    let path: String = path.chars().take(200).collect();
    let help = "see /v1/openapi.json";
    let (kind, detail) = match status.as_u16() {
        404 => (ApiErrorKind::NotFound, format!("`{path}` does not exist")),
        405 => (ApiErrorKind::WrongMethod, format!("`{path}` does not support `{method}`")),
        413 => (ApiErrorKind::TooLarge, "the request is too large".to_owned()),
        415 => (ApiErrorKind::WrongType, "the media type of the body is not supported".to_owned()),
        _ => (ApiErrorKind::BadRequest, format!("the request for `{path}` is invalid")),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut response = ApiError::new(kind, detail, help).into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// The time for which a browser uses only TLS.
const ONE_YEAR: &str = "max-age=31536000";

/// Counts responses by status.
pub(super) async fn counted(
    State(app): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    app.metrics.answered(response.status().as_u16());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if app.hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONE_YEAR));
    }
    response
}
