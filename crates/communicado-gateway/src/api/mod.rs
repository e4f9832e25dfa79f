//! The HTTP API, except for the streams that the event loop serves: one file per subject, one
//! routing table.
//!
//! `auth.rs` authenticates each request before its handler runs. Errors are [`ApiError`]s;
//! `response.rs` turns them into problem documents.

mod auth;
mod badge;
mod board;
mod events;
mod health;
mod oidc;
mod origin;
mod pairings;
mod people;
mod publication;
mod publish;
mod response;
mod session;
mod socket;
mod tokens;
mod traced;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};

pub(crate) use auth::{Operator, PeerAddress};
pub(crate) use health::OPENAPI;
pub(crate) use publish::publication;
pub(crate) use response::for_commands;

use crate::app_state::AppState;

/// The routing table.
pub(crate) fn router(app: Arc<AppState>) -> Router {
    let traces = app.traces.clone();
    let router = Router::new()
        .route("/v1/people", get(people::page).post(people::create))
        .route("/v1/people/{person}", get(people::one).patch(people::alter).delete(people::remove))
        .route(
            "/v1/people/{person}/devices/{device}",
            put(publish::put_device).delete(publish::delete_device),
        )
        .route("/v1/people/{person}/manual", put(publish::set_manual).delete(publish::clear_manual))
        .route("/v1/people/{person}/audience", get(people::audience))
        .route("/v1/people/{person}/history", get(people::history))
        .route("/v1/events", get(events::stream))
        .route("/v1/socket", get(socket::open))
        .route("/v1/session", get(session::current).post(session::open).delete(session::end))
        .route("/v1/pairings", post(pairings::open))
        .route("/v1/pairings/confirm", post(pairings::confirm))
        .route("/v1/pairings/session", post(pairings::session))
        .route("/v1/oidc/start", get(oidc::start))
        .route("/v1/oidc/callback", get(oidc::callback))
        .route("/v1/tokens", post(tokens::create).get(tokens::list))
        .route("/v1/tokens/{token}", delete(tokens::revoke))
        .route("/v1/openapi.json", get(health::openapi))
        .route("/badge/{file}", get(badge::ours))
        .route("/presence/{*rest}", get(badge::ejabberd))
        .route("/status/{*rest}", get(badge::prosody))
        .route("/healthz", get(health::health))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(board::assets(app.branding.logo.as_ref()))
        .layer(from_fn_with_state(app.clone(), auth::authenticate))
        .layer(from_fn_with_state(app.clone(), events::as_stream))
        .layer(from_fn_with_state(app.clone(), origin::cross_origin))
        .layer(from_fn(response::as_problem))
        .layer(from_fn_with_state(app.clone(), response::counted))
        .with_state(app);
    match traces {
        Some(traces) => router.layer(from_fn_with_state(traces, traced::traced)),
        None => router,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    #[test]
    fn every_route_is_in_the_openapi_description_and_vice_versa() {
        let table = include_str!("mod.rs").split("#[cfg(test)]").next().unwrap();
        // rustfmt may put a path on the line after `.route(`.
        let quoted = table.split(".route(").skip(1).map(|rest| rest.split('"').nth(1).unwrap());
        let described: Value = serde_json::from_str(super::OPENAPI).unwrap();
        let described: BTreeSet<&str> =
            described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut found = BTreeSet::new();
        for address in quoted {
            // One form describes a path that has several.
            let start = address.split("{*rest}").next().unwrap();
            let of_it = described
                .iter()
                .filter(|path| **path == address || (start != address && path.starts_with(start)));
            let before = found.len();
            found.extend(of_it.copied());
            assert!(found.len() > before, "{address} is not described in openapi.json");
        }
        assert_eq!(found, described);
    }
}
