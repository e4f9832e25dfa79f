//! Server-Sent Events outside hyper: the response head of a stream, and a stream that ends at once.

use communicado_runtime::Clock as _;

use crate::api_error::ApiError;
use crate::app_state::AppState;

/// The content type of an event stream.
pub(crate) const CONTENT_TYPE: &str = "text/event-stream";

/// The value of `Cache-Control`: compression could hold events back.
pub(crate) const CACHE_CONTROL: &str = "no-cache, no-transform";

/// The response head of the event loop. The connection ends with the stream.
pub(crate) fn response_head(app: &AppState, origin: Option<&str>, is_chunked: bool) -> String {
    let allowed = origin.filter(|origin| app.origins.iter().any(|each| each == origin));
    let cross = allowed.map_or_else(String::new, |origin| {
        format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n\
             Vary: Origin\r\n"
        )
    });
    let encoding = if is_chunked { "Transfer-Encoding: chunked\r\n" } else { "" };
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\n{encoding}Cache-Control: {CACHE_CONTROL}\r\nDate: {}\r\n\
         X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\n{cross}Connection: close\r\n\r\n",
        app.now().civil.http_date()
    )
}

/// A stream that ends at once and tells the client when to retry.
///
/// `EventSource` stops permanently at any status except 200, and reconnects after a stream that
/// ends (HTML, 9.2.3).
pub(crate) fn retry_later(app: &AppState, error: &ApiError) -> String {
    let seconds = u64::from(error.retry_after.unwrap_or(1));
    // Jitter, so that clients do not reconnect together.
    let spread = app.clock.civil().micros().unsigned_abs() % 4000;
    let problem = error.problem();
    format!(": {}: {}\nretry: {}\n\n", problem.detail, problem.help, seconds * 1000 + spread)
}
