//! The watcher on a real bus: its questions go out, what comes back goes in.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use communicado_core::Moment;
use communicado_runtime::{Clock, SourceError, Timer};
use futures_util::Stream as _;
use zbus::{Connection, Message, MessageStream};

use super::message::{Answer, Incoming};
use super::run::Pace;
use super::stray;
use super::todo::{Ask, Tell, Todo};
use super::trace::Tap;
use super::watcher::Watcher;
use crate::session_bus;

/// More messages than this are taken in only after what the first ones ask for was done.
const BATCH_MAX: usize = 64;

/// The watcher on a real bus.
pub(super) struct Line {
    pub(super) address: String,
    connection: Connection,
    stream: MessageStream,
    timer: Box<dyn Timer>,
    watcher: Watcher,
    /// The number of the question behind the serial number of a message.
    questions: BTreeMap<u32, u32>,
    tap: Tap,
}

impl Line {
    /// Gets onto the session bus and asks who is there.
    pub(super) async fn open(
        watcher: Watcher,
        pace: Pace,
        trace: &str,
        clock: &dyn Clock,
    ) -> Result<Self, SourceError> {
        let address = session_bus::own_address()?;
        let timer = clock.timer().map_err(|error| no_timer(&error))?;
        let connection = session_bus::connect(clock, &address).await?;
        let mut line = Self {
            address,
            stream: MessageStream::from(&connection),
            connection,
            timer,
            watcher,
            questions: BTreeMap::new(),
            tap: Tap::open(trace, pace, clock.now())?,
        };
        let todo = line.watcher.begin();
        line.send(todo.ask).await?;
        Ok(line)
    }

    /// The clients that run now, by name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.watcher.names()
    }

    /// Waits for something to happen, and adds what is to be told of it to `tell`.
    ///
    /// Everything that is already there is taken in before a word goes out: the answers to one
    /// batch of questions come in one piece, and what follows from them goes out in one.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        clock: &dyn Clock,
        tell: &mut Vec<Tell>,
    ) -> Poll<Result<Vec<(u32, Ask)>, SourceError>> {
        let mut ask = Vec::new();
        let mut taken = 0;
        while let Poll::Ready(message) = Pin::new(&mut self.stream).poll_next(cx) {
            let todo = match message {
                Some(Ok(message)) => self.take_in(clock.now(), &message),
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
        let now = clock.now();
        let (todo, next) = self.watcher.advance(now);
        self.tap.advanced(now, &todo);
        self.timer.set(next);
        ask.extend(todo.ask);
        tell.extend(todo.tell);
        Poll::Ready(Ok(ask))
    }

    pub(super) async fn send(&mut self, asks: Vec<(u32, Ask)>) -> Result<(), SourceError> {
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

    fn take_in(&mut self, now: Moment, message: &Message) -> Todo {
        let Some(mut incoming) = Incoming::decode(message) else { return Todo::default() };
        let mut asked = None;
        if let Incoming::Answer { to, answer } = &mut incoming {
            let Some(question) = self.questions.remove(to) else { return Todo::default() };
            *to = question;
            asked = self.watcher.question(question);
            if let Answer::Unsigned(process) = answer
                && let Some(run) = self.watcher.process_asked(question).map(str::to_owned)
                && let Some(name) = stray::process_name(*process)
            {
                self.tap.process(now, &run, &name);
                return self.watcher.process(&run, &name);
            }
        }
        self.tap.message(now, message, asked);
        self.watcher.handle(now, incoming)
    }
}

fn no_timer(error: &io::Error) -> SourceError {
    SourceError {
        because: format!("the system gives no timer: {error}").into(),
        help: "close programs that hold many files open, or raise the limit (ulimit -n)".into(),
    }
}
