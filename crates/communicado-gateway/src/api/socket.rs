//! `GET /v1/socket`: the event stream for programs that change their subscription.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use communicado_wire::gateway::{Scope, SocketIn, SocketOut};
use tokio::time::{Instant, sleep, timeout};

use super::auth::Auth;
use super::events::{LAST_FRAME, MailboxReader};
use super::origin::same_origin;
use super::response::{ApiResult, App};
use crate::api_error::ApiError;
use crate::app_state::AppState;
use crate::auth::authorize_subscription;
use crate::connection::ConnectionHandle;
use crate::limits::{READER_TIME, SOCKET_BYTES};
use crate::metrics::TransportLabel;
use crate::principal::Principal;
use crate::stream::{Frame, LoopCommand, Recv};
use crate::subscription::Subscription;

/// Size of a WebSocket's read buffer in bytes. It exists while the WebSocket is open.
const READ_BUFFER: usize = 8 * 1024;

/// `GET /v1/socket`.
pub(super) async fn open(
    State(app): App,
    auth: Auth,
    headers: HeaderMap,
    connection: Option<Extension<ConnectionHandle>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult {
    let principal = auth.principal()?.clone();
    if principal.own_person().is_none() {
        principal.require(Scope::Read)?;
    }
    // A browser sends its cookie with requests of any page.
    same_origin(&app, &headers)?;
    let upgrade = upgrade.map_err(|error| {
        ApiError::bad_request(
            format!("the WebSocket handshake is invalid: {error}"),
            "see RFC 6455",
        )
    })?;
    if let Some(Extension(connection)) = &connection {
        connection.assign(auth.peer.into())?;
        connection.upgrade();
    }
    let upgrade = upgrade
        .max_message_size(SOCKET_BYTES.max)
        .max_frame_size(SOCKET_BYTES.max)
        .read_buffer_size(READ_BUFFER);
    let talk = async move |socket| {
        talk(app, principal, socket).await;
        // The connection permit is held until here.
        drop(connection);
    };
    Ok(upgrade.on_upgrade(talk).into_response())
}

async fn talk(app: Arc<AppState>, principal: Principal, mut socket: WebSocket) {
    let reader = match MailboxReader::open(&app, principal.clone(), TransportLabel::Socket).await {
        Ok(reader) => reader,
        Err(error) => {
            let error = SocketOut::Error { data: error.problem() };
            let _ = socket.send(Message::text(error.to_json())).await;
            let _ = socket.send(close(close_code::POLICY, "refused")).await;
            return;
        }
    };
    // Backpressure: a program that sends too much is not read for a while.
    let mut pause = std::pin::pin!(sleep(Duration::ZERO));
    let mut pauses = false;
    loop {
        tokio::select! {
            biased;
            // Queued frames go out before the next message is read.
            received = reader.recv() => {
                let Recv::Frames(frames, _) = received else {
                    let close = close(close_code::AWAY, "ended");
                    let _ = timeout(LAST_FRAME, socket.send(close)).await;
                    return;
                };
                for frame in frames {
                    if send(&mut socket, &reader, message(&frame)).await.is_err() {
                        return;
                    }
                }
            }
            () = pause.as_mut(), if pauses => pauses = false,
            received = socket.recv(), if !pauses => {
                let text = match received {
                    Some(Ok(Message::Text(text))) => Some(text),
                    Some(Ok(Message::Binary(_))) => Some(Utf8Bytes::from_static("binary")),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                let counted = app.rates.request(principal.caller_key(), 1);
                let answer = match (counted, text) {
                    (Ok(()), Some(text)) => handle_message(&app, &principal, &reader, &text).await,
                    (counted, _) => counted.map(|()| None),
                };
                let answer = answer.unwrap_or_else(|error| {
                    if let Some(seconds) = error.retry_after {
                        pauses = true;
                        pause.as_mut().reset(Instant::now() + Duration::from_secs(seconds.into()));
                    }
                    Some(SocketOut::Error { data: error.problem() })
                });
                if let Some(answer) = answer
                    && send(&mut socket, &reader, Message::text(answer.to_json())).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

fn close(code: u16, reason: &'static str) -> Message {
    let reason = Utf8Bytes::from_static(reason);
    Message::Close(Some(CloseFrame { code, reason }))
}

/// Sends a message, unless the program accepts no data or its stream has ended.
async fn send(socket: &mut WebSocket, reader: &MailboxReader, message: Message) -> Result<(), ()> {
    let mut sending = std::pin::pin!(timeout(READER_TIME, socket.send(message)));
    let sent = tokio::select! {
        sent = sending.as_mut() => sent,
        // The final frame may be this message, or may be queued behind it.
        () = reader.ended() => timeout(LAST_FRAME, sending).await.map_err(|_| ())?,
    };
    sent.map_err(|_| ())?.map_err(|_| ())
}

/// Executes a message of the program. Returns the immediate response.
async fn handle_message(
    app: &AppState,
    principal: &Principal,
    reader: &MailboxReader,
    text: &str,
) -> Result<Option<SocketOut>, ApiError> {
    let received: SocketIn = serde_json::from_str(text).map_err(|error| {
        let help = "send JSON with a `type` of `subscribe`, `unsubscribe` or `ping`";
        ApiError::bad_request(format!("the message is invalid: {error}"), help)
    })?;
    match received {
        SocketIn::Ping {} => return Ok(Some(SocketOut::Pong)),
        SocketIn::Subscribe { person, group, last_event_id } => {
            let subscription = Subscription::of_names(person, group, last_event_id)?;
            let subscription = authorize_subscription(app, principal, subscription, false)?;
            reader.subscribe(subscription).await?;
        }
        SocketIn::Unsubscribe { person, group } => {
            let subscription = Subscription::of_names(person, group, None)?;
            app.event_loop.send(LoopCommand::Unsubscribe(reader.id, subscription));
        }
    }
    Ok(None)
}

/// The event in the WebSocket envelope. The heartbeat is a ping.
fn message(frame: &Frame) -> Message {
    if frame.kind.is_empty() {
        return Message::Ping(bytes::Bytes::new());
    }
    let data = String::from_utf8_lossy(&frame.data);
    let id = frame.id.map_or_else(|| "null".to_owned(), |id| id.to_string());
    Message::text(format!(r#"{{"type":"{}","id":{id},"data":{data}}}"#, frame.kind))
}
