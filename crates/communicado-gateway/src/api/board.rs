//! The board and the JavaScript client: public files, all embedded but for the operator's logo.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::get;
use bytes::Bytes;

use super::response::tagged;
use crate::branding::Logo;
use crate::web::{ASSETS, POLICY};

/// A route for each file.
pub(super) fn assets<S: Clone + Send + Sync + 'static>(logo: Option<&Logo>) -> Router<S> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let (content_type, body) = match logo.filter(|_| asset.path == "/logo") {
            Some(logo) => (logo.content_type, logo.body.clone()),
            None => (asset.content_type, Bytes::from_static(asset.body)),
        };
        let serve = async move |headers: HeaderMap| {
            let mut response = tagged(&headers, content_type, body.clone());
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
