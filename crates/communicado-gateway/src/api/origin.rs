//! Cross-origin rules: the origins whose pages may read responses or make changes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;

/// Lets pages of allowed origins read responses.
pub(super) async fn cross_origin(
    State(app): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| is_allowed(&app, origin));
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&allowed, asks) {
        (Some(_), true) => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let Some(origin) = allowed else { return response };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let yes = HeaderValue::from_static("true");
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
    if asks {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, last-event-id, if-none-match, communicado-csrf",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// True if the operator allowed this origin.
pub(super) fn is_allowed(app: &AppState, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| app.origins.iter().any(|each| each == origin))
}

/// Refuses cross-origin requests with side effects (CSRF protection).
///
/// # Errors
///
/// If the request comes from a page whose origin is neither the gateway nor an allowed origin.
pub(super) fn same_origin(app: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let text = origin.to_str().unwrap_or_default();
    // A browser sends the same authority in both headers only to the origin of the page.
    let authority = text.split_once("://").map(|(_, authority)| authority);
    let is_ours = app.is_own_origin(text) || (authority.is_some() && authority == host);
    if is_ours || is_allowed(app, origin) {
        return Ok(());
    }
    let origin: String = text.chars().take(200).collect();
    let detail = format!("pages of the origin `{origin}` may not write here");
    let help = "if this is the address of the gateway, an administrator sets it with --public-url; \
                else with --allow-origin";
    Err(ApiError::new(ApiErrorKind::NotAllowed, detail, help))
}
