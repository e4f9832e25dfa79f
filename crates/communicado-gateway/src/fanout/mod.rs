//! The event loop and the fan-out: one thread and one `epoll(7)` for all waiting connections.
//!
//! The event loop accepts connections, reads the head of the first request, and serves streams of
//! events (`GET /v1/events`) itself. Such a reader is a socket and a hundred bytes, without a task
//! and without a buffer. All other requests go to hyper with the bytes that were read. Refused
//! streams also go to hyper, which sends the error. Changes arrive through an
//! [`EventLoopHandle`] and are written at once to the readers that see them.
//!
//! Start at `EventLoop::poll_once`. The backlog of a reader is in `readers/mod.rs`.

mod classify;
mod filter;
mod fuzzing;
mod transport;

mod pending_connections;
mod poll_token;
mod readers;
mod replay;
mod sockets;
#[cfg(test)]
mod tests;
mod topics;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::Clock as _;
use communicado_wire::gateway::EndReason;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventFlags};
use tokio::sync::mpsc;

pub(crate) use classify::{RequestKind, classify, query};
pub(crate) use fuzzing::session;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::app_state::AppState;
use crate::connection_limit::ConnectionPermit;
use crate::http::RequestHead;
use crate::metrics::TransportLabel;
use crate::model::PersonChange;
use crate::principal::Principal;
use crate::stream::{LoopCommand, ReaderId, coalesced};
use crate::subscription::Subscription;
use pending_connections::{PendingConnection, PendingConnections};
use poll_token::PollToken;
use readers::Readers;
use transport::ReaderTransport;

/// A connection for hyper, with the bytes that were read from it.
#[derive(Debug)]
pub(crate) struct HandedOff {
    pub(crate) socket: TcpStream,
    pub(crate) read: Vec<u8>,
    pub(crate) peer: SocketAddr,
    pub(crate) permit: ConnectionPermit,
}

/// The maximum number of events of one `epoll_wait`.
const EVENTS_AT_ONCE: usize = 1024;
/// The maximum number of connections that are accepted in a row.
const ACCEPTED_AT_ONCE: usize = 256;
const TICK: Duration = Duration::from_secs(1);

/// The event loop, which one thread owns.
pub(crate) struct EventLoop {
    app: Arc<AppState>,
    poll: OwnedFd,
    listener: Option<TcpListener>,
    pending: PendingConnections,
    readers: Readers,
    handed_off: mpsc::UnboundedSender<HandedOff>,
    /// The time of the next tick.
    next_tick: Moment,
    /// True if no connection is accepted until the next tick, because too many files are open.
    pauses: bool,
    stops: bool,
}

