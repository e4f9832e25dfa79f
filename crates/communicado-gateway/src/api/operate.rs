//! For operators: health, readiness, metrics, and the description of all of this.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use communicado_wire::gateway::Health;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::answer::{JSON, json, tagged};
use super::{Answer, Gateway};
use crate::front;
use crate::keeper::Order;
use crate::shared::Shared;

/// How long a part may take to show that it works.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long what was found is found still.
const FRESH: Duration = Duration::from_millis(500);
/// The start of 2026 in microseconds since 1970: no clock that is right is before it.
const BUILT: i64 = 1_767_225_600_000_000;

/// The description of the interface, which is checked in.
pub(crate) const OPENAPI: &str = include_str!("../../openapi.json");

/// `GET /healthz`: whether what was kept can be kept, told and dated.
pub(super) async fn health(State(shared): Gateway) -> Answer {
    // A caller that asks again and again does not wear the disk out: one examination at a time.
    let mut known = shared.health.lock().await;
    let now = shared.now().moment;
    let health = match *known {
        Some((at, health)) if now.since(at) < FRESH => health,
        _ => {
            let health = examined(&shared).await;
            *known = Some((shared.now().moment, health));
            health
        }
    };
    drop(known);
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(json(status, health.to_json()))
}

async fn front_answers(shared: &Shared) -> bool {
    let (reply, answer) = oneshot::channel();
    shared.front.order(front::Order::Ask(reply));
    matches!(timeout(PATIENCE, answer).await, Ok(Ok(())))
}

async fn examined(shared: &Shared) -> Health {
    let front = front_answers(shared).await;
    let store = matches!(timeout(PATIENCE, shared.keeper.order(Order::Check)).await, Ok(Ok(_)));
    let clock = shared.now().civil.micros() > BUILT;
    Health { ok: front && store && clock, store, front, clock }
}

/// `GET /readyz`: whether it can be asked.
pub(super) async fn ready(State(shared): Gateway) -> Answer {
    let mut known = shared.readiness.lock().await;
    let now = shared.now().moment;
    let is_ready = match *known {
        Some((at, is_ready)) if now.since(at) < FRESH => is_ready,
        _ => {
            let is_ready = front_answers(&shared).await;
            *known = Some((shared.now().moment, is_ready));
            is_ready
        }
    };
    drop(known);
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if is_ready { "ready\n" } else { "not ready\n" };
    Ok((status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], word).into_response())
}

/// `GET /metrics`.
pub(super) async fn metrics(State(shared): Gateway) -> Answer {
    let text = shared.metrics.written(shared.people().len(), shared.seats.taken());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// `GET /v1/openapi.json`.
pub(super) async fn openapi(headers: HeaderMap) -> Answer {
    Ok(tagged(&headers, JSON, OPENAPI.as_bytes().into()))
}
