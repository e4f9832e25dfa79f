//! A speaker on a real bus: its questions go out, what comes back goes in.

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

use super::effects::{Asks, Tell, Todo};
use crate::session_bus;

/// More messages than this are taken in only after what the first ones ask for was done.
const BATCH_MAX: usize = 64;

/// Who speaks over a line. Pure: it waits for nothing.
pub(crate) trait BusProtocol {
    /// A message that it sends.
    type Ask: Ask;

    /// Subscribes first, then asks who is there.
    fn begin(&mut self) -> Todo<Self::Ask>;

    /// Takes in what came off the bus: a signal, or the answer to the question with this number.
    fn handle_message(
        &mut self,
        now: Moment,
        message: &Message,
        to: Option<u32>,
    ) -> Todo<Self::Ask>;

    /// Does what is due, and says when to be asked again.
    fn advance(&mut self, now: Moment) -> (Todo<Self::Ask>, Option<Moment>);
}

/// A message to send.
pub(crate) trait Ask {
    /// The message.
    fn encode(&self) -> zbus::Result<Message>;

    /// Whether an answer is asked for.
    fn is_answered(&self) -> bool;
}

/// A speaker on a real bus.
pub(crate) struct BusConnection<S> {
    pub(crate) address: String,
    pub(crate) protocol: S,
    connection: Connection,
    stream: MessageStream,
    timer: Box<dyn Timer>,
    /// The number of the question behind the serial number of a message.
    questions: BTreeMap<u32, u32>,
}

impl<S: BusProtocol> BusConnection<S> {
    /// Gets onto the session bus and asks who is there.
    pub(crate) async fn open(protocol: S, clock: &dyn Clock) -> Result<Self, SourceError> {
        let address = session_bus::own_address()?;
        let timer = clock.timer().map_err(|error| no_timer(&error))?;
        let connection = session_bus::connect(clock, &address).await?;
        let stream = MessageStream::from(&connection);
        let questions = BTreeMap::new();
        let mut connection = Self { address, protocol, connection, stream, timer, questions };
        let todo = connection.protocol.begin();
        connection.send(todo.ask).await?;
        Ok(connection)
    }

    /// Waits for something to happen, and adds what is to be told of it to `tell`.
    ///
    /// Everything that is already there is taken in before a word goes out: the answers to one
    /// batch of questions come in one piece, and what follows from them goes out in one.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        clock: &dyn Clock,
        tell: &mut Vec<Tell>,
    ) -> Poll<Result<Asks<S::Ask>, SourceError>> {
        let mut ask = Vec::new();
        let mut taken = 0;
        while let Poll::Ready(message) = Pin::new(&mut self.stream).poll_next(cx) {
            let todo = match message {
                Some(Ok(message)) => self.handle_message(clock.now(), &message),
                Some(Err(error)) => {
                    return Poll::Ready(Err(session_bus::lost(&format!(": {error}"))));
                }
                None => return Poll::Ready(Err(session_bus::lost(""))),
            };
            ask.extend(todo.ask);
            tell.extend(todo.tell);
            taken += 1;
            if taken == BATCH_MAX {
                break;
            }
        }
        let due = self.timer.poll_due(cx).is_ready();
        if taken == 0 && !due {
            return Poll::Pending;
        }
        let (todo, next) = self.protocol.advance(clock.now());
        self.timer.set(next);
        ask.extend(todo.ask);
        tell.extend(todo.tell);
        Poll::Ready(Ok(ask))
    }

    pub(crate) async fn send(&mut self, asks: Asks<S::Ask>) -> Result<(), SourceError> {
        let mut messages = Vec::with_capacity(asks.len());
        for (question, ask) in asks {
            // Every part of a question is fixed, or came off the bus as a valid name.
            let Ok(message) = ask.encode() else { continue };
            if ask.is_answered() {
                self.questions.insert(message.primary_header().serial_num().get(), question);
            }
            messages.push(message);
        }
        if messages.is_empty() {
            return Ok(());
        }
        let sent = self.connection.send_all(&messages).await;
        sent.map_err(|error| session_bus::lost(&format!(": {error}")))
    }

    fn handle_message(&mut self, now: Moment, message: &Message) -> Todo<S::Ask> {
        let to = match message.message_type() {
            Type::MethodReturn | Type::Error => {
                let serial = message.header().reply_serial().map(std::num::NonZeroU32::get);
                let Some(question) = serial.and_then(|it| self.questions.remove(&it)) else {
                    return Todo::default();
                };
                Some(question)
            }
            Type::Signal | Type::MethodCall => None,
        };
        self.protocol.handle_message(now, message, to)
    }
}

/// Lets others on this thread go first.
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

fn no_timer(error: &io::Error) -> SourceError {
    SourceError {
        cause: format!("the system gives no timer: {error}").into(),
        help: "close programs that hold many files open, or raise the limit (ulimit -n)".into(),
    }
}
