//! Connection of a protocol to the session bus: sends its requests and receives messages for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use communicado_core::Moment;
use communicado_runtime::{Clock, SourceError, Timer};
use futures_util::Stream as _;
use zbus::message::Type;
use zbus::{Connection, Message, MessageStream};

use super::effects::{ClientReport, Effects, Requests};
use crate::dbus_address::BusAddress;
use crate::session_bus;

/// Messages handled before the requests that they cause are sent.
const BATCH_MAX: usize = 64;

/// Protocol over a bus connection. Pure (sans-I/O): it never waits.
pub(crate) trait BusProtocol {
    /// A message that the protocol sends.
    type Request: BusRequest;

    /// Subscribes to signals, then requests the current state.
    fn start(&mut self) -> Effects<Self::Request>;

    /// Handles a message from the bus: a signal, or the reply to request number `to`.
    fn handle_message(
        &mut self,
        now: Moment,
        message: &Message,
        to: Option<u32>,
    ) -> Effects<Self::Request>;

    /// Handles elapsed deadlines, and returns the next deadline.
    fn advance(&mut self, now: Moment) -> (Effects<Self::Request>, Option<Moment>);
}

/// A message to send.
pub(crate) trait BusRequest {
    /// The message as D-Bus encodes it.
    fn encode(&self) -> zbus::Result<Message>;

    /// Returns whether the receiver replies.
    fn expects_reply(&self) -> bool;
}

/// Connection to the session bus, with the requests that await a reply.
pub(crate) struct BusConnection<P> {
    pub(crate) address: BusAddress,
    pub(crate) protocol: P,
    connection: Connection,
    stream: MessageStream,
    timer: Box<dyn Timer>,
    /// Request numbers by the serial numbers of their messages.
    pending: BTreeMap<u32, u32>,
}

impl<P: BusProtocol> BusConnection<P> {
    /// Connects to the session bus and sends the first requests.
    pub(crate) async fn open(protocol: P, clock: &dyn Clock) -> Result<Self, SourceError> {
        let address = session_bus::own_address()?;
        let timer = clock.timer().map_err(|error| no_timer(&error))?;
        let (connection, address) = session_bus::connect_to_first(clock, &address).await?;
        let address = BusAddress::new(address, connection.server_guid().as_str());
        let stream = MessageStream::from(&connection);
        let pending = BTreeMap::new();
        let mut connection = Self { address, protocol, connection, stream, timer, pending };
        let effects = connection.protocol.start();
        connection.send(effects.requests).await?;
        Ok(connection)
    }

    /// Waits for messages or a deadline, adds to `reports` and returns the requests to send.
    ///
    /// Handles every message that has arrived before it returns. Replies to one batch of requests
    /// arrive together, so the requests that follow also form one batch.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        clock: &dyn Clock,
        reports: &mut Vec<ClientReport>,
    ) -> Poll<Result<Requests<P::Request>, SourceError>> {
        let mut requests = Vec::new();
        let mut count = 0;
        while let Poll::Ready(message) = Pin::new(&mut self.stream).poll_next(cx) {
            let effects = match message {
                Some(Ok(message)) => self.handle_message(clock.now(), &message),
                Some(Err(error)) => {
                    return Poll::Ready(Err(session_bus::lost(&format!(": {error}"))));
                }
                None => return Poll::Ready(Err(session_bus::lost(""))),
            };
            requests.extend(effects.requests);
            reports.extend(effects.reports);
            count += 1;
            if count == BATCH_MAX {
                break;
            }
        }
        let due = self.timer.poll_due(cx).is_ready();
        if count == 0 && !due {
            return Poll::Pending;
        }
        let (effects, next) = self.protocol.advance(clock.now());
        self.timer.set(next);
        requests.extend(effects.requests);
        reports.extend(effects.reports);
        Poll::Ready(Ok(requests))
    }

    pub(crate) async fn send(&mut self, requests: Requests<P::Request>) -> Result<(), SourceError> {
        let mut messages = Vec::with_capacity(requests.len());
        for (number, request) in requests {
            // All parts of a request are constants or valid names from the bus.
            let Ok(message) = request.encode() else { continue };
            if request.expects_reply() {
                self.pending.insert(message.primary_header().serial_num().get(), number);
            }
            messages.push(message);
        }
        if messages.is_empty() {
            return Ok(());
        }
        let sent = self.connection.send_all(&messages).await;
        sent.map_err(|error| session_bus::lost(&format!(": {error}")))
    }

    fn handle_message(&mut self, now: Moment, message: &Message) -> Effects<P::Request> {
        let to = match message.message_type() {
            Type::MethodReturn | Type::Error => {
                let serial = message.header().reply_serial().map(std::num::NonZeroU32::get);
                let Some(number) = serial.and_then(|it| self.pending.remove(&it)) else {
                    return Effects::default();
                };
                Some(number)
            }
            Type::Signal | Type::MethodCall => None,
        };
        self.protocol.handle_message(now, message, to)
    }
}

/// Yields once to the other tasks of this thread.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The error for a timer that the system does not create.
pub(super) fn no_timer(error: &io::Error) -> SourceError {
    SourceError {
        cause: format!("cannot create a timer: {error}").into(),
        help: "close programs that have many files open, or raise the limit (ulimit -n)".into(),
    }
}
