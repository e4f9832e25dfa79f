//! `GET /v1/events` on connections that the event loop does not serve: over TLS, and after another
//! request on the same connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame as BodyFrame};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::auth::Auth;
use super::response::{ApiResult, App};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::auth::{StreamRequest, authorize_subscription};
use crate::connection::ConnectionHandle;
use crate::http::accepts_events;
use crate::metrics::TransportLabel;
use crate::principal::Principal;
use crate::sse;
use crate::stream::{LoopCommand, Mailbox, RETRY, ReaderId, Recv};
use crate::subscription::Subscription;

/// Time limit for the last frame of a stream.
pub(super) const LAST_FRAME: Duration = Duration::from_secs(1);

/// The header that disables response buffering in nginx and similar proxies.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Responds to a rate-limited `EventSource` with a stream that ends at once.
pub(super) async fn as_stream(
    State(app): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let is_stream = request.uri().path() == "/v1/events"
        && accept.is_some_and(|accept| accepts_events(accept.as_bytes()));
    let response = next.run(request).await;
    if !is_stream || response.status() != StatusCode::TOO_MANY_REQUESTS {
        return response;
    }
    let seconds = response.headers().get(header::RETRY_AFTER);
    let seconds = seconds.and_then(|text| text.to_str().ok()).and_then(|text| text.parse().ok());
    let detail = "this token has too many requests or streams";
    let error = ApiError::new(ApiErrorKind::TooMany, detail, "retry later");
    let error = error.retry_after(seconds.unwrap_or(1));
    let headers = [(header::CONTENT_TYPE, sse::CONTENT_TYPE), (header::CACHE_CONTROL, "no-cache")];
    (headers, sse::retry_later(&app, &error)).into_response()
}

/// `GET /v1/events`.
pub(super) async fn stream(
    State(app): App,
    auth: Auth,
    connection: Option<Extension<ConnectionHandle>>,
    request: Request,
) -> ApiResult {
    let principal = auth.principal()?.clone();
    let subscription =
        authorize_subscription(&app, &principal, subscription(&auth, &request)?, true)?;
    let connection = connection.map(|Extension(connection)| connection).unwrap_or_default();
    connection.assign(auth.peer.into())?;
    let reader = MailboxReader::open(&app, principal, TransportLabel::SseShared).await?;
    // The first events of a stream reach even a client that closed its sending side.
    reader.subscribe(subscription).await?;
    let ends = async move { connection.read_closed().await };
    let (sender, frames) = mpsc::channel(1);
    tokio::spawn(pass_on(reader, sender, ends));
    let headers = [
        (header::CONTENT_TYPE, sse::CONTENT_TYPE),
        (header::CACHE_CONTROL, sse::CACHE_CONTROL),
        (UNBUFFERED, "no"),
        // The connection ends with the stream, as in the event loop.
        (header::CONNECTION, "close"),
    ];
    Ok((headers, Body::new(EventStreamBody(frames))).into_response())
}

fn subscription(auth: &Auth, request: &Request) -> Result<Subscription, ApiError> {
    let last_event_id = request.headers().get(HeaderName::from_static("last-event-id"));
    let asked = StreamRequest {
        query: request.uri().query().unwrap_or_default(),
        authorization: None,
        cookie: None,
        last_event_id: last_event_id.and_then(|value| value.to_str().ok()),
        peer: auth.peer,
    };
    asked.subscription()
}

/// A reader with a mailbox. Dropping it closes the reader.
#[derive(Debug)]
pub(super) struct MailboxReader {
    pub(super) id: ReaderId,
    mailbox: Arc<Mailbox>,
    app: Arc<AppState>,
}

impl MailboxReader {
    pub(super) async fn open(
        app: &Arc<AppState>,
        principal: Principal,
        label: TransportLabel,
    ) -> Result<Self, ApiError> {
        let mailbox = Arc::new(Mailbox::default());
        let (reply, answer) = oneshot::channel();
        let box_of_it = mailbox.clone();
        app.event_loop.send(LoopCommand::Open { principal, mailbox: box_of_it, label, reply });
        let id = answer.await.map_err(|_| stopping())??;
        Ok(Self { id, mailbox, app: app.clone() })
    }

    /// Requests more frames and waits for the first of them.
    pub(super) async fn subscribe(&self, subscription: Subscription) -> Result<(), ApiError> {
        let (reply, answer) = oneshot::channel();
        self.app.event_loop.send(LoopCommand::Subscribe(self.id, subscription, reply));
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Waits until no further frames come and the queued ones need no delivery.
    pub(super) async fn ended(&self) {
        self.mailbox.ended().await;
    }

    pub(super) async fn recv(&self) -> Recv {
        let received = self.mailbox.recv().await;
        if let Recv::Frames(_, true) = received {
            self.app.event_loop.send(LoopCommand::Writable(self.id));
        }
        received
    }
}

impl Drop for MailboxReader {
    fn drop(&mut self) {
        self.mailbox.close();
        self.app.event_loop.send(LoopCommand::Close(self.id));
    }
}

fn stopping() -> ApiError {
    let help = "try again in a few seconds";
    ApiError::new(ApiErrorKind::Unavailable, "the gateway is shutting down", help).retry_after(2)
}

/// Moves frames from the mailbox to hyper while the client accepts them, until `ends`.
async fn pass_on(
    reader: MailboxReader,
    sender: mpsc::Sender<Bytes>,
    ends: impl Future<Output = ()>,
) {
    let mut ends = std::pin::pin!(ends);
    if sender.send(Bytes::from_static(RETRY)).await.is_err() {
        return;
    }
    loop {
        let received = tokio::select! {
            biased;
            received = reader.recv() => received,
            () = sender.closed() => return,
            () = &mut ends => return,
        };
        let Recv::Frames(frames, _) = received else { return };
        for frame in frames {
            let sent = tokio::select! {
                sent = sender.send(frame.event.clone()) => sent,
                // The gateway cuts off a client that accepts no data without an `end` event.
                () = reader.ended() => timeout(LAST_FRAME, sender.send(frame.event)).await.unwrap_or(Ok(())),
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

struct EventStreamBody(mpsc::Receiver<Bytes>);

impl HttpBody for EventStreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(BodyFrame::data(bytes))))
    }
}
