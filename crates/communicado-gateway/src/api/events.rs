//! `GET /v1/events` where the socket is not the front's to keep: over TLS, and on a connection
//! that was used for something else before.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame as BodyFrame};
use tokio::sync::{mpsc, oneshot};

use super::caller::{Asked, Caller, admit_events};
use super::{Answer, Gateway};
use crate::front::{Mailbox, Order, ReaderId, Taken, Wanted};
use crate::grant::Grant;
use crate::metrics::Transport;
use crate::refusal::{Kind, Refusal};
use crate::serve::Connection;
use crate::shared::Shared;

const KIND: &str = "text/event-stream";
/// Asks nginx and its like not to hold events back.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The head of the front's own answer; the stream ends with the connection.
pub(crate) fn events_head(shared: &Shared, origin: Option<&str>) -> String {
    let allowed = origin.filter(|origin| shared.origins.iter().any(|each| each == origin));
    let cross = allowed.map_or_else(String::new, |origin| {
        format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n\
             Vary: Origin\r\n"
        )
    });
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {KIND}\r\nCache-Control: no-cache\r\nDate: {}\r\n\
         X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\n{cross}Connection: close\r\n\r\n",
        shared.now().civil.http_date()
    )
}

/// `GET /v1/events`.
pub(super) async fn stream(
    State(shared): Gateway,
    caller: Caller,
    connection: Option<Extension<Connection>>,
    request: Request,
) -> Answer {
    let (grant, wanted) = asked(&shared, &caller, &request)?;
    let reader = Reader::open(&shared, grant, Transport::SseShared).await?;
    shared.front.order(Order::Want(reader.id, wanted));
    let (reply, begun) = oneshot::channel();
    shared.front.order(Order::Ask(reply));
    let connection = connection.map(|Extension(connection)| connection).unwrap_or_default();
    let ends = async move {
        // What the stream begins with goes also to a client that sends no more.
        let _ = begun.await;
        connection.read_closed().await;
    };
    let (sender, frames) = mpsc::channel(1);
    tokio::spawn(pass_on(reader, sender, ends));
    let headers =
        [(header::CONTENT_TYPE, KIND), (header::CACHE_CONTROL, "no-cache"), (UNBUFFERED, "no")];
    Ok((headers, Body::new(Stream(frames))).into_response())
}

fn asked(shared: &Shared, caller: &Caller, request: &Request) -> Result<(Grant, Wanted), Refusal> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let asked = Asked {
        query: request.uri().query().unwrap_or_default(),
        authorization: text(header::AUTHORIZATION),
        cookie: text(header::COOKIE),
        last_event_id: text(HeaderName::from_static("last-event-id")),
        peer: caller.peer,
    };
    admit_events(shared, &asked)
}

/// A reader that has a mailbox; dropped, it is gone.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) id: ReaderId,
    mailbox: Arc<Mailbox>,
    shared: Arc<Shared>,
}

impl Reader {
    pub(super) async fn open(
        shared: &Arc<Shared>,
        grant: Grant,
        transport: Transport,
    ) -> Result<Self, Refusal> {
        let mailbox = Arc::new(Mailbox::default());
        let (reply, answer) = oneshot::channel();
        let box_of_it = mailbox.clone();
        shared.front.order(Order::Open { grant, mailbox: box_of_it, transport, reply });
        let id = answer.await.map_err(|_| {
            let help = "try again in a few seconds";
            Refusal::new(Kind::Unavailable, "the gateway stops", help).retry_after(2)
        })?;
        Ok(Self { id, mailbox, shared: shared.clone() })
    }

    pub(super) async fn take(&self) -> Taken {
        let taken = self.mailbox.take().await;
        if let Taken::Frames(_, true) = taken {
            self.shared.front.order(Order::Room(self.id));
        }
        taken
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.mailbox.close();
        self.shared.front.order(Order::Close(self.id));
    }
}

/// Brings frames from the mailbox to hyper for as long as somebody takes them, or until `ends`.
async fn pass_on(reader: Reader, sender: mpsc::Sender<Bytes>, ends: impl Future<Output = ()>) {
    let mut ends = std::pin::pin!(ends);
    if sender.send(Bytes::from_static(b"retry: 3000\n\n")).await.is_err() {
        return;
    }
    loop {
        let taken = tokio::select! {
            biased;
            taken = reader.take() => taken,
            () = sender.closed() => return,
            () = &mut ends => return,
        };
        let Taken::Frames(frames, _) = taken else { return };
        for frame in frames {
            if sender.send(frame.event).await.is_err() {
                return;
            }
        }
    }
}

struct Stream(mpsc::Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(BodyFrame::data(bytes))))
    }
}
