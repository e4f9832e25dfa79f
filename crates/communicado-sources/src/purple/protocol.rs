//! The watcher as one that speaks over a line: between messages and its own words, with a tap.

use communicado_core::Moment;
use communicado_runtime::{Clock, SourceError};
use zbus::Message;

use super::message::{Answer, Incoming};
use super::stray;
use super::todo::{Ask, Todo};
use super::trace::Tap;
use super::watcher::Watcher;
use crate::bus::{self, BusConnection, Pace};

/// The watcher on a bus, and what writes down what it hears.
pub(super) struct PurpleProtocol {
    pub(super) watcher: Watcher,
    tap: Tap,
}

/// Gets onto the session bus and asks who is there.
pub(super) async fn open(
    watcher: Watcher,
    pace: Pace,
    trace: &str,
    clock: &dyn Clock,
) -> Result<BusConnection<PurpleProtocol>, SourceError> {
    let tap = Tap::open(trace, pace, clock.now())?;
    BusConnection::open(PurpleProtocol { watcher, tap }, clock).await
}

impl PurpleProtocol {
    /// The clients that run now, by name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.watcher.names()
    }
}

impl bus::BusProtocol for PurpleProtocol {
    type Ask = Ask;

    fn begin(&mut self) -> Todo {
        self.watcher.begin()
    }

    fn handle_message(&mut self, now: Moment, message: &Message, to: Option<u32>) -> Todo {
        let Some(mut incoming) = Incoming::decode(message) else { return Todo::default() };
        let mut asked = None;
        if let Incoming::Answer { to: number, answer } = &mut incoming {
            let Some(question) = to else { return Todo::default() };
            *number = question;
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

    fn advance(&mut self, now: Moment) -> (Todo, Option<Moment>) {
        let (todo, next) = self.watcher.advance(now);
        self.tap.advanced(now, &todo);
        (todo, next)
    }
}
