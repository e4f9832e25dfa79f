//! A span for each response. The layer exists only if tracing is on.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::trace::FutureExt as _;

use crate::traces::Traces;

pub(super) async fn traced(State(traces): State<Traces>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let context = traces.start_request(request.method(), route, request.headers());
    let response = next.run(request).with_context(context.clone()).await;
    Traces::end_request(&context, response.status());
    response
}
