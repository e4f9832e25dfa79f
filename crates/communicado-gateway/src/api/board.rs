//! The board and the JavaScript client: embedded public files.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::get;
use bytes::Bytes;

use super::response::tagged;
use crate::web::{ASSETS, POLICY};

/// A route for each file.
pub(super) fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let serve = async |headers: HeaderMap| {
            let mut response = tagged(&headers, asset.content_type, Bytes::from_static(asset.body));
            let headers = response.headers_mut();
            headers.remove(header::VARY);
            for (name, value) in
                [(header::CACHE_CONTROL, "no-cache"), (header::CONTENT_SECURITY_POLICY, POLICY)]
            {
                headers.insert(name, HeaderValue::from_static(value));
            }
            response
        };
        router.route(asset.path, get(serve))
    })
}
