//! The watcher as a protocol on the bus: decodes messages and writes the trace.

use communicado_core::Moment;
use communicado_runtime::{Clock, SourceError};
use zbus::Message;

use super::message::{PurpleInput, PurpleReply};
use super::requests::{PurpleEffects, PurpleRequest};
use super::trace::TraceWriter;
use super::watcher::PurpleWatcher;
use crate::bus::{BusConnection, BusProtocol, ClientProtocol};
use crate::keepalive::Keepalive;
use crate::process;

/// The watcher, with the writer of its trace.
pub(super) struct PurpleProtocol {
    watcher: PurpleWatcher,
    trace: TraceWriter,
}

/// Connects to the session bus and sends the first requests.
pub(super) async fn open(
    watcher: PurpleWatcher,
    keepalive: Keepalive,
    trace: &str,
    clock: &dyn Clock,
) -> Result<BusConnection<PurpleProtocol>, SourceError> {
    let trace = TraceWriter::open(trace, keepalive, clock.now())?;
    BusConnection::open(PurpleProtocol { watcher, trace }, clock).await
}

impl ClientProtocol for PurpleProtocol {
    fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.watcher.names()
    }
}

impl BusProtocol for PurpleProtocol {
    type Request = PurpleRequest;

    fn start(&mut self) -> PurpleEffects {
        self.watcher.start()
    }

    fn handle_message(&mut self, now: Moment, message: &Message, to: Option<u32>) -> PurpleEffects {
        let Some(mut input) = PurpleInput::decode(message) else { return PurpleEffects::default() };
        let mut call = None;
        if let PurpleInput::Reply { to: number, reply } = &mut input {
            let Some(request) = to else { return PurpleEffects::default() };
            *number = request;
            call = self.watcher.pending_call(request);
            if let PurpleReply::Unsigned(process) = reply
                && let Some(unique) = self.watcher.pending_process(request).map(str::to_owned)
                && let Some(name) = process::process_name(*process)
            {
                self.trace.process(now, &unique, &name);
                return self.watcher.handle_process_name(&unique, &name);
            }
        }
        self.trace.message(now, message, call);
        self.watcher.handle(now, input)
    }

    fn advance(&mut self, now: Moment) -> (PurpleEffects, Option<Moment>) {
        let (effects, next) = self.watcher.advance(now);
        self.trace.advanced(now, &effects);
        (effects, next)
    }
}