impl EventLoop {
    /// # Errors
    ///
    /// If too many files are open.
    pub(crate) fn new(
        app: Arc<AppState>,
        listener: TcpListener,
        handed_off: mpsc::UnboundedSender<HandedOff>,
    ) -> io::Result<Self> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        listener.set_nonblocking(true)?;
        epoll::add(&poll, &listener, PollToken::Listener.data(), EventFlags::IN)?;
        epoll::add(&poll, &app.event_loop.waker, PollToken::Waker.data(), EventFlags::IN)?;
        let readers = Readers::new(app.people().revision(), app.streams_per_token);
        let next_tick = app.clock.now().after(TICK);
        let (pending, listener) = (PendingConnections::default(), Some(listener));
        let pauses = false;
        Ok(Self {
            pauses,
            app,
            poll,
            listener,
            pending,
            readers,
            handed_off,
            next_tick,
            stops: false,
        })
    }

    /// Runs until [`LoopCommand::Stop`].
    ///
    /// # Errors
    ///
    /// If `epoll_wait` fails.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(EVENTS_AT_ONCE);
        while !self.stops {
            self.poll_once(&mut events)?;
        }
        Ok(())
    }

    fn poll_once(&mut self, events: &mut Vec<epoll::Event>) -> io::Result<()> {
        let idle = self.pending.is_empty() && self.readers.is_empty() && !self.pauses;
        let until_tick = self.next_tick.since(self.app.clock.now());
        let timeout = (!idle).then(|| Timespec {
            tv_sec: i64::try_from(until_tick.as_secs()).unwrap_or(0),
            tv_nsec: until_tick.subsec_nanos().into(),
        });
        events.clear();
        match epoll::wait(&self.poll, rustix::buffer::spare_capacity(events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in events.iter() {
            let (flags, data) = (event.flags, event.data);
            match PollToken::of(data) {
                PollToken::Listener => self.accept(),
                PollToken::Waker => self.run_commands(),
                PollToken::Pending(key) => self.on_pending_readable(key),
                PollToken::Reader(id) => self.on_reader_event(id, flags),
            }
        }
        let now = self.app.clock.now();
        if self.next_tick <= now {
            self.next_tick = now.after(TICK);
            self.readers.tick(&self.app.metrics, now, self.app.heartbeat);
            if self.pauses
                && let Some(listener) = &self.listener
            {
                let data = PollToken::Listener.data();
                self.pauses = epoll::add(&self.poll, listener, data, EventFlags::IN).is_err();
            }
            for connection in self.pending.take_expired(&self.poll, now) {
                sockets::reject_late(&connection);
            }
        }
        Ok(())
    }

    fn run_commands(&mut self) {
        let mut changes = Vec::new();
        let app = self.app.clone();
        let metrics = &app.metrics;
        for command in app.event_loop.drain() {
            if let LoopCommand::Changes(more) = command {
                changes.extend(more);
                continue;
            }
            self.deliver(std::mem::take(&mut changes));
            let now = app.clock.now();
            match command {
                LoopCommand::Changes(_) => {}
                LoopCommand::Open { principal, mailbox, label, reply } => {
                    // The token may have been revoked since the request was authorized.
                    if !app.is_valid(&principal) {
                        let _ = reply.send(Err(ApiError::token_revoked()));
                        continue;
                    }
                    let transport = ReaderTransport::Mailbox(mailbox);
                    let opened = self.readers.open(transport, label, principal, None);
                    if opened.is_ok() {
                        metrics.reader_opened(label);
                    }
                    if let Err(Ok(id)) = reply.send(opened) {
                        self.readers.close(id, metrics);
                    }
                }
                LoopCommand::Subscribe(id, subscription, reply) => {
                    let people = app.people();
                    let done =
                        self.readers.subscribe(id, &subscription, &people, None, metrics, now);
                    drop(people);
                    self.readers.settle(metrics);
                    let _ = reply.send(done);
                }
                LoopCommand::Unsubscribe(id, subscription) => {
                    self.readers.unsubscribe(id, &subscription)
                }
                LoopCommand::Writable(id) => self.readers.on_writable(id, metrics, now),
                LoopCommand::Close(id) => self.readers.close(id, metrics),
                LoopCommand::End(tokens) => self.readers.end_tokens(&tokens, metrics),
                LoopCommand::Ask(reply) => drop(reply.send(())),
                LoopCommand::Stop => {
                    self.listener = None;
                    self.readers.end_all(EndReason::Stopping, metrics);
                    self.stops = true;
                }
            }
        }
        self.deliver(changes);
    }

    fn deliver(&mut self, changes: Vec<PersonChange>) {
        if !changes.is_empty() {
            let now = self.app.clock.now();
            let changes = coalesced(changes);
            let new_readers = self.readers.deliver(changes, &self.app.metrics, now);
            for (principal, subject) in new_readers {
                self.app.reads(&principal, [subject]);
            }
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTED_AT_ONCE {
            let Some(listener) = &self.listener else { return };
            let (socket, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    // Too many files are open. Waiting connections stay in the system's queue, for
                    // which `epoll_wait` would return again and again.
                    tracing::warn!(what = "accept", cause = %error);
                    self.pauses = epoll::delete(&self.poll, listener).is_ok();
                    return;
                }
            };
            // The connections of a proxy count for its clients, once they are known.
            let is_proxy = self.app.proxies.contains(peer.ip());
            let network = (!is_proxy).then(|| peer.ip().into());
            let permit = match self.app.connection_limit.acquire(network) {
                Ok(permit) => permit,
                Err(limit) => {
                    self.app.metrics.connection_refused();
                    sockets::reject_over_limit(&socket, limit);
                    continue;
                }
            };
            if socket.set_nonblocking(true).is_err() {
                continue;
            }
            sockets::configure(&socket);
            let held = self.app.heads.reservation(peer.ip().into());
            let connection =
                PendingConnection::new(socket, peer, permit, held, self.app.clock.now());
            if self.app.tls {
                self.hand_off(connection);
            } else {
                self.classify_head(connection, None);
            }
        }
    }

    fn on_pending_readable(&mut self, key: u32) {
        if let Some(connection) = self.pending.remove(key) {
            self.classify_head(connection, Some(key));
        }
    }

    /// Reads the available bytes of a head, and serves the connection or hands it to hyper.
    fn classify_head(&mut self, mut connection: PendingConnection, known: Option<u32>) {
        let Ok(is_open) = connection.read() else { return };
        let is_events = match classify(&connection.read, self.app.hosts) {
            Ok(RequestKind::Incomplete) if is_open => {
                if let Err(error) = connection.hold() {
                    sockets::refuse(&connection.socket, &error);
                    return;
                }
                match known {
                    Some(number) => self.pending.put_back(number, connection),
                    None => self.pending.put(&self.poll, connection),
                }
                return;
            }
            // The peer closed its side before the end of the head.
            Ok(RequestKind::Incomplete) => return,
            Err(error) => {
                sockets::refuse(&connection.socket, &error);
                return;
            }
            Ok(RequestKind::Events(_)) => true,
            Ok(RequestKind::Other) => false,
        };
        if known.is_some() {
            let _ = epoll::delete(&self.poll, &connection.socket);
        }
        if is_events {
            self.open_stream(connection);
        } else {
            self.hand_off(connection);
        }
    }

    /// Opens a stream of events, or hands a refused request to hyper, which sends the error.
    fn open_stream(&mut self, connection: PendingConnection) {
        let app = self.app.clone();
        let Ok(RequestKind::Events(head)) = classify(&connection.read, app.hosts) else { return };
        let client = app.proxies.client(
            connection.peer.ip(),
            head.forwarded.iter().copied(),
            head.x_forwarded_for.iter().copied(),
        );
        if let Err(limit) = connection.permit.assign(client.into()) {
            app.metrics.connection_refused();
            sockets::reject_over_limit(&connection.socket, limit);
            return;
        }
        let admitted = crate::auth::authorize_stream(
            &app,
            &crate::auth::StreamRequest {
                query: query(head.target),
                authorization: head.authorization,
                cookie: head.cookie,
                last_event_id: head.last_event_id,
                peer: client,
            },
        );
        let room = |admitted: (Principal, Subscription)| {
            self.readers.require_capacity(&admitted.0).map(|()| admitted)
        };
        let (principal, subscription) = match admitted.and_then(room) {
            Ok(admitted) => admitted,
            // A caller beyond a rate limit costs no more than this.
            Err(error) if error.kind == ApiErrorKind::TooMany => {
                self.reject(&connection.socket, &error, &head);
                return;
            }
            Err(_) => {
                self.hand_off(connection);
                return;
            }
        };
        let is_chunked = head.reads_chunks;
        let answer = crate::sse::response_head(&app, head.origin, is_chunked);
        let now = app.clock.now();
        let label = TransportLabel::Sse;
        sockets::configure_reader(&connection.socket);
        let PendingConnection { socket, permit, .. } = connection;
        let transport = ReaderTransport::Socket(socket, is_chunked);
        let Ok(id) = self.readers.open(transport, label, principal, Some(permit)) else {
            return;
        };
        app.metrics.reader_opened(label);
        if let Some(socket) = self.readers.socket(id) {
            let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
            if epoll::add(&self.poll, socket, PollToken::Reader(id).data(), flags).is_err() {
                self.readers.close(id, &app.metrics);
                return;
            }
        }
        let (people, answer) = (app.people(), Some(answer.as_bytes()));
        let done = self.readers.subscribe(id, &subscription, &people, answer, &app.metrics, now);
        drop(people);
        if let (Err(error), Some(socket)) = (done, self.readers.socket(id)) {
            self.reject(socket, &error, &head);
            self.readers.close(id, &app.metrics);
        }
        self.readers.settle(&app.metrics);
    }

    /// Responds with an error directly, without hyper.
    fn reject(&self, socket: &TcpStream, error: &ApiError, head: &RequestHead<'_>) {
        self.app.metrics.answered(error.kind.status());
        if head.accepts_events {
            let answer = crate::sse::response_head(&self.app, head.origin, false);
            let stream = crate::sse::retry_later(&self.app, error);
            sockets::respond(socket, &(answer + &stream));
        } else {
            sockets::refuse(socket, error);
        }
    }

    fn hand_off(&self, connection: PendingConnection) {
        let PendingConnection { socket, read, peer, permit, .. } = connection;
        let _ = self.handed_off.send(HandedOff { socket, read, peer, permit });
    }

    fn on_reader_event(&mut self, id: ReaderId, flags: EventFlags) {
        let metrics = &self.app.metrics;
        if flags.intersects(EventFlags::HUP | EventFlags::ERR) {
            self.readers.close(id, metrics);
            return;
        }
        let is_half_closed = flags.contains(EventFlags::RDHUP)
            || flags.contains(EventFlags::IN)
                && self.readers.socket(id).is_some_and(|socket| !sockets::drain(socket));
        if flags.contains(EventFlags::OUT) {
            self.readers.on_writable(id, metrics, self.app.clock.now());
        }
        if is_half_closed {
            self.readers.finish(id, metrics);
        }
    }
}
