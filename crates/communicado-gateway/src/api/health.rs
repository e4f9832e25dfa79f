//! Endpoints for operators: health, readiness, metrics and the OpenAPI description.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use communicado_core::Moment;
use communicado_wire::gateway::Health;
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use super::response::{ApiResult, App, JSON, json, tagged};
use crate::app_state::AppState;
use crate::metrics::{plain, prefers_open_metrics};
use crate::store_writer::WriteCommand;
use crate::stream;

/// Time limit for the liveness check of a component.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The validity of a health report.
const FRESH: Duration = Duration::from_millis(500);
/// The start of 2026 in microseconds since 1970. A correct clock is never before it.
const BUILT: i64 = 1_767_225_600_000_000;

/// The checked-in OpenAPI description.
pub(crate) const OPENAPI: &str = include_str!("../../openapi.json");

/// `GET /healthz`: the health of the store, the event loop and the clock.
pub(super) async fn health(State(app): App) -> ApiResult {
    let health = latest(&app, &app.health, examined(&app)).await;
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(json(status, health.to_json()))
}

/// Returns the latest health report, or a new one if it is too old. One examination runs at a time,
/// so frequent requests do not wear out the disk.
async fn latest<T: Copy>(
    app: &AppState,
    known: &Mutex<Option<(Moment, T)>>,
    examination: impl Future<Output = T>,
) -> T {
    let mut known = known.lock().await;
    let now = app.now().moment;
    match *known {
        Some((at, result)) if now.since(at) < FRESH => result,
        _ => {
            let result = examination.await;
            *known = Some((app.now().moment, result));
            result
        }
    }
}

async fn event_loop_answers(app: &AppState) -> bool {
    let (reply, answer) = oneshot::channel();
    app.event_loop.send(stream::LoopCommand::Ask(reply));
    matches!(timeout(TIMEOUT, answer).await, Ok(Ok(())))
}

async fn examined(app: &AppState) -> Health {
    let front = event_loop_answers(app).await;
    let store = matches!(timeout(TIMEOUT, app.writer.submit(WriteCommand::Check)).await, Ok(Ok(_)));
    let clock = app.now().civil.micros() > BUILT;
    Health { ok: front && store && clock, store, front, clock }
}

/// `GET /readyz`: readiness for requests.
pub(super) async fn ready(State(app): App) -> ApiResult {
    let is_ready = latest(&app, &app.readiness, event_loop_answers(&app)).await;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if is_ready { "ready\n" } else { "not ready\n" };
    Ok((status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], word).into_response())
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): App, headers: HeaderMap) -> ApiResult {
    let text = app.metrics.encode(app.people().len(), app.connection_limit.in_use());
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let (kind, text) = if prefers_open_metrics(accept.unwrap_or_default()) {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", plain(&text))
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::VARY, "accept")];
    Ok((headers, text).into_response())
}

/// `GET /v1/openapi.json`.
pub(super) async fn openapi(headers: HeaderMap) -> ApiResult {
    Ok(tagged(&headers, JSON, OPENAPI.as_bytes().into()))
}
